import type { Plan, Verb, WorkRequest } from '../domain/index.ts';
import type { EarlierJob } from '../store/index.ts';
import type { Decision, Facts, Standing } from './facts.ts';
import { mainVerbs, readApproval } from './approval.ts';
import { findLastWork, findStopped, isWork, readChoice } from './earlier.ts';
import { toPlan, type Wanted } from './options.ts';
import { findReasonToPlan } from './planning.ts';
import { readSettings, type Settings, type SettingsReading, type TriggerWords } from '../settings/index.ts';
import {
  canWrite,
  findRefusal,
  findSilence,
  isWithoutIssue,
  refuseUsedUp,
  standingRefusals,
  startingRefusals,
} from './refuse.ts';
import { stackOn, type Stack } from './stacked.ts';
import { renderStanding } from './standing.ts';
import * as texts from './texts.ts';
import { findVerb, type VerbRow } from './verbs.ts';
import { countRounds, findDispatchFault, findTouched, renderFilesWish } from '../ways/index.ts';

/**
 * What we do about a request. Silence for what is not meant for us, one answer for everything else; work only for people with write
 * permission, by settings that are right, and within the operator's limits, which no setting can raise.
 */
export function decide(request: WorkRequest, facts: Facts): Decision {
  const decision = decideAnything(request, facts);
  // With no issue, nobody can be answered.
  const isUnheard = decision.type === 'decline' && isWithoutIssue(request);
  return isUnheard ? { type: 'ignore', reason: decision.reason } : decision;
}

function decideAnything(request: WorkRequest, facts: Facts): Decision {
  const reading = readSettings(facts.settingsText, facts.organisationSettings);
  const words = triggersOf(reading);
  if (request.via === 'conflict') return decideConflict(facts, words.command);
  const silence = findSilence(request, facts, words);
  if (silence !== undefined) return { type: 'ignore', reason: silence };
  if (request.verb === 'stop' && !isSaid(request)) return { type: 'stop' };
  if (!canWrite(facts.permission)) return { type: 'decline', reason: texts.renderStranger() };
  if (countRounds(request, facts.earlier) === 'just over') return { type: 'decline', reason: texts.renderRoundsOver() };
  const row = findVerb(request.verb);
  if (row === undefined) return { type: 'answer', text: texts.renderUnknownVerb(request.said, words.command) };
  return decideAsked(request, facts, { row, reading, command: words.command });
}

function triggersOf(reading: SettingsReading): TriggerWords & Partial<Settings['triggers']> {
  return 'settings' in reading ? reading.settings.triggers : reading.triggers;
}

/** Nobody asked, so nothing is done but offered; and only while nothing is under way there. */
function decideConflict({ pull, place, earlier }: Facts, command: string): Decision {
  const isAlone = earlier.every(({ state }) => state === 'finished');
  if (place !== 'ours' || pull?.isConflicting !== true || !isAlone) return { type: 'ignore', reason: 'no conflict' };
  return { type: 'answer', text: texts.renderConflict(pull.baseBranch, command) };
}

interface Asked {
  readonly row: VerbRow;
  readonly reading: SettingsReading;
  readonly command: string;
}

/** What a person who may ask gets. */
function decideAsked(request: WorkRequest, facts: Facts, { row, reading, command }: Asked): Decision {
  if (!row.on.includes(facts.place)) return { type: 'decline', reason: texts.renderElsewhere(row, command) };
  const options = readChoice(request, facts.earlier);
  if ('problems' in options) return { type: 'decline', reason: texts.renderOptionProblems(options.problems) };
  if (!row.works) return { type: 'decline', reason: texts.renderNotYet(row.verb, command) };
  const answer = answers[row.verb];
  if (answer !== undefined) return answer(facts, command);
  const unfinished = isWithoutIssue(request) ? undefined : findUnfinished(row.verb, facts.earlier);
  if (unfinished !== undefined) return { type: 'go-on', jobId: unfinished.jobId };
  if ('problems' in reading) return { type: 'decline', reason: texts.renderSettingsProblems(reading.problems) };
  const wanted = { settings: reading.settings, choice: options.choice };
  if (isWithoutIssue(request)) return decideOpening(request, facts);
  return (starts[row.verb] ?? decideImplement)(request, facts, wanted);
}

/** Once there is an issue, everything else is looked at again. */
function decideOpening(request: WorkRequest, facts: Facts): Decision {
  const reason = findDispatchFault(request) ?? refuseUsedUp(request, facts);
  return reason === undefined ? { type: 'open' } : { type: 'decline', reason };
}

type Start = (request: WorkRequest, facts: Facts, wanted: Wanted) => Decision;

/** What begins otherwise than the main job. */
const starts: Partial<Record<Verb, Start>> = {
  plan: decidePlan,
  approve: decideApprove,
  retry: decideRetry,
  continue: decideContinue,
  revise: decideRevise,
  rebase: decideRebase,
  explain: decideExplain,
  test: decideTest,
};

/**
 * Of the main job there is one at a time, which need only go on when it waits; two questions are two. Who wants the work itself does not
 * wait for a plan that was asked for before; who wants to go on means whatever waits.
 */
function findUnfinished(verb: Verb, earlier: readonly EarlierJob[]): EarlierJob | undefined {
  if (verb === 'continue') return earlier.findLast((job) => isWork(job) && job.state !== 'finished');
  if (!mainVerbs.includes(verb)) return undefined;
  const counts = verb === 'implement' ? mainVerbs.filter((each) => each !== 'plan') : mainVerbs;
  return earlier.findLast(({ request, state }) => counts.includes(request.verb) && state !== 'finished');
}

/** What needs nothing but what is known. */
const answers: Partial<Record<Verb, (facts: Facts, command: string) => Decision>> = {
  stop: () => ({ type: 'stop' }),
  help: (_, command) => ({ type: 'answer', text: texts.renderHelp(command) }),
  status: (facts, command) => ({ type: 'answer', text: renderStanding(facts, command) }),
};

/** Whether work that was accepted may still be published: asked again right before, since it may have taken an hour. */
export function decideStillWanted(request: WorkRequest, facts: Facts): Standing {
  const reason = findRefusal(standingRefusals, request, facts);
  return reason === undefined ? { wanted: true } : { wanted: false, reason };
}

/** The main job, or a plan for it first. */
function decideImplement(request: WorkRequest, facts: Facts, wanted: Wanted): Decision {
  if (request.via === 'files') {
    const touched = findTouched(facts.changedPaths ?? [], wanted.settings.triggers.files);
    return withPlan(decideWork(request, facts, wanted), { instruction: renderFilesWish(touched) });
  }
  const planFirst = findReasonToPlan(request, facts, wanted);
  return planFirst === undefined
    ? decideWork(request, facts, wanted)
    : withPlan(decideWork(request, facts, wanted), { work: 'plan', planFirst });
}

function withPlan(decision: Decision, more: Partial<Plan>): Decision {
  return decision.type === 'accept' ? { type: 'accept', plan: { ...decision.plan, ...more } } : decision;
}

function decidePlan(request: WorkRequest, facts: Facts, wanted: Wanted): Decision {
  return withPlan(decideWork(request, facts, wanted), { work: 'plan' });
}

/** The main job, by the plan that was approved. */
function decideApprove(request: WorkRequest, facts: Facts, wanted: Wanted): Decision {
  const decision = decideWork(request, facts, wanted);
  if (decision.type !== 'accept') return decision;
  const approval = readApproval(request, facts, wanted.settings.triggers.command);
  if ('refused' in approval) return { type: 'decline', reason: approval.refused };
  return withPlan(decision, approval);
}

function decideWork(request: WorkRequest, facts: Facts, wanted: Wanted): Decision {
  const reason = findRefusal([...standingRefusals, ...startingRefusals], request, facts);
  if (reason !== undefined) return { type: 'decline', reason };
  const ground = facts.place === 'theirs' ? stackOn(facts, wanted.choice) : startFrom(facts, wanted);
  if ('reason' in ground) return { type: 'decline', reason: ground.reason };
  const { issue } = facts;
  const isUnseen = request.seen.title === '' && issue !== undefined; // GitHub takes no empty title
  const plan = toPlan(wanted, ground, facts.limits);
  return { type: 'accept', plan: isUnseen ? { ...plan, seen: { title: issue.title, body: issue.body } } : plan };
}

function startFrom({ baseSha, branch, repository }: Facts, { settings, choice }: Wanted): Stack {
  const base = choice.base ?? settings.base;
  if (baseSha === undefined || branch === undefined) return { reason: texts.renderNoBase(base) };
  return { base: { branch: base ?? repository.defaultBranch, sha: baseSha }, branch };
}

/** The same once more, under what the issue says by now, with the plan and what was to be kept in mind the last time. */
function decideRetry(request: WorkRequest, facts: Facts, wanted: Wanted): Decision {
  const last = findLastWork(facts.earlier);
  if (last === undefined) return { type: 'decline', reason: texts.renderNothingToRetry() };
  const instruction = last.plan?.instruction ?? last.request.instruction;
  const { work, approved } = last.plan ?? {};
  const again = facts.place === 'ours' ? followUpLike(last) : decideWork;
  return withPlan(again({ ...request, instruction }, facts, wanted), {
    ...(instruction !== '' && { instruction }),
    ...(work === 'plan' && wanted.choice.plan !== 'never' && { work }),
    ...(approved !== undefined && { approved }),
  });
}

/** The same work, on the same ground, with what was done before it stopped; on our pull request that is on its branch already. */
function decideContinue(request: WorkRequest, facts: Facts, wanted: Wanted): Decision {
  const stopped = findStopped(request, facts, wanted.settings.triggers.command);
  if ('refused' in stopped) return { type: 'decline', reason: stopped.refused };
  const again = facts.place === 'ours' ? followUpLike(stopped.last) : decideWork;
  return withPlan(again(request, facts, wanted), stopped.plan);
}

/** A base that did not come to be brought in is what was wanted. */
function followUpLike(last: EarlierJob | undefined): Start {
  const isLeft = last?.plan?.continues?.leftBaseAt !== undefined && last.outcome?.type !== 'published';
  return isLeft ? decideRebase : decideRevise;
}

/** Goes on with our pull request, from the newest commit of its branch, whoever made that. */
function decideRevise(request: WorkRequest, facts: Facts, wanted: Wanted): Decision {
  const reason = findRefusal([...standingRefusals, refuseUsedUp], request, facts);
  if (reason !== undefined) return { type: 'decline', reason };
  const { pull, mergeBase } = facts;
  if (pull === undefined || mergeBase === undefined) return { type: 'decline', reason: texts.renderNoHistory() };
  const { number: pullNumber, headBranch: branch, headSha } = pull;
  const place = { base: { branch: pull.baseBranch, sha: mergeBase }, branch };
  const plan = {
    ...toPlan(wanted, place, facts.limits),
    work: 'revise',
    continues: { pullNumber, branch, headSha },
  } as const;
  return { type: 'accept', plan };
}

/** Goes on with it from the newest commit of its base, too. */
function decideRebase(request: WorkRequest, facts: Facts, wanted: Wanted): Decision {
  const decision = decideRevise(request, facts, wanted);
  if (decision.type !== 'accept' || decision.plan.continues === undefined) return decision;
  const { base, continues } = decision.plan;
  if (facts.baseTip === undefined) return { type: 'decline', reason: texts.renderNoBase(base.branch) };
  if (facts.baseTip === base.sha) return { type: 'answer', text: texts.renderHoldsBase(base.branch) };
  const onto = { base: { ...base, sha: facts.baseTip }, continues: { ...continues, leftBaseAt: base.sha } };
  return withPlan(decision, onto);
}

function decideExplain(request: WorkRequest, facts: Facts, wanted: Wanted): Decision {
  const reason = findRefusal([...standingRefusals, refuseUsedUp], request, facts);
  return reason === undefined ? decideReply('explain', facts, wanted) : { type: 'decline', reason };
}

/** Costs nothing but time. */
function decideTest(request: WorkRequest, facts: Facts, wanted: Wanted): Decision {
  const reason = findRefusal(standingRefusals, request, facts);
  return reason === undefined ? decideReply('test', facts, wanted) : { type: 'decline', reason };
}

/** About the newest commit of a pull request, or of the base that work on an issue would begin from. */
function decideReply(work: NonNullable<Plan['work']>, facts: Facts, wanted: Wanted): Decision {
  const { branch = '', pull, baseSha, repository } = facts;
  const sha = pull?.headSha ?? baseSha;
  if (sha === undefined) return { type: 'decline', reason: texts.renderNoBase(wanted.settings.base) };
  const base = { branch: wanted.settings.base ?? repository.defaultBranch, sha };
  return { type: 'accept', plan: { ...toPlan(wanted, { base, branch }, facts.limits), work } };
}

/** Somebody typed it, in whatever kind of comment. */
function isSaid({ via }: WorkRequest): boolean {
  return via === 'command' || via === 'mention';
}
