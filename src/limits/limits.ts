/** How fast we may write to GitHub. Windows are sliding; all numbers hold over all processes together. */
export interface Pace {
  readonly gapMs: number;
  readonly perMinute: number;
  readonly minuteMs: number;
  readonly perHour: number;
  readonly hourMs: number;
}

/** Why something is left alone and until when, in milliseconds since 1970. */
export interface Pause {
  readonly until: number;
  readonly reason: string;
}

/** A periodic duty that is this process's to do now. Milliseconds since 1970, by the database's clock. */
export interface Duty {
  /** When the last one that was done had been started. */
  readonly since: number | undefined;
  readonly startedAt: number;
}

/** What all processes on one database keep to together, by the database's clock: whatever a process's own clock says. */
export interface Limits {
  /** Gives a periodic duty to one process per interval; undefined when it is not due, or another process's. */
  takeDuty(name: string, everyMs: number): Promise<Duty | undefined>;
  /** The duty was done. One whose end is never said comes again after its interval, with the old `since`. */
  endDuty(name: string, duty: Pick<Duty, 'startedAt'>): Promise<void>;
  /** Leaves what the scope names alone until then; never shortens a pause. True when it was not paused before. */
  pause(scope: string, until: number, reason: string): Promise<boolean>;
  pausedUntil(scope: string): Promise<Pause | undefined>;
  /**
   * Reserves the next turn for a call that creates content on GitHub: the caller makes it after `waitMs`, neither earlier nor much
   * later. A turn further away than `longestWaitMs` is not reserved: `refusedUntil` (milliseconds since 1970) says when to ask again.
   */
  takeTurn(longestWaitMs: number): Promise<{ readonly waitMs: number } | { readonly refusedUntil: number }>;
  /** Whether less than half of the turns of this minute and this hour are used: then writes that nobody needs may go too. */
  hasRoom(): Promise<boolean>;
}
