import { AsyncLocalStorage } from 'node:async_hooks';

/** One thing that a call or a person changed, with everything that a judge of the history asks for. */
export type Change =
  | IssueChange
  | PullChange
  | CommentChange
  | ReactionChange
  | ReviewChange
  | ReviewCommentChange
  | CheckRunChange
  | RefChange
  | ObjectChange
  | PlaceChange;

interface InRepository {
  /** Id of the repository. */
  readonly repository: number;
}

export interface IssueChange extends InRepository {
  readonly what: 'issue';
  readonly did:
    | 'opened'
    | 'edited'
    | 'closed'
    | 'reopened'
    | 'locked'
    | 'unlocked'
    | 'labeled'
    | 'unlabeled'
    | 'deleted'
    | 'transferred';
  readonly number: number;
  /** The label that came or went; of an issue that was opened, nothing: each of its labels is a change of its own. */
  readonly label?: string | undefined;
  /** Where it was transferred to. */
  readonly to?: { readonly repository: number; readonly number: number } | undefined;
}

export interface PullChange extends InRepository {
  readonly what: 'pull';
  readonly did:
    'opened' | 'edited' | 'closed' | 'reopened' | 'merged' | 'locked' | 'unlocked' | 'labeled' | 'unlabeled';
  readonly number: number;
  readonly author: string;
  readonly head: string;
  readonly headSha: string;
  readonly base: string;
  readonly body: string;
  readonly label?: string | undefined;
}

export interface CommentChange extends InRepository {
  readonly what: 'comment';
  readonly did: 'created' | 'edited' | 'deleted';
  readonly id: number;
  /** Number of the issue or pull request. */
  readonly issue: number;
  readonly author: string;
  readonly body: string;
}

export interface ReactionChange extends InRepository {
  readonly what: 'reaction';
  readonly did: 'created' | 'deleted';
  readonly id: number;
  readonly content: string;
}

export interface ReviewChange extends InRepository {
  readonly what: 'review';
  readonly did: 'created' | 'dismissed';
  readonly id: number;
  readonly number: number;
  readonly author: string;
  readonly state: string;
  readonly body: string;
}

/** A comment on lines of a pull request; `resolved` and `unresolved` are said of the first of a thread. */
export interface ReviewCommentChange extends InRepository {
  readonly what: 'review-comment';
  readonly did: 'created' | 'edited' | 'deleted' | 'resolved' | 'unresolved';
  readonly id: number;
  readonly number: number;
  readonly author: string;
  readonly body: string;
}

export interface CheckRunChange extends InRepository {
  readonly what: 'check-run';
  readonly did: 'created' | 'edited';
  readonly id: number;
  readonly name: string;
  readonly headSha: string;
  readonly status: string;
  readonly conclusion: string | null;
}

export interface RefChange extends InRepository {
  readonly what: 'ref';
  readonly did: 'created' | 'moved' | 'deleted';
  /** `refs/heads/…` */
  readonly ref: string;
  /** Shas; null for a ref that was not there, or is gone. */
  readonly from: string | null;
  readonly to: string | null;
  /** Of the commit it points at now. */
  readonly parents: readonly string[];
  /** True when the old commit is an ancestor of the new one; also for a ref that is new or gone. */
  readonly isForward: boolean;
  /** True when the new commit has the very files of the old one. */
  readonly isSameTree: boolean;
}

export interface ObjectChange extends InRepository {
  readonly what: 'object';
  readonly did: 'created';
  readonly kind: 'blob' | 'tree' | 'commit';
  readonly sha: string;
}

/** What happened to a repository or an installation as a whole, and tokens. */
export interface PlaceChange {
  readonly what: 'repository' | 'installation' | 'token';
  readonly did: string;
  readonly repository?: number;
  readonly installation?: number;
  readonly name?: string;
}

export interface Changes {
  /** Says what changed to whoever collects just now: the call or the action that we are in. */
  readonly tell: (change: Change) => void;
  /** Runs it and returns all that it changed, also what it changed before it failed. */
  readonly during: <T>(list: Change[], run: () => T) => T;
}

/** Calls run side by side: each collects only what it does itself. */
export function createChanges(): Changes {
  const current = new AsyncLocalStorage<Change[]>();
  return {
    tell: (change) => current.getStore()?.push(change),
    during: (list, run) => current.run(list, run),
  };
}
