import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { notAccessible, notFound, refused } from '../api-error.ts';
import { grants } from '../auth.ts';
import { gitHubItself, personOf, readCommit, verificationOf, writeCommit } from '../commits.ts';
import type { CommitRecord, NewCommit, Person } from '../commits.ts';
import { git, gitText, objectType, resolve, writeBlob } from '../git.ts';
import { actingUser, isObject, listField, objectField, param, textField, textsField } from '../route.ts';
import type { Answer, Body, RepoCall, Route } from '../route.ts';
import { nodeId } from '../shapes/accounts.ts';
import { repoPage, repoUrl } from '../shapes/repositories.ts';
import { iso } from '../world.ts';
import type { Repo, World } from '../world.ts';
import { requireContent } from './git-refs.ts';
import { base64Lines } from './repositories.ts';

const base = '/repos/{owner}/{repo}/git';
const read = { access: 'repository', needs: [['contents', 'read']], role: 'read' } as const;
const write = { access: 'repository', needs: [['contents', 'write']], role: 'write' } as const;

export const gitObjectRoutes: readonly Route[] = [
  { method: 'POST', path: `${base}/blobs`, ...write, handle: createBlob },
  { method: 'GET', path: `${base}/blobs/{file_sha}`, ...read, handle: getBlob },
  { method: 'POST', path: `${base}/trees`, ...write, handle: createTree },
  { method: 'GET', path: `${base}/trees/{tree_sha}`, ...read, handle: getTree },
  { method: 'POST', path: `${base}/commits`, ...write, handle: createCommit },
  { method: 'GET', path: `${base}/commits/{commit_sha}`, ...read, handle: getCommit },
];

async function createBlob(call: RepoCall): Promise<Answer> {
  await requireContent(call);
  const content = textField(call.body, 'content') ?? '';
  const encoded = textField(call.body, 'encoding') === 'base64';
  if (encoded && !/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(content)) throw refused('content is not valid Base64');
  const bytes = Buffer.from(content, encoded ? 'base64' : 'utf8');
  const sha = await writeBlob(call.repo.gitDir, bytes);
  tell(call, 'blob', sha);
  const url = `${repoUrl(call.world, call.repo)}/git/blobs/${sha}`;
  return { status: 201, body: { sha, url }, headers: { location: url } };
}

async function getBlob(call: RepoCall): Promise<Answer> {
  await requireContent(call);
  const sha = param(call, 'file_sha');
  if ((await objectType(call.repo.gitDir, sha)) !== 'blob') throw notFound();
  const { out } = await git(call.repo.gitDir, ['cat-file', 'blob', sha]);
  if (/application\/vnd\.github(\.v3)?\.raw/.test(call.accept)) {
    return { status: 200, bytes: { type: 'application/vnd.github.raw; charset=utf-8', data: out } };
  }
  return {
    status: 200,
    body: {
      sha,
      node_id: nodeId('Blob', sha),
      size: out.length,
      url: `${repoUrl(call.world, call.repo)}/git/blobs/${sha}`,
      content: base64Lines(out),
      encoding: 'base64',
    },
  };
}

function tell({ world, repo }: RepoCall, kind: 'blob' | 'tree' | 'commit', sha: string): void {
  world.changes.tell({ what: 'object', did: 'created', repository: repo.id, kind, sha });
}

interface TreeEntry {
  readonly path: string;
  readonly mode: string;
  readonly sha: string | null;
}

async function createTree(call: RepoCall): Promise<Answer> {
  await requireContent(call);
  const { gitDir } = call.repo;
  const items = (listField(call.body, 'tree') ?? []).filter(isObject);
  if (items.length === 0) throw refused('Invalid tree info');
  const entries: TreeEntry[] = [];
  for (const item of items) entries.push(await readEntry(call, item));
  const index = join(gitDir, `index-${call.world.nextId()}`);
  const env = { GIT_INDEX_FILE: index };
  try {
    await readBase(call, env);
    await applyEntries(gitDir, entries, env);
    const sha = await gitText(gitDir, ['write-tree'], { env });
    tell(call, 'tree', sha);
    return { status: 201, body: await treeShape(call, sha, false) };
  } finally {
    await rm(index, { force: true });
  }
}

async function readBase(call: RepoCall, env: Record<string, string>): Promise<void> {
  const baseTree = textField(call.body, 'base_tree');
  if (baseTree === undefined) return;
  const tree = /^[0-9a-f]{40}$/.test(baseTree) ? await resolve(call.repo.gitDir, `${baseTree}^{tree}`) : undefined;
  if (tree === undefined) throw refused('base_tree is not a valid tree oid');
  await git(call.repo.gitDir, ['read-tree', tree], { env });
}

const types: Readonly<Record<string, string>> = { '040000': 'tree', '160000': 'commit' };

async function readEntry(call: RepoCall, item: Body): Promise<TreeEntry> {
  const { gitDir } = call.repo;
  const path = textField(item, 'path') ?? '';
  const mode = textField(item, 'mode') ?? '100644';
  checkPath(call, path);
  const content = textField(item, 'content');
  if (content !== undefined) {
    if ('sha' in item) throw refused('Must supply either tree.sha or tree.content, not both.');
    return { path, mode, sha: await writeBlob(gitDir, content) };
  }
  if (item['sha'] === null) return { path, mode, sha: null };
  const sha = textField(item, 'sha') ?? '';
  const type = types[mode] ?? 'blob';
  // A submodule's commit is in another repository.
  const known = type === 'commit' ? /^[0-9a-f]{40}$/.test(sha) : (await objectType(gitDir, sha)) === type;
  if (!known) throw refused(`tree.sha ${sha} is not a valid ${type}`);
  return { path, mode, sha };
}

/** Only an App that may write workflows may name one. */
function checkPath(call: RepoCall, path: string): void {
  const parts = path.split('/');
  if (parts.some((part) => ['', '.', '..'].includes(part) || part.toLowerCase() === '.git')) {
    throw refused('tree.path contains a malformed path component');
  }
  const { actor } = call;
  const mayWriteWorkflows = actor.type !== 'installation' || grants(actor.token.permissions, ['workflows', 'write']);
  if (path.startsWith('.github/workflows/') && !mayWriteWorkflows) throw notAccessible();
}

async function applyEntries(gitDir: string, entries: readonly TreeEntry[], env: Record<string, string>): Promise<void> {
  for (const { path } of entries.filter((entry) => entry.sha === null)) {
    const known = await gitText(gitDir, ['--literal-pathspecs', 'ls-files', '-z', '--', path], { env });
    // GitHub's own words for taking away what is not there.
    if (known === '') throw refused('GitRPC::BadObjectState');
  }
  const folders = entries.filter((entry) => entry.mode === '040000');
  for (const { path, sha } of folders) {
    await removeUnder(gitDir, path, env);
    if (sha !== null) await git(gitDir, ['read-tree', `--prefix=${path}/`, sha], { env });
  }
  const lines = entries
    .filter((entry) => entry.mode !== '040000')
    .map(({ path, mode, sha }) => `${sha === null ? '0' : mode} ${sha ?? '0'.repeat(40)}\t${path}\0`);
  const deletions = lines.filter((line) => line.startsWith('0 '));
  const additions = lines.filter((line) => !line.startsWith('0 '));
  const update = ['update-index', '--replace', '-z', '--index-info'];
  await git(gitDir, update, { env, input: [...deletions, ...additions].join('') });
}

async function removeUnder(gitDir: string, path: string, env: Record<string, string>): Promise<void> {
  const inside = await gitText(gitDir, ['--literal-pathspecs', 'ls-files', '-z', '--', path], { env });
  const lines = inside.split('\0').filter((file) => file !== '');
  const input = lines.map((file) => `0 ${'0'.repeat(40)}\t${file}\0`).join('');
  await git(gitDir, ['update-index', '-z', '--index-info'], { env, input });
}

async function getTree(call: RepoCall): Promise<Answer> {
  await requireContent(call);
  const name = param(call, 'tree_sha');
  const sha =
    (await resolve(call.repo.gitDir, `${name}^{tree}`)) ??
    (await resolve(call.repo.gitDir, `refs/heads/${name}^{tree}`));
  if (sha === undefined) throw notFound();
  return { status: 200, body: await treeShape(call, sha, call.query.has('recursive')) };
}

const longestTree = 100_000;

async function treeShape(call: RepoCall, sha: string, recursive: boolean): Promise<Record<string, unknown>> {
  const url = `${repoUrl(call.world, call.repo)}/git`;
  const flags = recursive ? ['-r', '-t'] : [];
  const text = (await git(call.repo.gitDir, ['ls-tree', '-l', '-z', ...flags, sha])).out.toString();
  const rows = text.split('\0').filter((row) => row !== '');
  const tree = rows.slice(0, longestTree).map((row) => {
    const [, mode = '', type = '', id = '', size = '', path = ''] =
      /^(\d+) (\w+) (\w+) +(\S+)\t([^]*)$/.exec(row) ?? [];
    const measured = type === 'blob' ? { size: Number(size) } : {};
    const linked = type === 'commit' ? {} : { url: `${url}/${type}s/${id}` };
    return { path, mode, type, sha: id, ...measured, ...linked };
  });
  return { sha, url: `${url}/trees/${sha}`, tree, truncated: rows.length > longestTree };
}

async function createCommit(call: RepoCall): Promise<Answer> {
  await requireContent(call);
  const { gitDir } = call.repo;
  const tree = String(call.body['tree']);
  const parents = textsField(call.body, 'parents');
  if ((await objectType(gitDir, tree)) !== 'tree') throw refused('Tree SHA does not exist');
  for (const parent of parents) {
    if ((await objectType(gitDir, parent)) !== 'commit') {
      throw refused('Parent SHA does not exist or is not a commit object');
    }
  }
  const message = String(call.body['message']);
  const sha = await writeCommit(gitDir, { tree, parents, message, ...signers(call) });
  tell(call, 'commit', sha);
  const shape = gitCommitShape(call.world, call.repo, await readCommit(gitDir, sha));
  return { status: 201, body: shape, headers: { location: String(shape['url']) } };
}

/** Without author and committer the App is the author and GitHub commits and signs; with either of them it doesn't. */
function signers(call: RepoCall): Pick<NewCommit, 'author' | 'committer' | 'sign'> {
  const author = objectField(call.body, 'author');
  const committer = objectField(call.body, 'committer');
  const now = call.world.now();
  const self = personOf(actingUser(call), now);
  const byBot = call.actor.type === 'installation';
  if (author === undefined && committer === undefined) {
    return { author: self, committer: byBot ? gitHubItself(now) : self, sign: byBot };
  }
  const named = author === undefined ? self : personIn(author, now);
  return { author: named, committer: committer === undefined ? named : personIn(committer, now), sign: false };
}

function personIn(body: Body, now: number): Person {
  const date = textField(body, 'date');
  return {
    name: textField(body, 'name') ?? '',
    email: textField(body, 'email') ?? '',
    at: date === undefined ? now : Date.parse(date),
  };
}

async function getCommit(call: RepoCall): Promise<Answer> {
  await requireContent(call);
  const sha = param(call, 'commit_sha');
  if ((await objectType(call.repo.gitDir, sha)) !== 'commit') throw notFound();
  return { status: 200, body: gitCommitShape(call.world, call.repo, await readCommit(call.repo.gitDir, sha)) };
}

function gitCommitShape(world: World, repo: Repo, commit: CommitRecord): Record<string, unknown> {
  const url = repoUrl(world, repo);
  const page = `${repoPage(world, repo)}/commit`;
  return {
    sha: commit.sha,
    node_id: nodeId('Commit', commit.sha),
    url: `${url}/git/commits/${commit.sha}`,
    html_url: `${page}/${commit.sha}`,
    author: gitPerson(commit.author),
    committer: gitPerson(commit.committer),
    tree: { sha: commit.tree, url: `${url}/git/trees/${commit.tree}` },
    message: commit.message,
    parents: commit.parents.map((sha) => ({ sha, url: `${url}/git/commits/${sha}`, html_url: `${page}/${sha}` })),
    verification: verificationOf(commit),
  };
}

export function gitPerson(person: Person): Record<string, string> {
  return { name: person.name, email: person.email, date: iso(person.at) };
}
