import type { Verb, WorkRequest } from '../domain/index.ts';
import type { IssueFacts, Permission } from '../github/index.ts';
import type { Settings, TriggerWords } from '../settings/index.ts';
import {
  countRounds,
  findDispatchFault,
  findTouched,
  labelsToStart,
  looksAtFiles,
  type LabelWords,
} from '../ways/index.ts';
import { readVisible, readVisibleLine } from '../visible/index.ts';
import type { Facts } from './facts.ts';
import { isSameWish, isWork } from './earlier.ts';
import { refuseStack } from './stacked.ts';
import * as texts from './texts.ts';

/** A reason not to work, in Markdown; undefined when there is none. */
export type Refusal = (request: WorkRequest, facts: Facts) => string | undefined;

/** What ends in a reply and changes nothing. */
export const repliesOnly: readonly Verb[] = ['explain', 'test'];

/** What must hold when work begins and still when it is published. */
export const standingRefusals: readonly Refusal[] = [
  (_, { permission }) => (canWrite(permission) ? undefined : texts.renderStranger()),
  (_, { repository }) => (repository.archived ? texts.renderArchived() : undefined),
  (_, { issue }) => (issue === undefined ? texts.renderGone() : undefined),
  refuseStack,
  // What is closed can still be asked about, and tested.
  ({ verb }, { issue }) =>
    issue?.state === 'closed' && !repliesOnly.includes(verb) ? texts.renderClosed(issue.isPullRequest) : undefined,
  (_, { issue }) => (issue?.locked === true ? texts.renderLocked() : undefined),
  (request, { issue }) => (isLabelGone(request, issue) ? texts.renderLabelGone() : undefined),
];

/** What must hold when work begins. */
export const startingRefusals: readonly Refusal[] = [
  (request) => findDispatchFault(request),
  (request) => (isEmpty(request) ? texts.renderEmptyIssue() : undefined),
  (_, facts) => refuseSecondPull(facts),
  ({ changedSince }) => (changedSince === true ? texts.renderChangedSince() : undefined),
  (_, { changedSince }) => (changedSince === true ? texts.renderChangedSinceDelegated() : undefined),
  refuseUsedUp,
];

/** The first reason that holds. */
export function findRefusal(refusals: readonly Refusal[], request: WorkRequest, facts: Facts): string | undefined {
  for (const refuse of refusals) {
    const reason = refuse(request, facts);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

export function canWrite(permission: Permission): boolean {
  return permission === 'write' || permission === 'maintain' || permission === 'admin';
}

/** GitHub takes labels for the same whatever their case; so do we, and commands. */
export function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/** The label that asked was taken off since. */
export function isLabelGone({ via, trigger }: WorkRequest, issue: IssueFacts | undefined): boolean {
  return via === 'label' && issue !== undefined && !issue.labels.some((label) => isSame(label, trigger));
}

/** Nothing to work from: no letter or digit that the person who asked could see, in title, body or command. */
function isEmpty({ seen, instruction }: WorkRequest): boolean {
  const read = [readVisibleLine(seen.title), readVisible(seen.body), readVisible(instruction)];
  return !read.some(({ text }) => /[\p{L}\p{N}]/u.test(text));
}

/** Money for models; what asks none needs none. */
export function refuseUsedUp(_: WorkRequest, { limits }: Facts): string | undefined {
  return limits.spentTodayUsd < limits.usdPerDay ? undefined : texts.renderDayUsedUp(limits.usdPerDay);
}

function refuseSecondPull({ ours, place }: Facts): string | undefined {
  const open = ours.find(({ state }) => state === 'open');
  return open === undefined ? undefined : texts.renderAlreadyOpen(open.number, place !== 'issue');
}

type Words = TriggerWords & LabelWords & Partial<Pick<Settings['triggers'], 'files'>>;

/** Why nobody expects a word from us; undefined when somebody does. */
export function findSilence(request: WorkRequest, facts: Facts, words: Words): string | undefined {
  if (request.via === 'closing') return findLife(facts);
  if (isUnlistedApp(request, facts)) return 'an App that may not ask here';
  if (!isMeant(request, words)) return `another ${request.via}`;
  if (request.via === 'files') return findNoFiles(request, facts, words);
  return request.verb === 'stop'
    ? findLabel(request, facts)
    : (findPhase(request, facts, words) ?? findNoWork(request, facts, words));
}

/** Two programs that answer each other never end, so one that is not listed hears nothing, and one that is only so often. */
function isUnlistedApp(request: WorkRequest, { permission, earlier }: Facts): boolean {
  if (request.sender.type !== 'Bot' || request.via === 'label') return false;
  return !canWrite(permission) || countRounds(request, earlier) === 'over';
}

/** Whether the label, command word or mention is the one that the settings name. Who was mentioned was looked at before. */
function isMeant({ via, trigger }: WorkRequest, words: Words): boolean {
  if (via === 'mention') return words.mention;
  if (via === 'files') return looksAtFiles(words.files, trigger);
  if (['reaction', 'dispatch', 'review'].includes(via)) return true; // on what is ours, or with our name
  const wanted = via === 'label' ? labelsToStart(words) : [words.command];
  return wanted.some((word) => isSame(word, trigger));
}

/** Where a phase has a label of its own, neither of both starts anything without the other, in whichever order they are put on. */
function findPhase({ via }: WorkRequest, { issue }: Facts, words: Words): string | undefined {
  const missing = labelsToStart(words).filter((wanted) => !issue?.labels.some((label) => isSame(label, wanted)));
  const waits = via === 'label' && issue !== undefined && words.phase?.label !== undefined && missing.length > 0;
  return waits ? `the label ${missing.join(' and ')} is not on` : undefined;
}

/** Nobody asked in words, so nobody is told why nothing comes of it. A newer commit asks for itself. */
function findNoFiles(request: WorkRequest, facts: Facts, { files }: Words): string | undefined {
  const { pull, headNow, ours, earlier, changedPaths = [] } = facts;
  const standing = findRefusal(standingRefusals, request, facts) ?? refuseUsedUp(request, facts);
  if (standing !== undefined) return standing;
  const reasons: readonly (readonly [boolean, string])[] = [
    [facts.place !== 'theirs' || pull === undefined || pull.draft, 'it is no pull request that is ready for review'],
    [headNow !== request.pushed?.sha, 'a newer commit was pushed'],
    [ours.some(({ state }) => state === 'open'), 'a pull request of ours goes into it already'],
    [ours.some(({ mergeSha }) => mergeSha === headNow), 'what was pushed is our own work'],
    [earlier.some((job) => isWork(job) && job.state !== 'finished'), 'other work on it waits'],
    [findTouched(changedPaths, files).length === 0, 'it touches no such file'],
  ];
  return reasons.find(([holds]) => holds)?.[1];
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
function findNoWork(request: WorkRequest, facts: Facts, words: Words): string | undefined {
  const { issue, permission, repository, earlier } = facts;
  if (issue === undefined && !isWithoutIssue(request)) return 'the issue is gone';
  if (isLabelGone(request, issue)) return 'the label was taken off again';
  if (repository.archived) return 'the repository is archived, where GitHub takes no comment';
  const same = earlier.find((job) => isSameWish(job, request, labelsToStart(words)));
  if (same !== undefined) return `the same wish as job ${same.jobId}`;
  if (isUnclear(request) && !canWrite(permission)) return 'nothing clear, by a stranger';
  return request.via === 'review' ? findNoAsking(facts) : undefined;
}

function findNoAsking({ place, asksNothing }: Facts): string | undefined {
  if (place !== 'ours') return 'a review of somebody else’s pull request';
  return asksNothing === true ? 'it says nothing that was not read before' : undefined;
}

/** What is no command in so many words. */
function isUnclear({ verb, via }: WorkRequest): boolean {
  return verb === 'unknown' || via === 'reaction' || via === 'review';
}

/** The issue is still to be opened. */
export function isWithoutIssue({ subject }: WorkRequest): boolean {
  return subject.number === 0;
}
