import type { Claim, Effects, Journal, JournalEntry, RepeatedEffect } from '../claim/index.ts';
import type { Outcome, Plan, Repository, SpentBeside, Step, WorkRequest } from '../domain/index.ts';
import type { Limits } from '../limits/index.ts';

/** One webhook call, without its body. */
export interface Delivery {
  readonly id: string;
  readonly event: string;
  /** SHA-256 of event name and raw body, hex: the same body under a fresh id is the same delivery. */
  readonly bodyHash: string;
}

/**
 * What the trigger room read in a delivery. `stop` is a wish to end what is under way; made by taking a label off or closing the
 * issue, it becomes a job only while there is something to stop. `uninstalled` is only recorded: the caller follows with `forget`.
 */
export type Reading =
  | { readonly type: 'work'; readonly request: WorkRequest }
  | { readonly type: 'stop'; readonly request: WorkRequest }
  | { readonly type: 'uninstalled'; readonly installationId: number; readonly repositoryIds?: readonly number[] }
  | { readonly type: 'ignored'; readonly reason: string };

/** What became of a delivery. */
export type Receipt =
  | { readonly type: 'queued'; readonly jobId: string }
  | { readonly type: 'duplicate-delivery' }
  | { readonly type: 'duplicate-intention'; readonly jobId: string }
  | { readonly type: 'ignored'; readonly reason: string };

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
  /** Set while a queued job waits for something to come back. */
  readonly parked?: Parking;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Why a job waits and until when, in milliseconds since 1970. */
export interface Parking {
  readonly reason: string;
  readonly until: number;
}

/** A job that others ask after: who wished for what, and the plan once policy has accepted it. */
export interface StoredJob {
  readonly id: string;
  readonly request: WorkRequest;
  readonly plan?: Plan;
}

/** A job that waits for its turn. */
export interface WaitingJob {
  readonly jobId: string;
  readonly request: WorkRequest;
  /** How many jobs come before it. */
  readonly position: number;
  readonly queuedAt: string;
  /** Whether it was taken before and goes on from there. */
  readonly started: boolean;
  /** Whether a status comment says that we have it: an effect `status:…` is confirmed. */
  readonly greeted: boolean;
}

/** A plan that waits for an answer: the wish for it, and the comment that it stands in. */
export interface WaitingPlan {
  readonly request: WorkRequest;
  readonly commentId: number;
}

/** A pull request of ours, as far as we know. */
export interface OpenPull {
  readonly repository: Repository;
  readonly pullNumber: number;
}

/** A job that was begun and has lain in the queue for long. */
export interface StalledJob {
  readonly jobId: string;
  readonly request: WorkRequest;
  readonly plan?: Plan;
  readonly epoch: number;
}

/** A job on the same subject that was asked for before. */
export interface EarlierJob extends RunSummary {
  readonly request: WorkRequest;
  readonly plan?: Plan;
}

export interface WorkOptions {
  readonly concurrency: number;
  /** Carries one job out. Rejecting with a retryable error puts it back into the queue; any other rejection ends it. */
  readonly handle: (claim: Claim, signal: AbortSignal) => Promise<void>;
  /** Called before a job is ended without its handler having said how: the claim is still good for effects. Its own failure is only logged. */
  readonly tellFailure?: (claim: Claim, outcome: Outcome) => Promise<void>;
  /** Called before a job goes back to wait for something that is away: the claim is still good. Its own failure is only logged. */
  readonly tellParked?: (claim: Claim, parking: Parking) => Promise<void>;
}

/** The door to the database: inbox, jobs, journal, effects, spend and queue; the same on the embedded database and PostgreSQL. */
export interface Store extends AsyncDisposable, Limits {
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
  /** Throws `fenced` unless the claim (or courtesy) is good at this moment. */
  requireHeld(claim: Claim): Promise<void>;
  /** Unfinished wishes to stop, made on the claim's subject after the claim's job. */
  stopWishes(claim: Claim): Promise<readonly WorkRequest[]>;
  /**
   * For the claim of a wish to stop: ends every other job of the subject that came before it and that nobody is running, with this
   * outcome, and returns them. What is running ends itself when it sees the wish. Refused (`fenced`) for an outdated claim.
   */
  withdraw(claim: Claim, outcome: Outcome): Promise<readonly { readonly job: StoredJob }[]>;
  /** Jobs on the claim's subject that were created before the claim's job, oldest first. */
  earlier(claim: Claim): Promise<readonly EarlierJob[]>;
  /** Makes a job of the claim's subject due at once that waits, parked or after a failure. Refused (`fenced`) for an outdated claim. */
  resume(claim: Claim, jobId: string): Promise<void>;
  /** Whether that label on that issue has become a job since that moment (ISO 8601), give or take ten seconds. */
  hasLabelWish(repositoryId: number, issueNumber: number, label: string, since: string): Promise<boolean>;
  /** Queued jobs in the order in which they will be taken; parked ones are left out. */
  waiting(limit: number): Promise<readonly WaitingJob[]>;
  /** What other jobs that cost something cost on the same subject, on the pull requests that it led to, or on the issue that it came from. */
  spentBeside(claim: Claim): Promise<SpentBeside>;
  /**
   * Plans that wait for an answer, asked for since that moment (milliseconds since 1970): nothing that would take their place was accepted
   * on the same issue since, and nobody's 👍 was filed. When there are more than `limit`, any of them.
   */
  waitingPlans(since: number, limit: number): Promise<readonly WaitingPlan[]>;
  /** Pull requests that something was published to since that moment (milliseconds since 1970). When there are more than `limit`, any of them. */
  publishedSince(since: number, limit: number): Promise<readonly OpenPull[]>;
  /** Jobs that were begun, are back in the queue, not parked, and have not been touched for that long. */
  stalled(olderThanMs: number): Promise<readonly StalledJob[]>;
  /**
   * Effects that were made a second time, more than a minute ago, because looking twice had not found the first: it may have shown up
   * since. They come again until they are settled.
   */
  repeatedEffects(): Promise<readonly RepeatedEffect[]>;
  settleRepeated(jobId: string, key: string): Promise<void>;
  /** Which of these delivery ids were never received. */
  unknownDeliveries(ids: readonly string[]): Promise<readonly string[]>;
  /**
   * The data rule after an uninstallation (of these repositories only, when given): ends the jobs and removes what people and models
   * wrote: requests' texts, plans, journals, effects, and contents that no other job names. Returns the ids of the repositories.
   */
  forget(installationId: number, repositoryIds?: readonly number[]): Promise<readonly number[]>;
  /** Removes what is older than that (milliseconds since 1970): deliveries, finished jobs' journals, contents that nobody names. */
  purge(before: number): Promise<void>;
  /** US dollars spent since midnight UTC, over all jobs. */
  spentToday(): Promise<number>;
  /** Numbers of the pull requests that earlier jobs on this issue published, whatever branch they ended up on. */
  publishedPulls(repositoryId: number, subjectNumber: number): Promise<readonly number[]>;
  /** The newest job that published that pull request; undefined when none is kept. */
  publisherOf(repositoryId: number, pullNumber: number): Promise<string | undefined>;
  /** For pages: newest first. */
  runs(limit: number): Promise<readonly RunSummary[]>;
  run(jobId: string): Promise<(RunSummary & { readonly job: StoredJob }) | undefined>;
  transcript(jobId: string): Promise<readonly JournalEntry[]>;
  /** Resolves when the database answers; rejects with `store-unavailable` otherwise. For readiness. */
  ping(): Promise<void>;
}
