import type { Work } from '../calls/index.ts';
import type { Account, OrganisationFile, Repository, UnreadFile } from '../domain/index.ts';
import type { ReviewCommentFacts, ReviewFacts, ReviewThreadFacts } from './review-facts.ts';

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
  readonly author: Account;
  readonly htmlUrl: string;
  readonly state: 'open' | 'closed';
  readonly draft: boolean;
  readonly title: string;
  readonly body: string;
  readonly headSha: string;
  readonly headBranch: string;
  /** The repository that the head branch is in: a fork's, ours, or undefined when it is gone. */
  readonly headRepositoryId?: number;
  readonly baseBranch: string;
  readonly merged: boolean;
  /** GitHub has found out that it can't be merged into its base. Never where pull requests are listed. */
  readonly isConflicting?: true;
  /** The commit on the base branch that it became; only once it is merged. */
  readonly mergeSha?: string;
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

/** Who looks at what leaves for GitHub, and hears of the tokens that are in use. */
export interface Watch {
  /** Given the parameters of each write, and the bytes of each file, before they are sent. When it throws, nothing is sent. */
  readonly inspect: (text: string | Uint8Array) => void;
  readonly minted: (token: string) => void;
  /** It opens nothing any more. */
  readonly over: (token: string) => void;
}

/**
 * One repository on GitHub, seen as our App's installation. Reads return plain facts (undefined for a 404) and are repeated a few
 * times; writes are sent once: repeated only after a 401, a rename or a rate limit, all of which did nothing. Errors are BotErrors:
 * `github-unavailable` (5xx, network; a write may have worked, so look first), `github-limited` (with `retryAt`), `github-forbidden`
 * (a permission the App lacks, named), `github-gone` (repository or installation gone, archived, suspended), `github-rejected`
 * (422 and other refusals).
 */
export interface RepositoryClient {
  readonly repository: Repository;
  /** Revokes the tokens that only this work still holds, as well as that can be done now; a later call gets new ones. Never rejects. */
  release(): Promise<void>;
  facts(): Promise<RepositoryFacts>;
  /** The permission of a person, compared by id; `none` for a stranger or when login and id don't belong together. */
  permissionOf(account: Account): Promise<Permission>;
  /** What an App asks for where it is installed (`contents: write`), by its name in addresses; undefined when there is none, or we may not know. */
  appPermissions(slug: string): Promise<Readonly<Record<string, string>> | undefined>;
  /** undefined when there is none, and when it was deleted (410) or moved to another repository (301). */
  issue(number: number): Promise<IssueFacts | undefined>;
  /** Open issues that carry the label, every page; no pull requests. */
  issuesWithLabel(label: string): Promise<readonly IssueFacts[]>;
  /** The newest hundred issues that an account opened and that changed since then (ISO 8601), newest first. */
  issuesBy(login: string, since: string): Promise<readonly IssueFacts[]>;
  /** Who put that label (in any letter case) on the issue last, and when (ISO 8601); undefined when nobody did. */
  labelings(issueNumber: number, label: string): Promise<{ readonly actor: Account; readonly at: string } | undefined>;
  /** All comments, oldest first, every page. */
  comments(issueNumber: number): Promise<readonly CommentFacts[]>;
  /** Who gave a comment 👍, and when (ISO 8601), oldest first; nobody where the comment is gone. */
  thumbsUp(commentId: number): Promise<readonly { readonly by: Account; readonly at: string }[]>;
  /** A regular file of at most 64 KiB in a commit; undefined when there is none. Nothing is followed. */
  fileText(path: string, commit: string): Promise<string | UnreadFile | undefined>;
  /**
   * The same in the default branch of the repository `.github` of this repository's owner, for whom the name is taken as given; undefined
   * also where the installation does not have that repository. What is found counts for a minute.
   */
  organisationFile(owner: string, path: string): Promise<OrganisationFile | undefined>;
  /** The commit a branch points at; undefined when there is none (also in an empty repository). */
  branchSha(branch: string): Promise<string | undefined>;
  commitParentsAndTree(
    sha: string,
  ): Promise<{ readonly tree: string; readonly parents: readonly string[]; readonly message: string }>;
  /**
   * The newest commit that the histories of two commits or branches share. undefined when they share none, or one of them is gone.
   * GitHub then says the same, so a branch that is merely not there yet is one that is gone.
   */
  mergeBase(base: string, head: string): Promise<string | undefined>;
  pull(number: number): Promise<PullFacts | undefined>;
  /** Paths that a pull request adds, changes, removes or renames to, every page; GitHub lists at most 3,000. */
  pullPaths(number: number): Promise<readonly string[]>;
  pullsByHead(branch: string): Promise<readonly PullFacts[]>;
  /** Submitted ones, oldest first, every page. */
  reviews(pullNumber: number): Promise<readonly ReviewFacts[]>;
  /** Those of submitted reviews, oldest first, every page. */
  reviewComments(pullNumber: number): Promise<readonly ReviewCommentFacts[]>;
  reviewThreads(pullNumber: number): Promise<readonly ReviewThreadFacts[]>;
  /** A token for `git fetch` of this repository only (contents: read); another one than was refused. */
  readToken(refused?: string): Promise<string>;

  addReaction(
    target: { issue: number } | { comment: number } | { reviewComment: number },
    content: '+1' | 'eyes' | 'rocket' | 'confused',
  ): Promise<void>;
  createIssue(issue: { title: string; body: string }): Promise<IssueFacts>;
  createComment(issueNumber: number, body: string): Promise<CommentFacts>;
  /** Answers in the thread that begins with that comment. */
  replyToReview(pullNumber: number, firstId: number, body: string): Promise<{ readonly id: number }>;
  /** Fine as well when it is resolved already. */
  resolveThread(threadId: string): Promise<void>;
  updateComment(commentId: number, body: string): Promise<void>;
  /** Fine as well when it is gone already. */
  deleteComment(commentId: number): Promise<void>;
  createBlob(bytes: Uint8Array): Promise<string>;
  createTree(baseTree: string, items: readonly TreeItem[]): Promise<string>;
  /** Without author or committer, so that GitHub signs it as the App and shows it as Verified. */
  createCommit(commit: { message: string; tree: string; parents: readonly string[] }): Promise<string>;
  /** Throws `github-taken` when the name is. */
  createBranch(branch: string, sha: string): Promise<void>;
  /** Fast-forward only. Throws `branch-moved` when it is not one. */
  advanceBranch(branch: string, sha: string): Promise<void>;
  /** Throws `github-taken` when the head has an open pull request. */
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
  /** What the App may do where it is installed (`contents: write`), and which events it is sent. */
  readonly permissions: Readonly<Record<string, string>>;
  readonly events: readonly string[];
  /** Where people change that. */
  readonly settingsUrl: string;
}

/** One attempt of GitHub's to deliver an event to us; a redelivery is another one with the same guid. */
export interface DeliveryFacts {
  /** Decimal digits: GitHub's are larger than a number can hold. */
  readonly id: string;
  /** Identifies the event; what `X-GitHub-Delivery` carries. */
  readonly guid: string;
  readonly event: string;
  readonly action: string | null;
  /** ISO 8601. */
  readonly deliveredAt: string;
  /** What we answered; 0 when GitHub got no answer. */
  readonly statusCode: number;
}

/** What a delivery carried. */
export interface DeliveryPayload {
  readonly event: string;
  readonly guid: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** The door to GitHub. */
export interface GitHub {
  identity(): Promise<AppIdentity>;
  /** Without `work`, writes are sent unasked and nothing ends waits early. */
  repository(repository: Repository, work?: Work): RepositoryClient;
  /** Deliveries since then (ISO 8601), newest first; GitHub keeps them for a few days. */
  deliveries(sinceIso: string): Promise<readonly DeliveryFacts[]>;
  /** undefined when GitHub does not have it any more. */
  deliveryPayload(id: string): Promise<DeliveryPayload | undefined>;
  /** Where the App is installed. */
  installations(): Promise<readonly { readonly id: number; readonly suspended: boolean }[]>;
  /** The repositories an installation has given us. */
  repositoriesOf(installationId: number): Promise<readonly Repository[]>;
}
