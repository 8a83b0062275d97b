import type { ChangeSet, Job, Outcome, Plan, Step, WorkRequest } from '../domain/index.ts';

/** One webhook call, without its body. */
export interface Delivery {
  readonly id: string;
  readonly event: string;
  /** SHA-256 of event name and raw body, hex: the same body under a fresh id is the same delivery. */
  readonly bodyHash: string;
}

/** What the trigger room read in a delivery. */
export type Reading =
  { readonly type: 'work'; readonly request: WorkRequest } | { readonly type: 'ignored'; readonly reason: string };

/** What became of a delivery. */
export type Receipt =
  | { readonly type: 'queued'; readonly jobId: string }
  | { readonly type: 'duplicate-delivery' }
  | { readonly type: 'duplicate-intention'; readonly jobId: string }
  | { readonly type: 'ignored'; readonly reason: string };

/** A worker's hold on a job. Writes with an older epoch than the job's are refused (`fenced`). */
export interface Claim {
  readonly jobId: string;
  readonly request: WorkRequest;
  readonly epoch: number;
}

/** A recorded entry of a job's journal. `seq` counts from 1 without gaps. */
export interface JournalEntry {
  readonly seq: number;
  readonly kind: string;
  readonly data: unknown;
  readonly at: string;
}

/** The append-only record that makes a job resumable. Every write is conditional on the claim's epoch. */
export interface Journal {
  /** What was recorded under this name, or what `produce` returns, recorded. JSON values only. */
  once<T>(name: string, produce: () => Promise<T>): Promise<T>;
  /**
   * `usd` is what the model call behind the entry cost; it is added to the job's and the day's account in the same statement, for an
   * outdated claim too, which is only then refused: money spent is spent.
   */
  append(kind: string, data: unknown, usd?: number): Promise<void>;
  /** Entries of these kinds in order. */
  entries(...kinds: readonly string[]): Promise<readonly JournalEntry[]>;
  /** Records the work tree's state (bytes kept once per content), so that it can be rebuilt on any machine. */
  saveChanges(changes: ChangeSet): Promise<void>;
  /** The latest saved state; empty when none was saved. */
  latestChanges(): Promise<ChangeSet>;
}

/** An effect on GitHub, written down before it is tried: planned → attempted → confirmed. */
export interface Effects {
  /**
   * Returns the effect's remote value. Confirmed before: the recorded value. Otherwise `look` first, and only when that finds
   * nothing `make`, once. Throws `fenced` instead of making anything for an outdated claim. JSON values only.
   */
  ensure<T>(key: string, effect: { look: () => Promise<T | undefined>; make: () => Promise<T> }): Promise<T>;
}

/** A job as people see it in a list. */
export interface RunSummary {
  readonly jobId: string;
  readonly repository: string;
  readonly subjectNumber: number;
  readonly verb: string;
  readonly state: 'queued' | 'running' | 'finished';
  readonly step?: Step;
  readonly usd: number;
  readonly outcome?: Outcome;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface WorkOptions {
  readonly concurrency: number;
  /** Carries one job out. Rejecting with a retryable error puts it back into the queue; any other rejection ends it. */
  readonly handle: (claim: Claim, signal: AbortSignal) => Promise<void>;
  /** Called before a job is ended without its handler having said how: the claim is still good for effects. Its own failure is only logged. */
  readonly tellFailure?: (claim: Claim, outcome: Outcome) => Promise<void>;
}

/** The door to the database: inbox, jobs, journal, effects, spend and queue; the same on the embedded database and PostgreSQL. */
export interface Store extends AsyncDisposable {
  /** Records delivery, job and queue entry in one transaction. Returns only after it is committed. */
  receive(delivery: Delivery, reading: Reading): Promise<Receipt>;
  /** Takes jobs until stopped: one at a time per subject, `concurrency` at once. A job whose worker died is taken again. */
  work(options: WorkOptions): Promise<{ stop(timeoutMs: number): Promise<void> }>;
  journal(claim: Claim): Journal;
  effects(claim: Claim): Effects;
  /** Moves the job's visible state. Refused (`fenced`) for an outdated claim. */
  setPlan(claim: Claim, plan: Plan): Promise<void>;
  setStep(claim: Claim, step: Step): Promise<void>;
  finish(claim: Claim, outcome: Outcome): Promise<void>;
  /** US dollars spent since midnight UTC, over all jobs. */
  spentToday(): Promise<number>;
  /** Numbers of the pull requests that earlier jobs on this issue published, whatever branch they ended up on. */
  publishedPulls(repositoryId: number, subjectNumber: number): Promise<readonly number[]>;
  /** For pages: newest first. */
  runs(limit: number): Promise<readonly RunSummary[]>;
  run(
    jobId: string,
  ): Promise<(RunSummary & { readonly job: Pick<Job, 'id' | 'request'> & { readonly plan?: Plan } }) | undefined>;
  transcript(jobId: string): Promise<readonly JournalEntry[]>;
  /** Resolves when the database answers; rejects with `store-unavailable` otherwise. For readiness. */
  ping(): Promise<void>;
}
