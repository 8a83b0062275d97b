import type { Verb, WorkRequest } from '../domain/index.ts';
import type { Payload } from './payload.ts';
import { readCommand } from './command.ts';

/** The part of a request that differs from one trigger to the next; the rest is the same in every payload. */
export type Ask = Pick<
  WorkRequest,
  'verb' | 'said' | 'via' | 'trigger' | 'requestedAt' | 'instruction' | 'source' | 'intention'
>;

/** One way in: a kind of delivery (`event.action`), and how to read it. A string is the reason why it asks for nothing. */
export interface Trigger {
  readonly name: string;
  readonly event: string;
  readonly read: (payload: Payload) => Ask | string;
  /** Asked by a machine it counts, too: what ends work needs nobody's permission but GitHub's. */
  readonly byMachines?: true;
}

export const triggers: readonly Trigger[] = [
  { name: 'label added', event: 'issues.labeled', read: readLabeled },
  { name: 'issue opened with labels', event: 'issues.opened', read: readOpened },
  { name: 'command in a comment', event: 'issue_comment.created', read: readComment },
  { name: 'label taken off', event: 'issues.unlabeled', read: readUnlabeled, byMachines: true },
  { name: 'issue closed', event: 'issues.closed', read: readClosed, byMachines: true },
  { name: 'issue deleted', event: 'issues.deleted', read: readClosed, byMachines: true },
  { name: 'issue transferred', event: 'issues.transferred', read: readClosed, byMachines: true },
];

/** Which label starts work is the repository's setting, which is not known here: the usual one is looked for first. */
const usualLabel = 'backend';

const verbs: ReadonlySet<string> = new Set(['implement', 'stop', 'help'] satisfies readonly Verb[]);

function readLabeled({ issue, label }: Payload): Ask | string {
  if (label === undefined) return 'the delivery names no label';
  return askByLabel(issue.number, label.name, issue.updated_at);
}

/** GitHub sends `opened` and `labeled` for this one act, stamped alike or a second apart; policy tells the latter for the same wish. */
function readOpened({ issue }: Payload): Ask | string {
  const label = issue.labels.find(({ name }) => name.toLowerCase() === usualLabel) ?? issue.labels[0];
  if (label === undefined) return 'the issue was opened without a label';
  return askByLabel(issue.number, label.name, issue.created_at);
}

function readUnlabeled({ issue, label }: Payload): Ask | string {
  if (label === undefined) return 'the delivery names no label';
  const intention = `unlabel:${issue.number}:${issue.updated_at}:${label.name.toLowerCase()}`;
  return askToStop({ via: 'label', trigger: label.name, requestedAt: issue.updated_at, intention });
}

/** An issue that was deleted or moved elsewhere is closed for us. */
function readClosed({ issue }: Payload): Ask {
  const intention = `close:${issue.number}:${issue.updated_at}`;
  return askToStop({ via: 'closing', trigger: '', requestedAt: issue.updated_at, intention });
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

function readComment({ comment }: Payload): Ask | string {
  if (comment === undefined) return 'the delivery holds no comment';
  const command = readCommand(comment.body ?? '', verbs);
  if (command === undefined) return 'the comment holds no command';
  return {
    verb: readVerb(command.said),
    said: command.said,
    via: 'command',
    trigger: command.word,
    requestedAt: comment.created_at,
    instruction: command.instruction,
    source: { type: 'comment', commentId: comment.id },
    intention: `comment:${comment.id}`,
  };
}

function readVerb(said: string): Verb {
  const verb = said.toLowerCase();
  return verb === 'implement' || verb === 'stop' || verb === 'help' ? verb : 'unknown';
}
