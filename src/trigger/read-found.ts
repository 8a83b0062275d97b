import type { Account, Repository, WorkRequest } from '../domain/index.ts';

/** A 👍 on a comment of ours that holds a plan, and the issue as it is. */
export interface ThumbUp {
  readonly repository: Repository;
  readonly issue: { readonly number: number; readonly title: string; readonly body: string };
  readonly commentId: number;
  readonly by: Account;
  /** ISO 8601. */
  readonly at: string;
}

/** The wish that it is; GitHub sends no delivery for reactions. However many people give one, a plan is approved once. */
export function readThumbUp({ repository, issue, commentId, by, at }: ThumbUp): WorkRequest {
  return {
    verb: 'approve',
    said: 'approve',
    via: 'reaction',
    trigger: '',
    repository,
    subject: { kind: 'issue', number: issue.number },
    sender: by,
    requestedAt: at,
    seen: { title: issue.title, body: issue.body },
    instruction: '',
    options: [],
    source: { type: 'comment', commentId },
    intention: `approve:${commentId}`,
    round: 0,
  };
}

/** A pull request of ours that can't be merged any more, as it is. */
export interface Conflict {
  readonly repository: Repository;
  readonly pull: { readonly number: number; readonly title: string; readonly body: string; readonly headSha: string };
  /** Us. */
  readonly sender: Account;
  /** ISO 8601. */
  readonly at: string;
}

/** What is to be said about it, once for each commit; GitHub sends no delivery for it. */
export function readConflict({ repository, pull, sender, at }: Conflict): WorkRequest {
  return {
    verb: 'status',
    said: 'status',
    via: 'conflict',
    trigger: '',
    repository,
    subject: { kind: 'pull_request', number: pull.number },
    sender,
    requestedAt: at,
    seen: { title: pull.title, body: pull.body },
    instruction: '',
    options: [],
    source: { type: 'issue' },
    intention: `conflict:${pull.number}:${pull.headSha}`,
    round: 0,
  };
}
