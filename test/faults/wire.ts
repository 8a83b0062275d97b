/** What the runner and an app process say to each other over Node's IPC channel. */

/** Where an app process is to stop: at a statement of a job, or at a file of its folder. */
export type InnerPlace =
  /** `statement` is searched in the SQL text, `value` among the statement's values; both are regular expressions. */
  | { readonly door: 'database'; readonly statement: string; readonly value?: string }
  /** A file is looked at or removed; `path` is searched in its path below the job's own folder. */
  | { readonly door: 'disk'; readonly path: string };

/** One job's next stop. The job is the one that is under way in this repository. */
export interface InnerHold {
  readonly repository: string;
  readonly point: string;
  readonly place: InnerPlace;
  readonly phase: 'before' | 'after';
}

/** To the app process: from now on, hold at these places, and nowhere else. */
export interface Orders {
  readonly type: 'orders';
  readonly holds: readonly InnerHold[];
}

/** To the app process: collect garbage, and say what memory is left in use. */
export interface Collect {
  readonly type: 'collect';
}

/** From the app process. Times are milliseconds since 1970. */
export type Word =
  | { readonly type: 'ready'; readonly url: string }
  | { readonly type: 'failed'; readonly message: string }
  /** In bytes, after garbage was collected. */
  | { readonly type: 'memory'; readonly rss: number; readonly heap: number }
  | { readonly type: 'held'; readonly repository: string; readonly point: string }
  /** A job was taken; something new was written for it, an effect, a journal row or its end; it has ended. */
  | {
      readonly type: 'taken' | 'moved' | 'finished';
      readonly repository: string;
      readonly job: string;
      readonly at: number;
    };

/** What the compressed app is started with, in the variable `FAULTS_TIMING`, as JSON. */
export interface Timing {
  readonly pace?: {
    readonly gapMs: number;
    readonly perMinute: number;
    readonly minuteMs: number;
    readonly perHour: number;
    readonly hourMs: number;
  };
  readonly settleMs?: number;
  readonly retryDelays?: readonly number[];
}
