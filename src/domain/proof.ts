/** One command the host ran in a fresh box, and how it ended. */
export interface CheckRun {
  readonly name: 'install' | 'lint' | 'types' | 'test';
  readonly command: string;
  readonly passed: boolean;
  /** null when it was killed at its time limit. */
  readonly exitCode: number | null;
  readonly durationMs: number;
  /** Output of both streams, cut in the middle. */
  readonly output: string;
}

/** A new or changed test file, run on the base with only the tests applied, and on the head. */
export interface RedGreen {
  readonly path: string;
  readonly command: string;
  readonly base: 'fails' | 'passes' | 'not run';
  readonly head: 'fails' | 'passes' | 'not run';
}

/**
 * What running it showed.
 * `proved`: every check passes (or was red before us). `failed`: a check that the change is answerable for fails.
 * `unproved`: the repository has no test we could run.
 */
export type Verdict = 'proved' | 'failed' | 'unproved';

export interface Proof {
  readonly verdict: Verdict;
  readonly baseSha: string;
  readonly baseline: readonly CheckRun[];
  readonly checks: readonly CheckRun[];
  readonly redGreen: readonly RedGreen[];
  /** Sentences a reviewer must know: what was red before, what could not be run and why. */
  readonly notes: readonly string[];
}
