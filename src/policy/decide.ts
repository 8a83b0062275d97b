import type { Plan, WorkRequest } from '../domain/index.ts';
import type { IssueFacts, Permission } from '../github/index.ts';
import type { EarlierJob } from '../store/index.ts';
import { readVisible, readVisibleLine } from '../visible/index.ts';
import type { Decision, Facts, Standing } from './facts.ts';
import { readSettings, type SettingsReading } from './read-settings.ts';
import type { Settings, TriggerWords } from './settings.ts';
import * as texts from './texts.ts';

/** A reason not to work, in Markdown; undefined when there is none. */
type Refusal = (request: WorkRequest, facts: Facts) => string | undefined;

/** What must hold when work begins and still when it is published. */
const standingRefusals: readonly Refusal[] = [
  (_, { permission }) => (canWrite(permission) ? undefined : texts.renderStranger()),
  (_, { repository }) => (repository.archived ? texts.renderArchived() : undefined),
  (_, { issue }) => (issue === undefined ? texts.renderGone() : undefined),
  (_, { issue }) => (issue?.state === 'closed' ? texts.renderClosed() : undefined),
  (_, { issue }) => (issue?.locked === true ? texts.renderLocked() : undefined),
  (request, { issue }) => (isLabelGone(request, issue) ? texts.renderLabelGone() : undefined),
];

/** What must hold when work begins. */
const startingRefusals: readonly Refusal[] = [
  (request, { issue }) =>
    request.subject.kind === 'pull_request' || issue?.isPullRequest ? texts.renderPullRequest() : undefined,
  (request) => refuseOption(request.instruction),
  (request) => (isEmpty(request) ? texts.renderEmptyIssue() : undefined),
  (_, { ours }) => refuseSecondPull(ours),
  ({ changedSince }) => (changedSince === true ? texts.renderChangedSince() : undefined),
  (_, { limits }) => (limits.spentTodayUsd < limits.usdPerDay ? undefined : texts.renderDayUsedUp(limits.usdPerDay)),
];

/**
 * What we do about a request. Silence for what is not meant for us, one answer for everything else; work only for people with write
 * permission, by settings that are right, and within the operator's limits, which no setting can raise.
 */
export function decide(request: WorkRequest, facts: Facts): Decision {
  const reading = readSettings(facts.settingsText);
  const words = 'settings' in reading ? reading.settings.triggers : reading.triggers;
  const silence = findSilence(request, facts, words);
  if (silence !== undefined) return { type: 'ignore', reason: silence };
  if (request.verb === 'stop' && request.via !== 'command') return { type: 'stop' };
  if (!canWrite(facts.permission)) return { type: 'decline', reason: texts.renderStranger() };
  return decideAsked(request, facts, reading, words.command);
}

/** What a person who may ask gets. */
function decideAsked(request: WorkRequest, facts: Facts, reading: SettingsReading, command: string): Decision {
  const { verb, said } = request;
  if (verb === 'stop') return { type: 'stop' };
  if (verb === 'help') return { type: 'answer', text: texts.renderHelp(command) };
  if (verb === 'unknown') return { type: 'answer', text: texts.renderUnknownVerb(said, command) };
  const unfinished = facts.earlier.findLast((job) => job.request.verb === 'implement' && job.state !== 'finished');
  if (unfinished !== undefined) return { type: 'go-on', jobId: unfinished.jobId };
  if ('problems' in reading) return { type: 'decline', reason: texts.renderSettingsProblems(reading.problems) };
  return decideImplement(request, facts, reading.settings);
}

/** Whether work that was accepted may still be published: asked again right before, since it may have taken an hour. */
export function decideStillWanted(request: WorkRequest, facts: Facts): Standing {
  const reason = findRefusal(standingRefusals, request, facts);
  return reason === undefined ? { wanted: true } : { wanted: false, reason };
}

/** Why nobody expects a word from us; undefined when somebody does. */
function findSilence(request: WorkRequest, facts: Facts, words: TriggerWords): string | undefined {
  if (request.via === 'closing') return findLife(facts);
  const wanted = request.via === 'label' ? words.label : words.command;
  if (wanted === false || !isSame(wanted, request.trigger)) return `another ${request.via}`;
  return request.verb === 'stop' ? findLabel(request, facts) : findNoWork(request, facts);
}

/** Closing ends the work while the issue stays closed, or is gone. */
function findLife({ issue }: Facts): string | undefined {
  return issue?.state === 'open' ? 'the issue was opened again' : undefined;
}

/** Taking the label off ends the work while it stays off. */
function findLabel(request: WorkRequest, { issue }: Facts): string | undefined {
  const isBack = request.via === 'label' && issue !== undefined && !isLabelGone(request, issue);
  return isBack ? 'the label is on again' : undefined;
}

/** A stranger whose command is not even clear is not answered either. */
function findNoWork(request: WorkRequest, { issue, permission, repository, earlier }: Facts): string | undefined {
  if (issue === undefined) return 'the issue is gone';
  if (isLabelGone(request, issue)) return 'the label was taken off again';
  if (repository.archived) return 'the repository is archived, where GitHub takes no comment';
  const same = earlier.find((job) => isSameWish(job, request));
  if (same !== undefined) return `the same wish as job ${same.jobId}`;
  return request.verb === 'unknown' && !canWrite(permission) ? 'an unclear command by a stranger' : undefined;
}

/** GitHub's clocks differ by a second or two between a delivery, the issue and its history: one act must not pass for two. */
const sameActMs = 10_000;

/** Whether an earlier job answers this labelling. One that did nothing, or was stopped, leaves a new labelling its own. */
function isSameWish({ request: earlier, outcome }: EarlierJob, { via, trigger, requestedAt }: WorkRequest): boolean {
  if (via !== 'label' || earlier.via !== 'label' || earlier.verb !== 'implement') return false;
  const isOpen = outcome !== undefined && ['ignored', 'declined', 'stopped'].includes(outcome.type);
  const apart = Math.abs(Date.parse(requestedAt) - Date.parse(earlier.requestedAt));
  return !isOpen && isSame(trigger, earlier.trigger) && apart <= sameActMs;
}

function decideImplement(request: WorkRequest, facts: Facts, settings: Settings): Decision {
  const reason = findRefusal([...standingRefusals, ...startingRefusals], request, facts);
  if (reason !== undefined) return { type: 'decline', reason };
  const { baseSha, branch } = facts;
  if (baseSha === undefined || branch === undefined)
    return { type: 'decline', reason: texts.renderNoBase(settings.base) };
  const base = { branch: settings.base ?? facts.repository.defaultBranch, sha: baseSha };
  return { type: 'accept', plan: toPlan(settings, { base, branch }, facts.limits) };
}

function toPlan(settings: Settings, place: Pick<Plan, 'base' | 'branch'>, limits: Facts['limits']): Plan {
  const { agent, model, budget, draft, setup, checks, image, network, protect, preferences } = settings;
  const usd = Math.min(budget.usd, limits.usdPerJob, limits.usdPerDay - limits.spentTodayUsd);
  return {
    ...place,
    agent,
    ...(model !== 'inherit' && { model }),
    budget: { ...budget, usd },
    draft,
    ...(setup !== undefined && { setup }),
    checks: {
      ...(checks.test !== undefined && { test: checks.test }),
      ...(checks.lint !== undefined && { lint: checks.lint }),
      ...(checks.types !== undefined && { types: checks.types }),
    },
    ...(image !== undefined && { image }),
    allowedHosts: network.allow,
    protectedPaths: protect,
    preferencesPath: preferences,
  };
}

function findRefusal(refusals: readonly Refusal[], request: WorkRequest, facts: Facts): string | undefined {
  for (const refuse of refusals) {
    const reason = refuse(request, facts);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function canWrite(permission: Permission): boolean {
  return permission === 'write' || permission === 'maintain' || permission === 'admin';
}

/** GitHub takes labels for the same whatever their case; so do we, and commands. */
function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function isLabelGone({ via, trigger }: WorkRequest, issue: IssueFacts | undefined): boolean {
  return via === 'label' && issue !== undefined && !issue.labels.some((label) => isSame(label, trigger));
}

/** Nothing to work from: no letter or digit that the person who asked could see, in title, body or command. */
function isEmpty({ seen, instruction }: WorkRequest): boolean {
  const read = [readVisibleLine(seen.title), readVisible(seen.body), readVisible(instruction)];
  return !read.some(({ text }) => /[\p{L}\p{N}]/u.test(text));
}

/** An option that is silently taken for text would let a person believe in a budget that is not kept. */
function refuseOption(instruction: string): string | undefined {
  const [, option] = /^(?:.*\s)?(base|budget|agents|model|draft|plan):\S/u.exec(instruction) ?? [];
  return option === undefined ? undefined : texts.renderOptionUnavailable(option);
}

function refuseSecondPull(ours: Facts['ours']): string | undefined {
  const open = ours.find(({ state }) => state === 'open');
  return open === undefined ? undefined : texts.renderAlreadyOpen(open.number);
}
