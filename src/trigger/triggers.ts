import type { WorkRequest } from '../domain/index.ts';
import { readCommand, readVerb } from './command.ts';
import { isPerson, type Arrival } from './origin.ts';
import type { About, Payload } from './payload.ts';
import { readDispatch } from './read-dispatch.ts';

/** The part of a request that differs from one trigger to the next; the rest is the same in every payload. */
export type Ask = Pick<
  WorkRequest,
  'verb' | 'said' | 'via' | 'trigger' | 'requestedAt' | 'instruction' | 'options' | 'source' | 'intention' | 'pushed'
>;

/** Who we are, so that we never answer ourselves, and know when we are spoken to. */
export interface Bot {
  readonly appId: number;
  /** The App's name in addresses and mentions; empty where nothing can be a mention. */
  readonly slug: string;
}

/** One way in: a kind of delivery (`event.action`), and how to read it. A string is the reason why it asks for nothing. */
export interface Trigger {
  readonly name: string;
  readonly event: string;
  readonly read: (payload: Payload, about: About, bot: Bot) => Ask | string;
  /** Asked by a machine it counts, too: what ends work needs nobody's permission but GitHub's. */
  readonly byMachines?: true;
  /** Asked by an App it is read, too: whether the App may ask is a setting, which is not known here. */
  readonly byApps?: true;
}

/** One way in whose deliveries are about neither an issue nor a pull request: who asks for what, or the reason why nobody does. */
export interface LooseTrigger {
  readonly name: string;
  readonly event: string;
  readonly read: (payload: unknown, arrival: Arrival) => WorkRequest | string;
}

export const looseTriggers: readonly LooseTrigger[] = [
  { name: 'work delegated by a program', event: 'repository_dispatch.backend-developer', read: readDispatch },
];

export const triggers: readonly Trigger[] = [
  { name: 'label added', event: 'issues.labeled', read: readLabeled },
  { name: 'issue opened with labels', event: 'issues.opened', read: readOpened },
  { name: 'command in a comment', event: 'issue_comment.created', read: readComment, byApps: true },
  { name: 'command added to a comment', event: 'issue_comment.edited', read: readEdited, byApps: true },
  { name: 'command on a line of code', event: 'pull_request_review_comment.created', read: readComment, byApps: true },
  {
    name: 'command added on a line of code',
    event: 'pull_request_review_comment.edited',
    read: readEdited,
    byApps: true,
  },
  { name: 'review, or a command in one', event: 'pull_request_review.submitted', read: readReview, byApps: true },
  { name: 'pull request opened', event: 'pull_request.opened', read: readPushed },
  { name: 'commits pushed to a pull request', event: 'pull_request.synchronize', read: readPushed },
  { name: 'pull request opened again', event: 'pull_request.reopened', read: readPushed },
  { name: 'draft made ready', event: 'pull_request.ready_for_review', read: readPushed },
  { name: 'label taken off', event: 'issues.unlabeled', read: readUnlabeled, byMachines: true },
  { name: 'issue closed', event: 'issues.closed', read: readClosed, byMachines: true },
  { name: 'issue deleted', event: 'issues.deleted', read: readClosed, byMachines: true },
  { name: 'pull request closed', event: 'pull_request.closed', read: readClosed, byMachines: true },
  { name: 'issue transferred', event: 'issues.transferred', read: readClosed, byMachines: true },
];

/** Which label starts work is the repository's setting, which is not known here: the usual one is looked for first. */
const usualLabel = 'backend';

function readLabeled({ label }: Payload, { subject }: About): Ask | string {
  if (label === undefined) return 'the delivery names no label';
  return askByLabel(subject.number, label.name, subject.updated_at);
}

/** GitHub sends `opened` and `labeled` for this one act, stamped alike or a second apart; policy tells the latter for the same wish. */
function readOpened(_: Payload, { subject }: About): Ask | string {
  const label = subject.labels.find(({ name }) => name.toLowerCase() === usualLabel) ?? subject.labels[0];
  if (label === undefined) return 'the issue was opened without a label';
  return askByLabel(subject.number, label.name, subject.created_at);
}

function readUnlabeled({ label }: Payload, { subject }: About): Ask | string {
  if (label === undefined) return 'the delivery names no label';
  const intention = `unlabel:${subject.number}:${subject.updated_at}:${label.name.toLowerCase()}`;
  return askToStop({ via: 'label', trigger: label.name, requestedAt: subject.updated_at, intention });
}

/** An issue that was deleted or moved elsewhere is closed for us, and so is a pull request that was merged. */
function readClosed(_: Payload, { subject }: About): Ask {
  const intention = `close:${subject.number}:${subject.updated_at}`;
  return askToStop({ via: 'closing', trigger: '', requestedAt: subject.updated_at, intention });
}

function askToStop(how: Pick<Ask, 'via' | 'trigger' | 'requestedAt' | 'intention'>): Ask {
  return { ...how, verb: 'stop', said: 'stop', instruction: '', source: { type: 'issue' } };
}

/** The label is part of the intention: another label put on in the same act must not pass for the one that starts work. */
export function askByLabel(issueNumber: number, label: string, time: string): Ask {
  return {
    verb: 'implement',
    said: 'implement',
    via: 'label',
    trigger: label,
    requestedAt: time,
    instruction: '',
    source: { type: 'issue' },
    intention: `label:${issueNumber}:${time}:${label.toLowerCase()}`,
  };
}

function readComment({ comment }: Payload, about: About, bot: Bot): Ask | string {
  if (comment === undefined) return 'the delivery holds no comment';
  return readText(comment.body, { ...identify(comment.id, about), requestedAt: comment.created_at }, { about, bot });
}

/** Comments on issues and on lines of code are counted apart, so the same number may be one of each. */
function identify(commentId: number, { isOnCode }: About): Pick<Ask, 'source' | 'intention'> {
  return isOnCode
    ? { source: { type: 'review-comment', commentId }, intention: `review-comment:${commentId}` }
    : { source: { type: 'comment', commentId }, intention: `comment:${commentId}` };
}

/** A command that was there before has been answered; one that an edit adds is asked at that moment, by whoever edited. */
function readEdited({ comment, changes }: Payload, about: About, bot: Bot): Ask | string {
  if (comment === undefined) return 'the delivery holds no comment';
  if (changes?.body === undefined) return 'the text of the comment stayed as it was';
  if (readCommand(changes.body.from, bot.slug)) return 'the comment held a command before it was edited';
  return readText(comment.body, { ...identify(comment.id, about), requestedAt: comment.updated_at }, { about, bot });
}

function readReview({ review, sender }: Payload, about: About, bot: Bot): Ask | string {
  if (review === undefined) return 'the delivery holds no review';
  const how = {
    requestedAt: review.submitted_at ?? about.subject.updated_at,
    source: { type: 'review', reviewId: review.id } as const,
    intention: `review:${review.id}`,
  };
  const said = readText(review.body, how, { about, bot });
  if (typeof said !== 'string') return said;
  return isPerson(sender) ? readFollowUp(review.state, how, about) : said;
}

/** What a person says of a pull request of ours asks to be done; whether it is ours, policy knows. Only Apps' accounts end in `[bot]`. */
function readFollowUp(
  state: string,
  how: Pick<Ask, 'requestedAt' | 'source' | 'intention'>,
  about: About,
): Ask | string {
  if (about.subject.user?.login.endsWith('[bot]') !== true) return 'a review of somebody else’s pull request';
  if (state !== 'changes_requested' && state !== 'commented') return `a review that is ${state} asks for nothing`;
  return { ...how, verb: 'revise', said: 'revise', via: 'review', trigger: '', instruction: '', options: [] };
}

/** The command in what somebody wrote. A mention without a verb means what is usual where it stands. */
function readText(
  text: string | null,
  how: Pick<Ask, 'requestedAt' | 'source' | 'intention'>,
  { about, bot }: { readonly about: About; readonly bot: Bot },
): Ask | string {
  const command = readCommand(text ?? '', bot.slug);
  if (command === undefined) return 'it holds no command';
  const { word, via, said, instruction, options } = command;
  const isUsual = via === 'mention' && said === '';
  const verb = isUsual ? usualVerb(about, bot) : readVerb(said);
  return { ...how, verb, said: isUsual ? verb : said, via, trigger: word, instruction, options };
}

function usualVerb({ kind, subject }: About, { slug }: Bot): 'implement' | 'revise' | 'explain' {
  if (kind === 'issue') return 'implement';
  return subject.user?.login === `${slug}[bot]` ? 'revise' : 'explain';
}

/**
 * A pull request whose files may be worth a look: which files, and whether anybody wants that, is policy's. Those that we can't put a branch
 * beside, that are not ready, or that an App opened, ourselves included, never are. A commit asks once, however it came.
 */
function readPushed({ repository }: Payload, { subject }: About): Ask | string {
  const { head, draft, user } = subject;
  if (head === undefined) return 'the payload is malformed at pull_request.head';
  if (head.repo?.id !== repository.id) return 'the pull request comes from a fork';
  if (draft === true) return 'the pull request is a draft';
  if (user?.type !== 'User') return 'the pull request was not opened by a person';
  return {
    verb: 'implement',
    said: 'implement',
    via: 'files',
    trigger: 'pull_request',
    requestedAt: subject.updated_at,
    instruction: '',
    source: { type: 'issue' },
    intention: `files:${head.sha}`,
    pushed: { branch: head.ref, sha: head.sha },
  };
}
