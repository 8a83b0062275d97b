import { ApiError, notFound, refused } from '../api-error.ts';
import { accountOf, logOf, readCommit, verificationOf } from '../commits.ts';
import type { CommitRecord, Person } from '../commits.ts';
import { diffFiles, diffText, fileShape } from '../diffs.ts';
import { git, isEmpty, resolve } from '../git.ts';
import { refsSeen } from '../lag.ts';
import { param } from '../route.ts';
import type { Answer, RepoCall, Route } from '../route.ts';
import { nodeId, userShape } from '../shapes/accounts.ts';
import { repoPage, repoUrl } from '../shapes/repositories.ts';
import type { Repo, World } from '../world.ts';
import { gitPerson } from './git-objects.ts';

const base = '/repos/{owner}/{repo}';
const read = { access: 'repository', needs: [['contents', 'read']], role: 'read' } as const;

export const commitRoutes: readonly Route[] = [
  { method: 'GET', path: `${base}/branches`, ...read, handle: listBranches },
  { method: 'GET', path: `${base}/compare/{basehead}`, ...read, handle: compare },
  { method: 'GET', path: `${base}/commits`, ...read, handle: listCommits },
  { method: 'GET', path: `${base}/commits/{ref}`, ...read, handle: getCommit },
];

async function listBranches(call: RepoCall): Promise<Answer> {
  const refs = await refsSeen(call, 'refs/heads/');
  const list = refs.map((ref) => ({
    name: ref.ref.replace('refs/heads/', ''),
    commit: { sha: ref.sha, url: `${repoUrl(call.world, call.repo)}/commits/${ref.sha}` },
    protected: false,
  }));
  return { status: 200, list };
}

async function listCommits(call: RepoCall): Promise<Answer> {
  if (await isEmpty(call.repo.gitDir)) throw new ApiError(409, 'Git Repository is empty.');
  const start = await shaOf(call.repo, call.query.get('sha') ?? call.repo.defaultBranch);
  if (start === undefined) throw notFound();
  const path = call.query.get('path');
  const commits = await logOf(call.repo.gitDir, start, ['--max-count=1000', ...(path === null ? [] : ['--', path])]);
  return { status: 200, list: commits.map((commit) => commitShape(call.world, call.repo, commit)) };
}

async function getCommit(call: RepoCall): Promise<Answer> {
  if (await isEmpty(call.repo.gitDir)) throw new ApiError(409, 'Git Repository is empty.');
  const name = param(call, 'ref');
  const sha = await shaOf(call.repo, name);
  if (sha === undefined) throw refused(`No commit found for SHA: ${name}`);
  const { world, repo } = call;
  const commit = await readCommit(repo.gitDir, sha);
  const files = await diffFiles(repo.gitDir, commit.parents[0], sha);
  const additions = files.reduce((sum, file) => sum + file.additions, 0);
  const deletions = files.reduce((sum, file) => sum + file.deletions, 0);
  return {
    status: 200,
    body: {
      ...commitShape(world, repo, commit),
      stats: { total: additions + deletions, additions, deletions },
      files: files.map((file) => fileShape(world, repo, { file, ref: sha })),
    },
  };
}

async function compare(call: RepoCall): Promise<Answer> {
  const { world, repo } = call;
  const [from = '', to = ''] = param(call, 'basehead').split('...').map(withoutOwner);
  const [older, newer] = [await shaOf(repo, from), await shaOf(repo, to)];
  if (older === undefined || newer === undefined) throw notFound();
  const merge = await git(repo.gitDir, ['merge-base', older, newer], { accept: [1] });
  if (merge.code !== 0) throw new ApiError(404, `No common ancestor between ${from} and ${to}.`);
  const fork = merge.out.toString().trim();
  if (/application\/vnd\.github(\.v3)?\.diff/.test(call.accept)) {
    const data = Buffer.from(await diffText(repo.gitDir, fork, newer));
    return { status: 200, bytes: { type: 'application/vnd.github.diff; charset=utf-8', data } };
  }
  const ahead = await logOf(repo.gitDir, `${older}..${newer}`);
  const behind = await logOf(repo.gitDir, `${newer}..${older}`);
  const page = `${repoPage(world, repo)}/compare/${from}...${to}`;
  const found = {
    url: `${repoUrl(world, repo)}/compare/${from}...${to}`,
    html_url: page,
    permalink_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    base_commit: commitShape(world, repo, await readCommit(repo.gitDir, older)),
    merge_base_commit: commitShape(world, repo, await readCommit(repo.gitDir, fork)),
    status: relation(ahead.length, behind.length),
    ahead_by: ahead.length,
    behind_by: behind.length,
    total_commits: ahead.length,
  };
  const commits = ahead.reverse().map((commit) => commitShape(world, repo, commit));
  const files = isLaterPage(call) ? [] : await diffFiles(repo.gitDir, fork, newer);
  const shown = { ...found, files: files.map((file) => fileShape(world, repo, { file, ref: newer })) };
  if (!call.query.has('page') && !call.query.has('per_page')) return { status: 200, body: { ...shown, commits } };
  return { status: 200, list: commits, wrap: (part) => ({ ...shown, commits: part }) };
}

/** The files of a comparison are all on its first page. */
function isLaterPage({ query }: RepoCall): boolean {
  return Number(query.get('page') ?? '1') > 1;
}

/** `owner:branch` names a branch of a fork; we have none but our own. */
function withoutOwner(name: string): string {
  return name.replace(/^[^:/]+:/, '');
}

function relation(ahead: number, behind: number): string {
  if (ahead > 0 && behind > 0) return 'diverged';
  if (ahead > 0) return 'ahead';
  return behind > 0 ? 'behind' : 'identical';
}

/** A branch, tag or sha as the API takes it. */
export async function shaOf(repo: Repo, name: string): Promise<string | undefined> {
  for (const full of [`refs/heads/${name}`, `refs/${name}`, `refs/tags/${name}`, name]) {
    const sha = await resolve(repo.gitDir, `${full}^{commit}`);
    if (sha !== undefined) return sha;
  }
  return undefined;
}

export function commitShape(world: World, repo: Repo, commit: CommitRecord): Record<string, unknown> {
  const url = repoUrl(world, repo);
  const page = `${repoPage(world, repo)}/commit`;
  return {
    sha: commit.sha,
    node_id: nodeId('Commit', commit.sha),
    commit: {
      author: gitPerson(commit.author),
      committer: gitPerson(commit.committer),
      message: commit.message,
      tree: { sha: commit.tree, url: `${url}/git/trees/${commit.tree}` },
      url: `${url}/git/commits/${commit.sha}`,
      comment_count: 0,
      verification: verificationOf(commit),
    },
    url: `${url}/commits/${commit.sha}`,
    html_url: `${page}/${commit.sha}`,
    comments_url: `${url}/commits/${commit.sha}/comments`,
    author: account(world, commit.author),
    committer: account(world, commit.committer),
    parents: commit.parents.map((sha) => ({ sha, url: `${url}/commits/${sha}`, html_url: `${page}/${sha}` })),
  };
}

function account(world: World, person: Person): Record<string, unknown> | null {
  const user = accountOf(world, person);
  return user === undefined ? null : userShape(world, user);
}
