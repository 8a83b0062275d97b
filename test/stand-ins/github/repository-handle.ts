import { logOf, readCommit } from './commits.ts';
import type { CommitRecord } from './commits.ts';
import { branchSha, git, gitText, listRefs, resolve } from './git.ts';
import { threadOf, threadsOf } from './review-changes.ts';
import { commentsOf, issuePage } from './shapes/issues.ts';
import { installationOf, iso } from './world.ts';
import type { CheckRun, Comment, Issue, Reaction, Repo, Review, World } from './world.ts';

export interface IssueView {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly author: string;
  readonly state: 'open' | 'closed';
  readonly stateReason: string | null;
  readonly locked: boolean;
  readonly labels: readonly string[];
  readonly assignees: readonly string[];
  readonly isPull: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly url: string;
}

export interface CommentView {
  readonly id: number;
  readonly issueNumber: number;
  readonly author: string;
  readonly body: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface ReactionView {
  readonly content: string;
  readonly user: string;
}

export interface PullView extends IssueView {
  readonly draft: boolean;
  readonly merged: boolean;
  readonly head: string;
  readonly headSha: string;
  readonly base: string;
  readonly baseSha: string;
  readonly requestedReviewers: readonly string[];
  readonly reviews: readonly { readonly author: string; readonly state: string; readonly body: string }[];
}

/** A conversation on lines of a pull request. */
export interface ReviewThreadView {
  readonly path: string;
  /** The line it began on. */
  readonly line: number;
  /** Login of who resolved it; undefined while it is open. */
  readonly resolvedBy: string | undefined;
  readonly comments: readonly {
    readonly id: number;
    readonly author: string;
    readonly body: string;
    readonly reactions: readonly ReactionView[];
  }[];
}

export interface CheckRunView {
  readonly id: number;
  readonly name: string;
  readonly headSha: string;
  readonly status: string;
  readonly conclusion: string | null;
  readonly title: string | null;
  readonly summary: string | null;
  readonly text: string | null;
  readonly detailsUrl: string;
  readonly annotations: readonly Readonly<Record<string, unknown>>[];
  readonly actions: readonly unknown[];
}

export interface BranchView {
  readonly name: string;
  readonly sha: string;
}

export interface FileView {
  readonly path: string;
  readonly mode: string;
  readonly sha: string;
}

/** A repository of the stand-in as tests see it: its identity, and what is in it now. */
export interface RepositoryHandle {
  readonly id: number;
  readonly owner: string;
  readonly name: string;
  readonly installationId: number;
  /** The bare repository. */
  readonly gitDir: string;
  readonly cloneUrl: string;
  readonly defaultBranch: string;
  issues(): readonly IssueView[];
  issue(number: number): IssueView | undefined;
  comments(issueNumber: number): readonly CommentView[];
  /** Reactions to the issue or pull request itself. */
  reactions(issueNumber: number): readonly ReactionView[];
  commentReactions(commentId: number): readonly ReactionView[];
  /** Oldest first. */
  reviewThreads(pullNumber: number): readonly ReviewThreadView[];
  pulls(): readonly PullView[];
  pull(number: number): PullView | undefined;
  /** All check runs, oldest first; of one commit if its sha is given. */
  checkRuns(headSha?: string): readonly CheckRunView[];
  branches(): Promise<readonly BranchView[]>;
  branchSha(branch: string): Promise<string | undefined>;
  /** Newest first; a branch, a sha or a range `a..b`. */
  commits(range?: string): Promise<readonly CommitRecord[]>;
  commit(sha: string): Promise<CommitRecord>;
  /** The unified difference between two commits. */
  diff(from: string, to: string): Promise<string>;
  files(ref?: string): Promise<readonly FileView[]>;
  /** undefined when there is no such file. */
  file(path: string, ref?: string): Promise<Buffer | undefined>;
}

export function repositoryHandle(world: World, repo: Repo): RepositoryHandle {
  const installationId = installationOf(world, repo)?.id ?? 0;
  return {
    id: repo.id,
    get owner() {
      return repo.owner.login;
    },
    get name() {
      return repo.name;
    },
    installationId,
    gitDir: repo.gitDir,
    get cloneUrl() {
      return `${world.url}/${repo.owner.login}/${repo.name}.git`;
    },
    get defaultBranch() {
      return repo.defaultBranch;
    },
    ...issueReaders(world, repo),
    ...gitReaders(repo),
  };
}

function issueReaders(world: World, repo: Repo) {
  const all = () => [...repo.issues.values()];
  return {
    issues: () => all().map((issue) => issueView(world, repo, issue)),
    issue: (number: number) => optional(repo.issues.get(number), (issue) => issueView(world, repo, issue)),
    comments: (issueNumber: number) => commentsOf(repo, issueNumber).map(commentView),
    reactions: (issueNumber: number) => (repo.issues.get(issueNumber)?.reactions ?? []).map(reactionView),
    commentReactions: (commentId: number) => (repo.comments.get(commentId)?.reactions ?? []).map(reactionView),
    reviewThreads: (pullNumber: number) => reviewThreadViews(repo, pullNumber),
    pulls: () => all().flatMap((issue) => optional(pullView(world, repo, issue), (pull) => [pull]) ?? []),
    pull: (number: number) => optional(repo.issues.get(number), (issue) => pullView(world, repo, issue)),
    checkRuns: (headSha?: string) =>
      [...repo.checkRuns.values()].filter((run) => headSha === undefined || run.headSha === headSha).map(checkRunView),
  };
}

function gitReaders(repo: Repo) {
  const { gitDir } = repo;
  return {
    branches: async () =>
      (await listRefs(gitDir, 'refs/heads/')).map(({ ref, sha }) => ({ name: ref.replace('refs/heads/', ''), sha })),
    branchSha: async (branch: string) => branchSha(gitDir, branch),
    commits: async (range?: string) => logOf(gitDir, range ?? repo.defaultBranch),
    commit: async (sha: string) => readCommit(gitDir, sha),
    diff: async (from: string, to: string) => gitText(gitDir, ['diff', '--no-ext-diff', from, to]),
    files: async (ref?: string) => {
      const text = await gitText(gitDir, ['ls-tree', '-r', '-z', ref ?? repo.defaultBranch]);
      return text.split('\0').flatMap((line) => {
        const [, mode = '', sha = '', path = ''] = /^(\d+) \w+ (\w+)\t([^]*)$/.exec(line) ?? [];
        return path === '' ? [] : [{ path, mode, sha }];
      });
    },
    file: async (path: string, ref?: string) => {
      const sha = await resolve(gitDir, `${ref ?? repo.defaultBranch}:${path}`);
      return sha === undefined ? undefined : (await git(gitDir, ['cat-file', 'blob', sha])).out;
    },
  };
}

function optional<T, V>(value: T | undefined, view: (value: T) => V): V | undefined {
  return value === undefined ? undefined : view(value);
}

export function issueView(world: World, repo: Repo, issue: Issue): IssueView {
  return {
    number: issue.number,
    title: issue.title,
    body: issue.body ?? '',
    author: issue.user.login,
    state: issue.state,
    stateReason: issue.stateReason,
    locked: issue.locked,
    labels: issue.labels.map((label) => label.name),
    assignees: issue.assignees.map((user) => user.login),
    isPull: issue.pull !== undefined,
    createdAt: iso(issue.createdAt),
    updatedAt: iso(issue.updatedAt),
    url: issuePage(world, repo, issue),
  };
}

export function commentView(comment: Comment): CommentView {
  return {
    id: comment.id,
    issueNumber: comment.issueNumber,
    author: comment.user.login,
    body: comment.body,
    createdAt: iso(comment.createdAt),
    updatedAt: iso(comment.updatedAt),
  };
}

function reviewThreadViews(repo: Repo, pullNumber: number): readonly ReviewThreadView[] {
  return threadsOf(repo, pullNumber).map((first) => ({
    path: first.place.path,
    line: first.place.line,
    resolvedBy: repo.resolved.get(first.id)?.login,
    comments: threadOf(repo, first).map(({ id, user, body, reactions }) => {
      return { id, author: user.login, body, reactions: reactions.map(reactionView) };
    }),
  }));
}

function reactionView(reaction: Reaction): ReactionView {
  return { content: reaction.content, user: reaction.user.login };
}

function pullView(world: World, repo: Repo, issue: Issue): PullView | undefined {
  const { pull } = issue;
  if (pull === undefined) return undefined;
  return {
    ...issueView(world, repo, issue),
    draft: pull.draft,
    merged: pull.mergedAt !== undefined,
    head: pull.head,
    headSha: pull.headSha,
    base: pull.base,
    baseSha: pull.baseSha,
    requestedReviewers: pull.requestedReviewers.map((user) => user.login),
    reviews: pull.reviews.map(reviewView),
  };
}

function reviewView(review: Review): PullView['reviews'][number] {
  return { author: review.user.login, state: review.state, body: review.body };
}

function checkRunView(run: CheckRun): CheckRunView {
  const { id, name, headSha, status, conclusion, title, summary, text, detailsUrl, annotations, actions } = run;
  return { id, name, headSha, status, conclusion, title, summary, text, detailsUrl, annotations, actions };
}
