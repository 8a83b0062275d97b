import type { Outcome } from '../domain/index.ts';
import { shortCode } from '../markdown/index.ts';
import { findNearest } from '../settings/index.ts';
import { mostRounds } from '../ways/index.ts';
import { verbs, verbWords, type Place, type VerbRow } from './verbs.ts';

const maxProblems = 10;

export function renderStranger(): string {
  return 'Thank you for asking. Only people with write access to this repository are served here; one of them may ask in your place.';
}

export function renderHelp(command: string): string {
  return `Here is what I understand:\n\n${renderVerbs(command)}\n\nThe label from this repository’s settings starts work, too.`;
}

export function renderUnknownVerb(said: string, command: string): string {
  const nearest = findNearest(said, verbWords);
  const hint = nearest === undefined ? '' : ` Did you mean ${shortCode(`${command} ${nearest}`)}?`;
  const opening =
    said === '' ? 'A verb is missing after the command.' : `${shortCode(said)} is not a verb I know.${hint}`;
  return `${opening} Here is what I understand:\n\n${renderVerbs(command)}`;
}

function renderVerbs(command: string): string {
  const working = verbs.filter(({ works }) => works);
  return working.map(({ verb, rest, does }) => `- ${shortCode(`${command} ${verb}${rest}`)} ${does}`).join('\n');
}

const places: Readonly<Record<Place, string>> = {
  issue: 'issues',
  ours: 'pull requests that I opened',
  theirs: 'pull requests of other people',
};

export function renderElsewhere({ verb, on }: VerbRow, command: string): string {
  const where = on.map((place) => places[place]).join(' and on ');
  return `${shortCode(`${command} ${verb}`)} works on ${where}, and not here. ${shortCode(`${command} help`)} shows what I understand.`;
}

export function renderNotYet(verb: string, command: string): string {
  return `${shortCode(`${command} ${verb}`)} is not available yet, so nothing was started. ${shortCode(`${command} help`)} shows what is.`;
}

export function renderOptionProblems(problems: readonly string[]): string {
  return [
    'Nothing was started, because the command needs a correction:',
    '',
    ...problems.slice(0, maxProblems).map((problem) => `- ${problem}`),
  ].join('\n');
}

export function renderNothingStopped(last: Outcome | undefined, command: string): string {
  if (last?.type === 'published')
    return `The work of this issue is in #${last.pullNumber}: ${shortCode(`${command} continue`)} there goes on with it.`;
  return `No work stopped here, so there is nothing to go on with. ${shortCode(`${command} implement`)} begins it.`;
}

export function renderHoldsBase(branch: string): string {
  return `This branch holds all of ${shortCode(branch)}, so there is nothing to bring in.`;
}

export function renderConflict(branch: string, command: string): string {
  return `This pull request conflicts with ${shortCode(branch)} by now. ${say(command, 'rebase')} brings that in, resolves what conflicts and proves it all again.`;
}

export function renderNothingToRetry(): string {
  return 'Nothing was begun here yet, so there is nothing to retry.';
}

/** Why a plan comes before the work: each ends a sentence that begins with “because”. */
export const planWasAsked = 'the command asks for one';
export const planIsTheRule = 'this repository’s settings ask for one first';
export function renderSigns(signs: readonly string[]): string {
  return `the issue ${signs.join(' and ')}`;
}

export function renderNoPlan(command: string): string {
  return `There is no plan here that could be approved. ${say(command, 'plan')} writes one; ${say(command, 'implement')} starts without one.`;
}

export function renderOlderPlan(command: string): string {
  return `That plan is not the one that was asked for last, so it was not carried out. Please approve the newest one, or ask for another with ${say(command, 'plan')}.`;
}

export function renderEditedSince(command: string): string {
  return `The plan was edited after it was approved, so it was not carried out. If it is right as it stands now, please comment ${say(command, 'approve')}.`;
}

export function renderPlanOutdated(command: string): string {
  return `The issue has changed since the plan was written, so the plan was not carried out. Please ask for a new one with ${say(command, 'plan')}.`;
}

export function renderNoCriteria(command: string): string {
  return `The plan has no acceptance criterion left, so there is nothing that the work could be held to. Please add at least one line such as \`- [x] It answers 404 for an unknown id\` under *Acceptance criteria* and comment ${say(command, 'approve')}, or ask for a new plan with ${say(command, 'plan')}.`;
}

function say(command: string, verb: string): string {
  return shortCode(`${command} ${verb}`);
}

export function renderSettingsProblems(problems: readonly string[]): string {
  const shown = problems.slice(0, maxProblems).map((problem) => `- ${problem}`);
  const more = problems.length - shown.length;
  const rest = more > 0 ? [`- …and ${more} more`] : [];
  return [
    'Nothing was started, because the settings in `.github/backend.yml` need a correction:',
    '',
    ...shown,
    ...rest,
    '',
    'Please ask again once it is right.',
  ].join('\n');
}

export function renderArchived(): string {
  return 'This repository is archived, so nothing can be changed in it. Please ask again once it is not.';
}

export function renderClosed(isPullRequest: boolean): string {
  return `This ${isPullRequest ? 'pull request' : 'issue'} is closed. Please reopen it and ask again if it still needs work.`;
}

export function renderMerged(): string {
  return 'This pull request is merged, so there is no branch of its own left to work on. Please ask on an issue instead.';
}

export function renderFork(command: string): string {
  const possible = ['explain', 'test'].map((verb) => shortCode(`${command} ${verb}`)).join(' and ');
  return `This pull request comes from a fork, where I cannot push, so nothing was started. ${possible} work here; for a change, its author can bring the branch into this repository.`;
}

export function renderHeadGone(branch: string): string {
  return `The branch ${shortCode(branch)} of this pull request is gone, so there is nothing to work on. Please restore it and ask again.`;
}

export function renderBaseOnPull(branch: string): string {
  return `On a pull request the work starts from its own branch, ${shortCode(branch)}, and goes back into it, so \`base:\` means nothing here. Please leave it out.`;
}

export function renderLocked(): string {
  return 'This conversation is locked, so I could not report here. Please unlock it and ask again.';
}

export function renderEmptyIssue(): string {
  return 'This issue does not say what to do. Please describe what should change, and ask again.';
}

export function renderChangedSince(): string {
  return 'I was away when the label was put on, and the issue has changed since, so I cannot tell whether it still says what was asked for. Please read it once more, take the label off and put it on again.';
}

export function renderChangedSinceDelegated(): string {
  return 'The issue has changed since work on it was delegated, so I cannot tell whether it still says what was meant. Please read it once more and delegate it again, or ask with a comment.';
}

export function renderRoundsOver(): string {
  return `Work was asked for here by the same App ${mostRounds} times within a day, so it is not heard any more for now. A person with write access can go on.`;
}

export function renderAlreadyOpen(pullNumber: number, isPullRequest: boolean): string {
  const subject = isPullRequest ? 'pull request' : 'issue';
  return `Pull request #${pullNumber} for this ${subject} is open already. Please close it first if you want a fresh one.`;
}

export function renderDayUsedUp(usdPerDay: number): string {
  return `Today’s budget of $${usdPerDay} is used up. Please ask again after midnight UTC.`;
}

/** `base` is the branch that the settings name, if they do; without one, the repository has no commit at all. */
export function renderNoBase(base: string | undefined): string {
  return base === undefined
    ? 'This repository is still empty. Please push a first commit and ask again.'
    : `There is no branch ${shortCode(base)}, which was named as \`base\`. Please correct it and ask again.`;
}

export function renderNoHistory(): string {
  return 'The branch of this pull request and its base have no commit in common any more, or one of them is gone, so there is nothing to go on from.';
}

export function renderNothingToStop(): string {
  return 'Nothing is under way here, so there was nothing to stop.';
}

export function renderGone(): string {
  return 'The issue is no longer here.';
}

export function renderLabelGone(): string {
  return 'The label was taken off, so the work was stopped.';
}
