import type { Account, Repository } from '../domain/index.ts';

export type Permission = 'admin' | 'maintain' | 'write' | 'triage' | 'read' | 'none';

export interface RepositoryFacts {
  readonly id: number;
  readonly owner: string;
  readonly name: string;
  readonly defaultBranch: string;
  readonly archived: boolean;
  readonly isPrivate: boolean;
  readonly htmlUrl: string;
  /** `https://host/owner/name.git`, without credentials. */
  readonly cloneUrl: string;
}

export interface IssueFacts {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly state: 'open' | 'closed';
  readonly locked: boolean;
  readonly labels: readonly string[];
  readonly author: Account;
  readonly isPullRequest: boolean;
  readonly updatedAt: string;
}

export interface CommentFacts {
  readonly id: number;
  readonly author: Account;
  /** The App's id when an App wrote it. */
  readonly appId?: number;
  readonly body: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly htmlUrl: string;
}

export interface PullFacts {
  readonly number: number;
  readonly htmlUrl: string;
  readonly state: 'open' | 'closed';
  readonly draft: boolean;
  readonly title: string;
  readonly body: string;
  readonly headSha: string;
}

export interface TreeItem {
  readonly path: string;
  readonly mode: '100644' | '100755' | '120000';
  /** null deletes the path. */
  readonly sha: string | null;
}

export interface Annotation {
  readonly path: string;
  readonly line: number;
  readonly level: 'notice' | 'warning' | 'failure';
  readonly message: string;
}

export interface CheckRunContent {
  readonly name: string;
  readonly headSha: string;
  readonly conclusion: 'success' | 'failure' | 'neutral' | 'action_required';
  readonly title: string;
  readonly summary: string;
  readonly annotations: readonly Annotation[];
  readonly detailsUrl?: string;
}

/**
 * One repository on GitHub, seen as our App's installation. Reads return plain facts (undefined for a 404); creating calls are sent
 * once and never repeated blindly. Errors are BotErrors: `github-unavailable` (5xx, network, rate limit), `github-forbidden`
 * (a permission the App lacks, named), `github-gone` (404/410 on the repository), `github-rejected` (422 and other refusals).
 */
export interface RepositoryClient {
  readonly repository: Repository;
  facts(): Promise<RepositoryFacts>;
  /** The permission of a person, compared by id; `none` for a stranger or when login and id don't belong together. */
  permissionOf(account: Account): Promise<Permission>;
  issue(number: number): Promise<IssueFacts | undefined>;
  /** All comments, oldest first, every page. */
  comments(issueNumber: number): Promise<readonly CommentFacts[]>;
  /** Bytes of a file at a ref as text; undefined when there is none. */
  fileText(path: string, ref: string): Promise<string | undefined>;
  /** The commit a branch points at; undefined when there is none (also in an empty repository). */
  branchSha(branch: string): Promise<string | undefined>;
  commitParentsAndTree(
    sha: string,
  ): Promise<{ readonly tree: string; readonly parents: readonly string[]; readonly message: string }>;
  pull(number: number): Promise<PullFacts | undefined>;
  pullsByHead(branch: string): Promise<readonly PullFacts[]>;
  /** A token for `git fetch` of this repository only (contents: read). */
  readToken(): Promise<string>;

  addReaction(target: { issue: number } | { comment: number }, content: 'eyes' | 'rocket' | 'confused'): Promise<void>;
  createComment(issueNumber: number, body: string): Promise<CommentFacts>;
  updateComment(commentId: number, body: string): Promise<void>;
  createBlob(bytes: Uint8Array): Promise<string>;
  createTree(baseTree: string, items: readonly TreeItem[]): Promise<string>;
  /** Without author or committer, so that GitHub signs it as the App and shows it as Verified. */
  createCommit(commit: { message: string; tree: string; parent: string }): Promise<string>;
  createBranch(branch: string, sha: string): Promise<void>;
  /** Fast-forward only. Throws `branch-moved` when it is not one. */
  advanceBranch(branch: string, sha: string): Promise<void>;
  createPull(pull: { title: string; body: string; head: string; base: string; draft: boolean }): Promise<PullFacts>;
  updatePull(number: number, change: { title?: string; body?: string }): Promise<PullFacts>;
  /** Our check runs of that name on a commit. */
  checkRuns(
    headSha: string,
    name: string,
  ): Promise<readonly { readonly id: number; readonly conclusion: string | null }[]>;
  /** Creates it with the first 50 annotations and adds the rest 50 a call. */
  createCheckRun(content: CheckRunContent): Promise<{ readonly id: number; readonly htmlUrl: string }>;
}

/** Who we are on GitHub. */
export interface AppIdentity {
  readonly id: number;
  readonly slug: string;
  /** `<slug>[bot]` */
  readonly botLogin: string;
  readonly botId: number;
}

/** The door to GitHub. */
export interface GitHub {
  identity(): Promise<AppIdentity>;
  repository(repository: Repository): RepositoryClient;
}
