import type { Verb, WorkRequest } from '../domain/index.ts';
import type { IssueFacts, Permission } from '../github/index.ts';
import { readVisible, readVisibleLine } from '../visible/index.ts';
import type { Facts } from './facts.ts';
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
  (request) => (isEmpty(request) ? texts.renderEmptyIssue() : undefined),
  (_, facts) => refuseSecondPull(facts),
  ({ changedSince }) => (changedSince === true ? texts.renderChangedSince() : undefined),
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
