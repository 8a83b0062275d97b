/** Judges a history of what happened on GitHub, whoever made it happen: this file and its kind know nothing of how the app works. */
import type { ChronicleEntry } from '../stand-ins/github/index.ts';
import { checkCheckRuns, checkPulls, checkReplies, checkStatusComments } from './checker-copies.ts';
import { checkEnds } from './checker-ends.ts';
import { checkCaused, checkPace, checkPlantedLimits } from './checker-limits.ts';
import { readScene } from './checker-scene.ts';
import type { Scene } from './checker-scene.ts';
import { checkEpochs, checkLeftovers, checkLine, checkStops } from './checker-writes.ts';

/** What somebody wished for, when no delivery of it need have been accepted. */
export interface NamedIntent {
  /** Id of the repository. */
  readonly repository: number;
  readonly issue: number;
  /** Id of the comment that it was said in; a label's otherwise. */
  readonly comment?: number;
}

/** Most content-creating calls in each stretch of time, and the least time between two. */
export interface Pace {
  readonly gapMs: number;
  readonly perMinute: number;
  readonly minuteMs: number;
  readonly perHour: number;
  readonly hourMs: number;
}

/** How a wish can have ended, as the status comment says it; undefined while it hasn't. */
export type End = 'pull request' | 'answer' | 'stopped' | 'parked' | 'failed';

/** What the judged run was like. Everything has the usual value unless it is said. */
export interface Expectations {
  /** Login of the App's account: `backend-developer[bot]`. */
  readonly bot?: string;
  /** The label that starts work (`backend`), and the word that begins a command (`/backend`). */
  readonly label?: string;
  readonly command?: string;
  /** Wishes that must have ended besides those whose deliveries were accepted. */
  readonly intents?: readonly NamedIntent[];
  /** Every wish of a person who may have one must have ended, also if all its deliveries failed or were lost. */
  readonly everyWish?: boolean;
  /** False while the run is still going: then nothing need have ended or been cleared away yet. */
  readonly isOver?: boolean;
  /** Without one the pace is not judged. Calls are timed where they arrive, so leave room for the way. */
  readonly pace?: Pace;
  /** How long after a stop effects may still come: 10,000. */
  readonly stopWithinMs?: number;
  /** Calls that were under way when a limit was answered: 250. */
  readonly underWayMs?: number;
  /** True when lists may have lagged longer than anybody waits: then copies only have to be gone in the end. */
  readonly copiesMayBeRemoved?: boolean;
  /** Name of our check run; all of the App's if not said. */
  readonly checkRun?: string;
  /** The issue of a pull request: what its text closes, or the first number in its branch. */
  readonly issueOf?: (pull: { readonly head: string; readonly body: string }) => number | undefined;
  /** Reads the first line of a status comment, without its marker and title. */
  readonly endOf?: (line: string) => End | undefined;
}

export interface Violation {
  readonly invariant: Invariant;
  /** What is wrong, and where. */
  readonly message: string;
  /** The entries that show it, oldest first. */
  readonly evidence: readonly ChronicleEntry[];
}

/** In the words of the promise. */
export const invariants = {
  'one end':
    'every accepted intent ends in exactly one of pull request, answer, stopped, parked with a reason, failed with a reason',
  'one pull request': 'at most one live pull request per issue',
  'one status comment': 'one status comment per issue',
  'one reply': 'one reply per intention',
  'one check run': 'one check run of our name per head',
  'a line': 'pushed heads of a branch form a line',
  'a stop': 'no effect later than ten seconds after a stop',
  'the epoch': 'no write by a stale epoch',
  'the pace': 'limits are never exceeded',
  'a planted limit': 'nothing is sent for an installation until its limit is over',
  'no limit answers': 'no limit answers caused by us',
  'no leftovers': 'every branch of ours has a pull request or is named in a comment',
} as const;

export type Invariant = keyof typeof invariants;

const checks: Readonly<Record<Invariant, (scene: Scene) => readonly Finding[]>> = {
  'one end': checkEnds,
  'one pull request': checkPulls,
  'one status comment': checkStatusComments,
  'one reply': checkReplies,
  'one check run': checkCheckRuns,
  'a line': checkLine,
  'a stop': checkStops,
  'the epoch': checkEpochs,
  'the pace': checkPace,
  'a planted limit': checkPlantedLimits,
  'no limit answers': checkCaused,
  'no leftovers': checkLeftovers,
};

export type Finding = Pick<Violation, 'message' | 'evidence'>;

/** Everything in the history that breaks an invariant; empty when all of them held. Takes any order of entries by `seq`. */
export function checkChronicle(
  chronicle: readonly ChronicleEntry[],
  expectations: Expectations = {},
): readonly Violation[] {
  const scene = readScene(chronicle, expectations);
  const names = Object.keys(checks) as Invariant[]; // the keys of our own table
  return names.flatMap((invariant) => checks[invariant](scene).map((finding) => ({ invariant, ...finding })));
}

/** For a terminal or an assertion: one line each, with the evidence's numbers. */
export function renderViolations(violations: readonly Violation[]): string {
  return violations
    .map(
      ({ invariant, message, evidence }) =>
        `${invariant}: ${message} (${evidence.map(({ seq }) => `#${seq}`).join(', ')})`,
    )
    .join('\n');
}
