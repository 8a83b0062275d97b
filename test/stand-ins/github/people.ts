import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gitHubItself, personOf, writeCommit } from './commits.ts';
import { branchSha, git, gitText, resolve } from './git.ts';
import {
  addComment,
  addLabels,
  closePull,
  deleteComment,
  editComment,
  editIssue,
  openIssue,
  removeLabel,
  reopenPull,
  setState,
} from './issue-changes.ts';
import { stageFiles } from './new-repository.ts';
import type { FileContent } from './new-repository.ts';
import { createOtherApps } from './other-apps.ts';
import type { OtherApps } from './other-apps.ts';
import { createPullPeople } from './pull-people.ts';
import type { PullPeople } from './pull-people.ts';
import { deleteIssue, setLock, transferIssue } from './removals.ts';
import { moveBranch } from './ref-changes.ts';
import { commentView, issueView } from './repository-handle.ts';
import type { CommentView, IssueView } from './repository-handle.ts';
import { createReviewPeople } from './review-people.ts';
import type { ReviewPeople } from './review-people.ts';
import { ensureUser } from './world.ts';
import type { Comment, Issue, Repo, Role, World } from './world.ts';

/** Names a repository of the stand-in; a handle does. */
export interface RepositoryRef {
  readonly id: number;
}

export interface By {
  /** Login of the person; somebody new is added on the way. */
  readonly by: string;
}

export interface PushedCommit extends By {
  /** Made from the default branch when it doesn't exist yet. */
  readonly branch: string;
  readonly message?: string;
  /** null deletes the file. */
  readonly files: Readonly<Record<string, FileContent | null>>;
  /** Replaces the branch's last commit, as a forced push does. */
  readonly amend?: boolean;
}

/** What people do on GitHub's pages: each sends the events that GitHub sends. */
export interface People extends PullPeople, OtherApps, ReviewPeople {
  openIssue(
    repo: RepositoryRef,
    issue: By & { title: string; body?: string | null; labels?: readonly string[] },
  ): Promise<IssueView>;
  editIssue(repo: RepositoryRef, number: number, change: By & { title?: string; body?: string }): Promise<void>;
  closeIssue(repo: RepositoryRef, number: number, by: By): Promise<void>;
  reopenIssue(repo: RepositoryRef, number: number, by: By): Promise<void>;
  lockIssue(repo: RepositoryRef, number: number, by: By): Promise<void>;
  unlockIssue(repo: RepositoryRef, number: number, by: By): Promise<void>;
  /** Its comments go with it; afterwards GitHub answers 410. */
  deleteIssue(repo: RepositoryRef, number: number, by: By): Promise<void>;
  /** Into another repository of the same owner, with its comments; the old address answers 301. Returns it as it is there. */
  transferIssue(repo: RepositoryRef, number: number, to: RepositoryRef, by: By): Promise<IssueView>;
  addLabel(repo: RepositoryRef, number: number, label: string, by: By): Promise<void>;
  removeLabel(repo: RepositoryRef, number: number, label: string, by: By): Promise<void>;
  /** On an issue or a pull request. */
  comment(repo: RepositoryRef, number: number, body: string, by: By): Promise<CommentView>;
  editComment(repo: RepositoryRef, commentId: number, body: string, by: By): Promise<void>;
  deleteComment(repo: RepositoryRef, commentId: number, by: By): Promise<void>;
  /** Returns the new commit's sha. */
  pushCommit(repo: RepositoryRef, commit: PushedCommit): Promise<string>;
  deleteBranch(repo: RepositoryRef, branch: string, by: By): Promise<void>;
  closePull(repo: RepositoryRef, number: number, by: By): Promise<void>;
  reopenPull(repo: RepositoryRef, number: number, by: By): Promise<void>;
  /** A merge commit on the base branch. */
  mergePull(repo: RepositoryRef, number: number, by: By): Promise<void>;
  setPermission(repo: RepositoryRef, login: string, role: Role): void;
}

export function createPeople(world: World): People {
  return {
    ...issuePeople(world),
    ...commentPeople(world),
    ...pullPeople(world),
    ...codePeople(world),
    ...createPullPeople(world),
    ...createOtherApps(world),
    ...createReviewPeople(world),
  };
}

function issuePeople(world: World) {
  const user = (at: By) => ensureUser(world, at.by);
  const act = (ref: RepositoryRef, number: number) => issueIn(world, ref, number);
  return {
    openIssue: async (ref: RepositoryRef, issue: Parameters<People['openIssue']>[1]) => {
      const repo = repoIn(world, ref);
      const { title, body = null, labels = [] } = issue;
      return issueView(world, repo, await openIssue(world, repo, { title, body, labels, by: user(issue) }));
    },
    editIssue: async (ref: RepositoryRef, number: number, change: By & { title?: string; body?: string }) => {
      const { repo, issue } = act(ref, number);
      await editIssue(world, repo, { issue, title: change.title, body: change.body, by: user(change) });
    },
    closeIssue: async (ref: RepositoryRef, number: number, by: By) => {
      const { repo, issue } = act(ref, number);
      setState(world, repo, { issue, state: 'closed', by: user(by) });
    },
    reopenIssue: async (ref: RepositoryRef, number: number, by: By) => {
      const { repo, issue } = act(ref, number);
      setState(world, repo, { issue, state: 'open', by: user(by) });
    },
    lockIssue: async (ref: RepositoryRef, number: number, by: By) => {
      await setLock(world, act(ref, number), { by: user(by), action: 'locked' });
    },
    unlockIssue: async (ref: RepositoryRef, number: number, by: By) => {
      await setLock(world, act(ref, number), { by: user(by), action: 'unlocked' });
    },
    deleteIssue: async (ref: RepositoryRef, number: number, by: By) => {
      const { repo, issue } = act(ref, number);
      deleteIssue(world, repo, { issue, by: user(by) });
    },
    transferIssue: async (ref: RepositoryRef, number: number, target: RepositoryRef, by: By) => {
      const { repo, issue } = act(ref, number);
      const to = repoIn(world, target);
      return issueView(world, to, await transferIssue(world, repo, { issue, to, by: user(by) }));
    },
    addLabel: async (ref: RepositoryRef, number: number, label: string, by: By) => {
      const { repo, issue } = act(ref, number);
      await addLabels(world, repo, { issue, names: [label], by: user(by) });
    },
    removeLabel: async (ref: RepositoryRef, number: number, label: string, by: By) => {
      const { repo, issue } = act(ref, number);
      await removeLabel(world, repo, { issue, name: label, by: user(by) });
    },
  };
}

function commentPeople(world: World) {
  return {
    comment: async (ref: RepositoryRef, number: number, body: string, by: By) => {
      const { repo, issue } = issueIn(world, ref, number);
      return commentView(addComment(world, repo, { issue, body, by: ensureUser(world, by.by) }));
    },
    editComment: async (ref: RepositoryRef, commentId: number, body: string, by: By) => {
      const { repo, comment } = commentIn(world, ref, commentId);
      editComment(world, repo, { comment, body, by: ensureUser(world, by.by) });
    },
    deleteComment: async (ref: RepositoryRef, commentId: number, by: By) => {
      const { repo, comment } = commentIn(world, ref, commentId);
      deleteComment(world, repo, { comment, by: ensureUser(world, by.by) });
    },
  };
}

function pullPeople(world: World) {
  return {
    closePull: async (ref: RepositoryRef, number: number, by: By) => {
      const { repo, issue } = issueIn(world, ref, number);
      await closePull(world, repo, { issue, by: ensureUser(world, by.by) });
    },
    reopenPull: async (ref: RepositoryRef, number: number, by: By) => {
      const { repo, issue } = issueIn(world, ref, number);
      await reopenPull(world, repo, { issue, by: ensureUser(world, by.by) });
    },
    mergePull: async (ref: RepositoryRef, number: number, by: By) => {
      await merge(world, issueIn(world, ref, number), by);
    },
    setPermission: (ref: RepositoryRef, login: string, role: Role) => {
      const { collaborators } = repoIn(world, ref);
      const { id } = ensureUser(world, login);
      if (role === 'none') collaborators.delete(id);
      else collaborators.set(id, role);
    },
  };
}

function codePeople(world: World) {
  return {
    pushCommit: async (ref: RepositoryRef, commit: PushedCommit) => pushCommit(world, repoIn(world, ref), commit),
    deleteBranch: async (ref: RepositoryRef, branch: string, by: By) => {
      const move = { ref: `refs/heads/${branch}`, after: undefined, by: ensureUser(world, by.by) };
      await moveBranch(world, repoIn(world, ref), move);
    },
  };
}

async function pushCommit(world: World, repo: Repo, commit: PushedCommit): Promise<string> {
  const by = ensureUser(world, commit.by);
  const sha = await makeCommit(world, repo, commit);
  await moveBranch(world, repo, { ref: `refs/heads/${commit.branch}`, after: sha, by });
  return sha;
}

/** The commit alone, on top of the branch or else of the default branch; nothing points at it yet. */
export async function makeCommit(world: World, repo: Repo, commit: PushedCommit): Promise<string> {
  const { gitDir } = repo;
  const by = ensureUser(world, commit.by);
  const tip = (await branchSha(gitDir, commit.branch)) ?? (await branchSha(gitDir, repo.defaultBranch));
  const earlier = tip === undefined ? undefined : await resolve(gitDir, `${tip}^{commit}^`);
  const parent = commit.amend === true ? earlier : tip;
  const index = join(gitDir, `index-${world.nextId()}`);
  const env = { GIT_INDEX_FILE: index };
  if (tip !== undefined) await git(gitDir, ['read-tree', tip], { env });
  await stageFiles(gitDir, commit.files, env);
  const tree = await gitText(gitDir, ['write-tree'], { env });
  await rm(index, { force: true });
  const author = personOf(by, world.now());
  const message = `${commit.message ?? 'Change files'}\n`;
  const parents = parent === undefined ? [] : [parent];
  return writeCommit(gitDir, { tree, parents, message, author, committer: author, sign: false });
}

async function merge(world: World, at: { repo: Repo; issue: Issue }, by: By): Promise<void> {
  const { repo, issue } = at;
  const { pull } = issue;
  const base = pull === undefined ? undefined : await branchSha(repo.gitDir, pull.base);
  if (pull === undefined || base === undefined) throw new Error(`#${issue.number} can't be merged`);
  const user = ensureUser(world, by.by);
  const tree = (await gitText(repo.gitDir, ['merge-tree', '--write-tree', base, pull.headSha])).split('\n')[0] ?? '';
  const sha = await writeCommit(repo.gitDir, {
    tree,
    parents: [base, pull.headSha],
    message: `Merge pull request #${issue.number} from ${repo.owner.login}/${pull.head}\n\n${issue.title}\n`,
    author: personOf(user, world.now()),
    committer: gitHubItself(world.now()),
    sign: true,
  });
  pull.mergedAt = world.now();
  pull.mergedBy = user;
  pull.mergeSha = sha;
  await moveBranch(world, repo, { ref: `refs/heads/${pull.base}`, after: sha, by: user });
  await closePull(world, repo, { issue, by: user });
}

export function repoIn(world: World, ref: RepositoryRef): Repo {
  const repo = world.repos.get(ref.id);
  if (repo === undefined) throw new Error(`the stand-in has no repository ${ref.id}`);
  return repo;
}

export function issueIn(world: World, ref: RepositoryRef, number: number): { repo: Repo; issue: Issue } {
  const repo = repoIn(world, ref);
  const issue = repo.issues.get(number);
  if (issue === undefined) throw new Error(`${repo.name} has no issue #${number}`);
  return { repo, issue };
}

function commentIn(world: World, ref: RepositoryRef, id: number): { repo: Repo; comment: Comment } {
  const repo = repoIn(world, ref);
  const comment = repo.comments.get(id);
  if (comment === undefined) throw new Error(`${repo.name} has no comment ${id}`);
  return { repo, comment };
}
