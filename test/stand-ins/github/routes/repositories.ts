import { ApiError, notFound } from '../api-error.ts';
import { git, gitText, objectType, resolve } from '../git.ts';
import { actingUser, objectField, param } from '../route.ts';
import { emitDispatch } from '../other-apps.ts';
import type { Answer, RepoCall, Route } from '../route.ts';
import { userShape } from '../shapes/accounts.ts';
import { fullRepositoryShape, permissionFlags, repoPage, repoUrl } from '../shapes/repositories.ts';
import { findUser, roleOf } from '../world.ts';
import type { Repo, Role, World } from '../world.ts';

const repo = '/repos/{owner}/{repo}';
const dispatches = { access: 'repository', needs: [['contents', 'write']], role: 'write' } as const;
const metadata = { access: 'repository', needs: [['metadata', 'read']], role: 'read' } as const;
const contents = { access: 'repository', needs: [['contents', 'read']], role: 'read' } as const;

export const repositoryRoutes: readonly Route[] = [
  { method: 'GET', path: repo, ...metadata, handle: getRepository },
  {
    method: 'GET',
    path: `${repo}/collaborators/{username}/permission`,
    ...metadata,
    role: 'write',
    handle: getPermission,
  },
  { method: 'POST', path: `${repo}/dispatches`, ...dispatches, handle: dispatch },
  { method: 'GET', path: `${repo}/contents/{path}`, ...contents, handle: getContents },
];

function dispatch(call: RepoCall): Answer {
  const { world, body } = call;
  const event = { type: String(body['event_type']), payload: objectField(body, 'client_payload') ?? {} };
  emitDispatch(world, call.repo, { ...event, by: actingUser(call) });
  return { status: 204 };
}

function getRepository(call: RepoCall): Answer {
  const role = call.actor.type === 'user' ? roleOf(call.repo, actingUser(call)) : 'none';
  return { status: 200, body: fullRepositoryShape(call.world, call.repo, role) };
}

/** The old four words in `permission`, the exact role in `role_name`. */
const oldWords: Readonly<Record<Role, string>> = {
  none: 'none',
  read: 'read',
  triage: 'read',
  write: 'write',
  maintain: 'write',
  admin: 'admin',
};

function getPermission(call: RepoCall): Answer {
  const login = param(call, 'username');
  const user = findUser(call.world, login);
  if (user?.type !== 'User') throw new ApiError(404, `${login} is not a user`);
  const role = roleOf(call.repo, user);
  return {
    status: 200,
    body: {
      permission: oldWords[role],
      role_name: role,
      user: { ...userShape(call.world, user), permissions: permissionFlags(role), role_name: role },
    },
  };
}

interface Entry {
  readonly mode: string;
  readonly type: string;
  readonly sha: string;
  readonly size: number;
  readonly path: string;
}

async function getContents(call: RepoCall): Promise<Answer> {
  const { gitDir, defaultBranch } = call.repo;
  const ref = call.query.get('ref') ?? defaultBranch;
  const commit = (await resolve(gitDir, `refs/heads/${ref}^{commit}`)) ?? (await resolve(gitDir, `${ref}^{commit}`));
  if (commit === undefined) {
    const empty = (await gitText(gitDir, ['for-each-ref', '--count=1'])) === '';
    throw new ApiError(404, empty ? 'This repository is empty.' : `No commit found for the ref ${ref}`);
  }
  const path = param(call, 'path').replace(/^\/+|\/+$/g, '');
  const sha = path === '' ? await resolve(gitDir, `${commit}^{tree}`) : await resolve(gitDir, `${commit}:${path}`);
  if (sha === undefined) throw notFound();
  if ((await objectType(gitDir, sha)) === 'tree') return directory(call, { path, sha, ref });
  const [entry] = await entries(gitDir, [commit, '--', path]);
  if (entry === undefined) throw notFound();
  return file(call, { entry: await followed(gitDir, entry, `${commit}:${path}`), ref });
}

/** A link to a regular file of the same repository is answered as if it were that file: nothing in the answer tells them apart. */
async function followed(gitDir: string, entry: Entry, name: string): Promise<Entry> {
  if (entry.mode !== '120000') return entry;
  const asked = { input: `${name}\n` };
  const found = (await git(gitDir, ['cat-file', '--batch-check', '--follow-symlinks'], asked)).out.toString();
  const [, sha, size] = /^([0-9a-f]{40}) blob (\d+)\n$/.exec(found) ?? [];
  return sha === undefined ? entry : { ...entry, mode: '100644', sha, size: Number(size) };
}

/** A longer folder is cut. */
const longestListing = 1_000;

/** In a list, a submodule calls itself a file. */
async function directory(call: RepoCall, at: { path: string; sha: string; ref: string }): Promise<Answer> {
  const found = await entries(call.repo.gitDir, [at.sha]);
  const prefix = at.path === '' ? '' : `${at.path}/`;
  const shapes = found.slice(0, longestListing).map((entry) => {
    const shape = entryShape(call.world, call.repo, { entry: { ...entry, path: prefix + entry.path }, ref: at.ref });
    return entry.type === 'commit' ? { ...shape, type: 'file' } : shape;
  });
  return { status: 200, body: shapes };
}

/** Files up to 1 MB come as base64; up to 100 MB only raw. */
async function file(call: RepoCall, at: { entry: Entry; ref: string }): Promise<Answer> {
  const shape = entryShape(call.world, call.repo, at);
  if (at.entry.type === 'commit')
    return { status: 200, body: { ...shape, submodule_git_url: 'https://github.com/elsewhere/elsewhere.git' } };
  const { out } = await git(call.repo.gitDir, ['cat-file', 'blob', at.entry.sha]);
  if (/application\/vnd\.github(\.v3)?\.raw/.test(call.accept)) {
    return { status: 200, bytes: { type: 'application/vnd.github.raw; charset=utf-8', data: out } };
  }
  if (at.entry.mode === '120000') return { status: 200, body: { ...shape, type: 'symlink', target: out.toString() } };
  if (out.length > 1_000_000) return { status: 200, body: { ...shape, content: '', encoding: 'none' } };
  return { status: 200, body: { ...shape, content: base64Lines(out), encoding: 'base64' } };
}

/** Base64 in lines of 60, as GitHub sends it. */
export function base64Lines(bytes: Buffer): string {
  return bytes
    .toString('base64')
    .replace(/(.{60})/g, '$1\n')
    .replace(/([^\n])$/, '$1\n');
}

async function entries(gitDir: string, args: readonly string[]): Promise<Entry[]> {
  const text = (await git(gitDir, ['--literal-pathspecs', 'ls-tree', '-l', '-z', ...args])).out.toString();
  return text.split('\0').flatMap((line) => {
    const [, mode = '', type = '', sha = '', size = '', path = ''] =
      /^(\d+) (\w+) (\w+) +(\S+)\t([^]*)$/.exec(line) ?? [];
    return path === '' ? [] : [{ mode, type, sha, size: Number(size) || 0, path }];
  });
}

const kinds: Readonly<Record<string, string>> = { tree: 'dir', commit: 'submodule', blob: 'file' };

function entryShape(world: World, at: Repo, of: { entry: Entry; ref: string }): Record<string, unknown> {
  const { entry, ref } = of;
  const path = entry.path.split('/').map(encodeURIComponent).join('/');
  const self = `${repoUrl(world, at)}/contents/${path}?ref=${encodeURIComponent(ref)}`;
  const folder = entry.type === 'tree';
  const gitUrl = `${repoUrl(world, at)}/git/${folder ? 'trees' : 'blobs'}/${entry.sha}`;
  const html = `${repoPage(world, at)}/${folder ? 'tree' : 'blob'}/${encodeURIComponent(ref)}/${path}`;
  return {
    name: entry.path.split('/').at(-1),
    path: entry.path,
    sha: entry.sha,
    size: entry.size,
    url: self,
    html_url: html,
    git_url: gitUrl,
    download_url:
      folder || entry.type === 'commit' ? null : `${repoPage(world, at)}/raw/${encodeURIComponent(ref)}/${path}`,
    type: entry.mode === '120000' ? 'symlink' : (kinds[entry.type] ?? 'file'),
    _links: { self, git: gitUrl, html },
  };
}
