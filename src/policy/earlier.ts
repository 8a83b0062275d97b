import { asideVerbs, optionNames, type Plan, type Verb, type WorkRequest } from '../domain/index.ts';
import type { EarlierJob } from '../store/index.ts';
import { readOptions, type OptionsReading } from './options.ts';
import { isSame } from './refuse.ts';
import type { Facts } from './facts.ts';
import * as texts from './texts.ts';
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

/** What goes on where work stopped takes over from that; or why there is nothing to go on with, in Markdown. */
export type Stopped =
  { readonly plan: Partial<Plan>; readonly last: EarlierJob | undefined } | { readonly refused: string };

/**
 * The last work of a subject, as what another job goes on with. On a pull request of ours that is whatever came to be on its branch; on an issue
 * the work must have ended without one, and goes on from the same commit.
 */
export function findStopped(
  { instruction }: WorkRequest,
  facts: Pick<Facts, 'place' | 'earlier' | 'publisher' | 'pull' | 'mergeBase' | 'baseTip'>,
  command: string,
): Stopped {
  const last = findLastMainWork(facts.earlier);
  if (facts.place === 'ours') return { plan: resumeOnPull(last, facts), last };
  if (last?.plan === undefined || !hasStopped(last))
    return { refused: texts.renderNothingStopped(last?.outcome, command) };
  const { base, approved, instruction: kept = last.request.instruction } = last.plan;
  const words = [kept, instruction].filter((text) => text !== '').join('\n\n');
  const took = { ...(approved !== undefined && { approved }), ...(words !== '' && { instruction: words }) };
  return { plan: { base, resumes: { jobId: last.jobId, isSameGround: true }, ...took }, last };
}

function hasStopped({ outcome }: EarlierJob): boolean {
  return outcome?.type === 'stopped' || outcome?.type === 'failed';
}

/** The first job on a pull request was asked for on its issue. What a job published has moved the branch on. */
function resumeOnPull(
  last: EarlierJob | undefined,
  { publisher, pull, mergeBase, baseTip }: Pick<Facts, 'publisher' | 'pull' | 'mergeBase' | 'baseTip'>,
): Partial<Plan> {
  const jobId = last?.jobId ?? publisher;
  if (jobId === undefined) return {};
  const isSameGround = last?.plan !== undefined && isGround(last.plan, { pull, mergeBase, baseTip });
  return { resumes: { jobId, isSameGround } };
}

/** Whether work by that plan would begin from the same commits now. */
function isGround(
  { base, continues }: Plan,
  { pull, mergeBase, baseTip }: Pick<Facts, 'pull' | 'mergeBase' | 'baseTip'>,
) {
  if (continues === undefined || continues.headSha !== pull?.headSha) return false;
  return base.sha === (continues.leftBaseAt === undefined ? mergeBase : baseTip);
}

/** The last job that is over and was to change files. */
function findLastMainWork(earlier: readonly EarlierJob[]): EarlierJob | undefined {
  return earlier.findLast(
    ({ state, plan }) =>
      state === 'finished' && plan !== undefined && ['implement', 'revise'].includes(plan.work ?? 'implement'),
  );
}

/** Which job a verb is about that repeats or goes on with one. */
const finders: Partial<Record<Verb, (earlier: readonly EarlierJob[]) => EarlierJob | undefined>> = {
  retry: findLastWork,
  continue: findLastMainWork,
};

/** What a command chooses by its options; one that repeats earlier work takes over what was chosen then. */
export function readChoice({ verb, options = [] }: WorkRequest, earlier: readonly EarlierJob[]): OptionsReading {
  const reading = readOptions(options, findVerb(verb)?.options ?? []);
  const last = finders[verb]?.(earlier);
  if ('problems' in reading || last === undefined) return reading;
  const before =
    last.request.verb in finders
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
