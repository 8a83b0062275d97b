import { asideVerbs, optionNames, type WorkRequest } from '../domain/index.ts';
import type { EarlierJob } from '../store/index.ts';
import { readOptions, type OptionsReading } from './options.ts';
import { isSame } from './refuse.ts';
import { findVerb } from './verbs.ts';

/** Whether a job did, or does, more than answer from what is known. */
export function isWork({ request: { verb } }: Pick<EarlierJob, 'request'>): boolean {
  return verb !== 'stop' && !asideVerbs.includes(verb);
}

/** The last job of a subject that was begun and is over. */
export function findLastWork(earlier: readonly EarlierJob[]): EarlierJob | undefined {
  return earlier.findLast((job) => isWork(job) && job.state === 'finished' && !hasDoneNothing(job));
}

/** Answered from what is known, or not taken up. */
export function hasDoneNothing({ outcome }: EarlierJob): boolean {
  return outcome !== undefined && ['ignored', 'declined', 'answered'].includes(outcome.type);
}

/** What a command chooses by its options; one that repeats earlier work takes over what was chosen then. */
export function readChoice({ verb, options = [] }: WorkRequest, earlier: readonly EarlierJob[]): OptionsReading {
  const reading = readOptions(options, findVerb(verb)?.options ?? []);
  const last = verb === 'retry' ? findLastWork(earlier) : undefined;
  if ('problems' in reading || last === undefined) return reading;
  const before =
    last.request.verb === 'retry'
      ? readChoice(last.request, earlier.slice(0, earlier.indexOf(last)))
      : readOptions(last.request.options ?? [], optionNames);
  return 'problems' in before ? reading : { choice: { ...before.choice, ...reading.choice } };
}

/** GitHub's clocks differ by a second or two between a delivery, the issue and its history: one act must not pass for two. */
const sameActMs = 10_000;

/**
 * Whether an earlier job answers this labelling. One that did nothing, or was stopped, leaves a new labelling its own. Of labels that start
 * work `together`, what one of them started answers the other, when that was on by then.
 */
export function isSameWish(
  { request: earlier, outcome, state, updatedAt }: EarlierJob,
  { via, trigger, requestedAt }: WorkRequest,
  together: readonly string[],
): boolean {
  if (via !== 'label' || earlier.via !== 'label' || earlier.verb !== 'implement') return false;
  if (outcome !== undefined && ['ignored', 'declined', 'stopped'].includes(outcome.type)) return false;
  const at = Date.parse(requestedAt);
  if (isSame(trigger, earlier.trigger)) return Math.abs(at - Date.parse(earlier.requestedAt)) <= sameActMs;
  const isOther = together.some((label) => isSame(label, earlier.trigger));
  return isOther && (state !== 'finished' || at <= Date.parse(updatedAt));
}
