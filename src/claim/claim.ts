import type { ChangeSet, WorkRequest } from '../domain/index.ts';

/**
 * A worker's hold on a job. Writes with an older epoch than the job's are refused (`fenced`). Epoch 0 is a *courtesy*: anybody's
 * hold on a queued job, good for effects only, and only while nobody has ever taken the job.
 */
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
   * nothing `make`, once. After an attempt whose end was never recorded it looks a second time, when the attempt had time to show.
   * Throws `fenced` instead of making anything for an outdated claim. JSON values only.
   */
  ensure<T>(key: string, effect: { look: () => Promise<T | undefined>; make: () => Promise<T> }): Promise<T>;
}

/** An effect that may be there twice; `remote` is the one that is recorded. */
export interface RepeatedEffect {
  readonly jobId: string;
  readonly request: WorkRequest;
  readonly key: string;
  readonly remote: unknown;
}
