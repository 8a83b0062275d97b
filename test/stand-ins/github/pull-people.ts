import { branchSha, git } from './git.ts';
import { addIssue, emitPull, tellIssue } from './issue-changes.ts';
import type { FileContent } from './new-repository.ts';
import { makeCommit, repoIn } from './people.ts';
import type { By, RepositoryRef } from './people.ts';
import { issueView } from './repository-handle.ts';
import type { IssueView } from './repository-handle.ts';
import { pullOf } from './shapes/pulls.ts';
import { ensureUser } from './world.ts';
import type { Fork, Issue, Repo, World } from './world.ts';

interface NewPull extends By {
  readonly title: string;
  readonly body?: string;
  readonly draft?: boolean;
  /** The default branch if not said. */
  readonly base?: string;
}

/** What people do with pull requests of their own: each sends the events that GitHub sends. */
export interface PullPeople {
  /** From a branch that is there. */
  openPull(repo: RepositoryRef, pull: NewPull & { head: string }): Promise<IssueView>;
  /** From a branch `patch` in a copy of theirs, with these files changed. */
  openPullFromFork(
    repo: RepositoryRef,
    pull: NewPull & { files: Readonly<Record<string, FileContent>> },
  ): Promise<IssueView>;
  /** The copy that a pull request came from is deleted; the pull request stays. */
  deleteFork(repo: RepositoryRef, number: number, by: By): void;
  /** A draft becomes ready for review. */
  readyPull(repo: RepositoryRef, number: number, by: By): Promise<void>;
}

export function createPullPeople(world: World): PullPeople {
  return {
    openPull: async (ref, pull) => {
      const repo = repoIn(world, ref);
      const headSha = await branchSha(repo.gitDir, pull.head);
      if (headSha === undefined) throw new Error(`there is no branch ${pull.head}`);
      return open(world, repo, { ...pull, headSha });
    },
    openPullFromFork: async (ref, pull) => {
      const repo = repoIn(world, ref);
      const headSha = await makeCommit(world, repo, { ...pull, branch: repo.defaultBranch });
      const fork = { id: world.nextId(), owner: ensureUser(world, pull.by), isGone: false };
      return open(world, repo, { ...pull, head: 'patch', headSha, fork });
    },
    deleteFork: (ref, number) => {
      const { fork } = pullOf(issueIn(world, ref, number));
      if (fork === undefined) throw new Error(`#${number} is not from a fork`);
      fork.isGone = true;
    },
    readyPull: async (ref, number, by) => {
      const issue = issueIn(world, ref, number);
      pullOf(issue).draft = false;
      issue.updatedAt = world.now();
      await emitPull(world, repoIn(world, ref), { issue, by: ensureUser(world, by.by), action: 'ready_for_review' });
    },
  };
}

async function open(
  world: World,
  repo: Repo,
  wanted: NewPull & { readonly head: string; readonly headSha: string; readonly fork?: Fork },
): Promise<IssueView> {
  const { title, body = null, draft = false, base = repo.defaultBranch, head, headSha, fork } = wanted;
  const by = ensureUser(world, wanted.by);
  const baseSha = await branchSha(repo.gitDir, base);
  if (baseSha === undefined) throw new Error(`there is no branch ${base}`);
  const ends = { head, headSha, base, baseSha, ...(fork && { fork }) };
  const merge = { mergedAt: undefined, mergedBy: undefined, mergeSha: null };
  const pull = {
    id: world.nextId(),
    ...ends,
    draft,
    ...merge,
    requestedReviewers: [],
    reviews: [],
    mergeKnown: undefined,
  };
  const issue = addIssue(world, repo, { title, body, by, pull });
  tellIssue(world, repo, issue, { did: 'opened' });
  await git(repo.gitDir, ['update-ref', `refs/pull/${issue.number}/head`, headSha]);
  await emitPull(world, repo, { issue, by, action: 'opened' });
  return issueView(world, repo, issue);
}

function issueIn(world: World, ref: RepositoryRef, number: number): Issue {
  const issue = repoIn(world, ref).issues.get(number);
  if (issue === undefined) throw new Error(`there is no #${number}`);
  return issue;
}
