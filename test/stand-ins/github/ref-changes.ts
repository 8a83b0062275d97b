import { countFiles } from './diffs.ts';
import { accountOf, logOf, readCommit } from './commits.ts';
import type { CommitRecord, Person } from './commits.ts';
import { branchSha, git, isAncestor, listRefs } from './git.ts';
import type { Ref } from './git.ts';
import { closePull, emitPull } from './issue-changes.ts';
import { organizationShape, userShape } from './shapes/accounts.ts';
import { repoPage, repositoryShape } from './shapes/repositories.ts';
import { installationOf, iso } from './world.ts';
import type { Issue, Repo, User, World } from './world.ts';

const zero = '0'.repeat(40);

interface Change {
  readonly branch: string;
  readonly before: string;
  readonly after: string;
}

/** Whoever reads refs in order to change them does it alone: of two who make the same branch one is told that it exists. */
export async function exclusively<T>(repo: Repo, run: () => Promise<T>): Promise<T> {
  const turn = repo.refsFree.then(run, run);
  repo.refsFree = turn.catch(() => undefined);
  return turn;
}

/** Everything GitHub does when branches have moved: events, and pull requests that follow their head. */
export async function afterRefChanges(
  world: World,
  repo: Repo,
  moved: { before: readonly Ref[]; by: User },
): Promise<void> {
  const now = await listRefs(repo.gitDir, 'refs/heads/');
  for (const change of changesBetween(moved.before, now)) {
    repo.pushedAt = world.now();
    await tellRef(world, repo, change);
    await emitPush(world, repo, { change, by: moved.by });
    emitCreateOrDelete(world, repo, { change, by: moved.by });
    await followHead(world, repo, { change, by: moved.by });
  }
}

/** Moves a branch, alone, and lets everything follow. `after` undefined deletes it. */
export async function moveBranch(
  world: World,
  repo: Repo,
  move: { ref: string; after: string | undefined; by: User },
): Promise<void> {
  await exclusively(repo, () => moveBranchInTurn(world, repo, move));
}

/** The same for those who have their turn already. */
export async function moveBranchInTurn(
  world: World,
  repo: Repo,
  move: { ref: string; after: string | undefined; by: User },
): Promise<void> {
  const before = await listRefs(repo.gitDir, 'refs/heads/');
  const args = move.after === undefined ? ['update-ref', '-d', move.ref] : ['update-ref', move.ref, move.after];
  await git(repo.gitDir, args);
  await afterRefChanges(world, repo, { before, by: move.by });
}

function changesBetween(before: readonly Ref[], after: readonly Ref[]): Change[] {
  const old = new Map(before.map((ref) => [ref.ref, ref.sha]));
  const fresh = new Map(after.map((ref) => [ref.ref, ref.sha]));
  const names = new Set([...old.keys(), ...fresh.keys()]);
  return [...names].flatMap((ref) => {
    const change = {
      branch: ref.replace('refs/heads/', ''),
      before: old.get(ref) ?? zero,
      after: fresh.get(ref) ?? zero,
    };
    return change.before === change.after ? [] : [change];
  });
}

async function tellRef(world: World, repo: Repo, change: Change): Promise<void> {
  const ref = `refs/heads/${change.branch}`;
  const from = shaOrNull(change.before);
  const to = shaOrNull(change.after);
  repo.refLog.push({ ref, from, to, at: world.now() });
  const common = { what: 'ref', repository: repo.id, ref, from, to } as const;
  if (to === null) {
    world.changes.tell({ ...common, did: 'deleted', parents: [], isForward: true, isSameTree: false });
    return;
  }
  const { parents, tree } = await readCommit(repo.gitDir, to);
  if (from === null) {
    world.changes.tell({ ...common, did: 'created', parents, isForward: true, isSameTree: false });
    return;
  }
  const isForward = parents.includes(from) || (await isAncestor(repo.gitDir, from, to));
  const isSameTree = (await readCommit(repo.gitDir, from)).tree === tree;
  world.changes.tell({ ...common, did: 'moved', parents, isForward, isSameTree });
}

function shaOrNull(sha: string): string | null {
  return sha === zero ? null : sha;
}

async function emitPush(world: World, repo: Repo, push: { change: Change; by: User }): Promise<void> {
  const installation = installationOf(world, repo);
  if (installation === undefined || !world.wants('push')) return;
  const { before, after, branch } = push.change;
  const created = before === zero;
  const deleted = after === zero;
  const forced = !created && !deleted && !(await isAncestor(repo.gitDir, before, after));
  const commits = deleted ? [] : await newCommits(repo, push.change);
  const shapes = await Promise.all(commits.map((commit) => pushedCommit(world, repo, commit)));
  const head = deleted ? undefined : await readCommit(repo.gitDir, after);
  const page = repoPage(world, repo);
  world.emit({
    name: 'push',
    repo,
    installation,
    sender: push.by,
    fields: {
      ref: `refs/heads/${branch}`,
      before,
      after,
      repository: pushRepository(world, repo),
      pusher: { name: push.by.login, email: `${push.by.login}@users.noreply.github.com` },
      created,
      deleted,
      forced,
      base_ref: null,
      compare: created ? `${page}/compare/${branch}` : `${page}/compare/${before.slice(0, 12)}...${after.slice(0, 12)}`,
      commits: shapes,
      head_commit: head === undefined ? null : await pushedCommit(world, repo, head),
    },
  });
}

/** Commits of the branch that no other branch had. */
async function newCommits(repo: Repo, change: Change): Promise<CommitRecord[]> {
  if (change.before !== zero) {
    return (await logOf(repo.gitDir, `${change.before}..${change.after}`, ['--max-count=20'])).reverse();
  }
  const others = (await listRefs(repo.gitDir, 'refs/heads/')).filter(
    (ref) => ref.ref !== `refs/heads/${change.branch}`,
  );
  const without = others.map((ref) => `^${ref.sha}`);
  return (await logOf(repo.gitDir, change.after, ['--max-count=20', ...without])).reverse();
}

async function pushedCommit(world: World, repo: Repo, commit: CommitRecord): Promise<Record<string, unknown>> {
  const files = await countFiles(repo.gitDir, commit.parents[0], commit.sha);
  const named = (status: string) => files.filter((file) => file.status === status).map((file) => file.path);
  return {
    id: commit.sha,
    tree_id: commit.tree,
    distinct: true,
    message: commit.message,
    timestamp: iso(commit.author.at),
    url: `${repoPage(world, repo)}/commit/${commit.sha}`,
    author: pushedPerson(world, commit.author),
    committer: pushedPerson(world, commit.committer),
    added: named('added'),
    removed: named('removed'),
    modified: [...named('modified'), ...named('renamed')],
  };
}

function pushedPerson(world: World, person: Person): Record<string, unknown> {
  const account = accountOf(world, person);
  const username = account === undefined ? {} : { username: account.login };
  return { name: person.name, email: person.email, date: iso(person.at), ...username };
}

/** In a push, and only there, the repository's times are seconds and its owner has a name. */
function pushRepository(world: World, repo: Repo): Record<string, unknown> {
  return {
    ...repositoryShape(world, repo),
    owner: { name: repo.owner.login, email: null, ...userShape(world, repo.owner) },
    url: repoPage(world, repo),
    created_at: Math.floor(repo.createdAt / 1000),
    pushed_at: Math.floor(repo.pushedAt / 1000),
    stargazers: 0,
    master_branch: repo.defaultBranch,
    ...(repo.owner.type === 'Organization' ? { organization: organizationShape(world, repo.owner)['login'] } : {}),
    custom_properties: {},
  };
}

function emitCreateOrDelete(world: World, repo: Repo, at: { change: Change; by: User }): void {
  const installation = installationOf(world, repo);
  const { before, after, branch } = at.change;
  if (installation === undefined || (before !== zero && after !== zero)) return;
  const common = { ref: branch, ref_type: 'branch', pusher_type: 'user' };
  const created = before === zero;
  const fields = created ? { ...common, master_branch: repo.defaultBranch, description: null } : common;
  world.emit({ name: created ? 'create' : 'delete', repo, installation, sender: at.by, fields });
}

/** A pull request's head is where its branch is; without the branch it is closed. */
async function followHead(world: World, repo: Repo, at: { change: Change; by: User }): Promise<void> {
  const { branch, before, after } = at.change;
  for (const issue of repo.issues.values()) {
    if (issue.pull === undefined || issue.state !== 'open') continue;
    if (issue.pull.head !== branch || issue.pull.fork !== undefined) continue;
    if (after === zero) await closePull(world, repo, { issue, by: at.by });
    else await synchronize(world, repo, { issue, by: at.by, before, after });
  }
}

async function synchronize(
  world: World,
  repo: Repo,
  at: { issue: Issue; by: User; before: string; after: string },
): Promise<void> {
  const { issue, before, after } = at;
  if (issue.pull === undefined) return;
  issue.pull.headSha = after;
  // The recorded base moves with a push to the head, not with one to the base.
  issue.pull.baseSha = (await branchSha(repo.gitDir, issue.pull.base)) ?? issue.pull.baseSha;
  issue.updatedAt = world.now();
  await git(repo.gitDir, ['update-ref', `refs/pull/${issue.number}/head`, after]);
  await emitPull(world, repo, { issue, by: at.by, action: 'synchronize', fields: { before, after } });
}
