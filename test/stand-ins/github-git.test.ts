import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Octokit } from '@octokit/rest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGitHub } from './github/index.ts';
import type { GitHubStandIn, RepositoryHandle } from './github/index.ts';
import { installationOctokit, mintFor, refusalOf } from './github/octokit.ts';

const run = promisify(execFile);
const inShop = { owner: 'acme', repo: 'shop' };

let github: GitHubStandIn;
let shop: RepositoryHandle;
let octokit: Octokit;
let base: { sha: string; tree: string };
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'github-git-test-'));
  github = await startGitHub();
  shop = await github.createRepository({
    owner: 'acme',
    name: 'shop',
    isPrivate: true,
    collaborators: { ann: 'write', ron: 'read' },
    files: {
      'README.md': '# shop\n',
      'src/index.js': 'export const price = 1;\n',
      'bin/run': { mode: '100755', content: '#!/bin/sh\n' },
      'logo.bin': new Uint8Array([0, 1, 2, 255]),
    },
  });
  octokit = installationOctokit(github, shop);
  const [first] = await shop.commits();
  base = { sha: first?.sha ?? '', tree: first?.tree ?? '' };
});

afterAll(async () => {
  expect(github.violations).toEqual([]);
  await github[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function git(cwd: string, token: string, ...args: string[]) {
  const header = `Authorization: Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
  const identity = {
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@b',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@b',
  };
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `http.${github.url}/.extraHeader`,
    GIT_CONFIG_VALUE_0: header,
    ...identity,
  };
  return run('git', args, { cwd, env });
}

async function clone(name: string, token: string): Promise<string> {
  await git(folder, token, 'clone', '--quiet', shop.cloneUrl, name);
  return join(folder, name);
}

async function newCommit(parent: string, path: string): Promise<string> {
  const tree = await octokit.git.createTree({
    ...inShop,
    base_tree: base.tree,
    tree: [{ path, mode: '100644', type: 'blob', content: path }],
  });
  const commit = { ...inShop, message: `Add ${path}`, tree: tree.data.sha, parents: [parent] };
  return (await octokit.git.createCommit(commit)).data.sha;
}

describe('git over HTTP', () => {
  it('clones with a token that may read', async () => {
    const at = await clone('reader', await mintFor(github, shop, { contents: 'read' }));
    expect(await readFile(join(at, 'src/index.js'), 'utf8')).toBe('export const price = 1;\n');
    expect((await readFile(join(at, 'logo.bin'))).toJSON().data).toEqual([0, 1, 2, 255]);
    expect((await git(at, '', 'ls-files', '-s', 'bin/run')).stdout).toMatch(/^100755 /);
  });

  it('pushes a branch with a token that may write', async () => {
    const token = await mintFor(github, shop, { contents: 'write' });
    const at = await clone('writer', token);
    await writeFile(join(at, 'new.txt'), 'new\n');
    await git(at, token, 'checkout', '--quiet', '-b', 'pushed');
    await git(at, token, 'add', '.');
    await git(at, token, 'commit', '--quiet', '-m', 'Add a file');
    await git(at, token, 'push', '--quiet', 'origin', 'pushed');
    expect((await shop.file('new.txt', 'pushed'))?.toString()).toBe('new\n');
    expect((await octokit.git.getRef({ ...inShop, ref: 'heads/pushed' })).data.object.type).toBe('commit');
  });

  it('refuses a push with a token that may only read', async () => {
    const token = await mintFor(github, shop, { contents: 'read' });
    const at = await clone('intruder', token);
    await expect(git(at, token, 'push', 'origin', 'HEAD:refs/heads/sneaky')).rejects.toThrow('403');
    expect(await shop.branchSha('sneaky')).toBeUndefined();
  });

  it('refuses a push that touches workflows unless the App may write them', async () => {
    const token = await mintFor(github, shop, { contents: 'write' });
    const at = await clone('workflows', token);
    await run('mkdir', ['-p', join(at, '.github/workflows')]);
    await writeFile(join(at, '.github/workflows/ci.yml'), 'on: push\n');
    await git(at, token, 'add', '.');
    await git(at, token, 'commit', '--quiet', '-m', 'Add a workflow');
    await expect(git(at, token, 'push', 'origin', 'HEAD:refs/heads/flow')).rejects.toThrow(
      'refusing to allow a GitHub App to create or update workflow `.github/workflows/ci.yml`',
    );
  });

  it.each([
    ['a wrong token', () => 'ghs_wrong'],
    ['a token of somebody who is not invited', () => github.addUser('mallory').token],
  ])('hides a private repository from %s', async (_who, token) => {
    await expect(git(folder, token(), 'ls-remote', shop.cloneUrl)).rejects.toThrow(/could not read Username|not found/);
  });

  it('lets people in with their own token, as far as their role goes', async () => {
    const ron = github.addUser('ron').token;
    expect((await git(folder, ron, 'ls-remote', shop.cloneUrl, 'HEAD')).stdout).toContain(base.sha);
    const at = await clone('ron', ron);
    await expect(git(at, ron, 'push', 'origin', 'HEAD:refs/heads/ron')).rejects.toThrow('403');
  });
});

describe('a commit made through the API', () => {
  it("without author and committer is the bot's, committed by GitHub and verified", async () => {
    const sha = await newCommit(base.sha, 'verified.txt');
    const { data } = await octokit.git.getCommit({ ...inShop, commit_sha: sha });
    expect(data).toMatchObject({
      author: {
        name: 'backend-developer[bot]',
        email: `${github.app.botId}+backend-developer[bot]@users.noreply.github.com`,
      },
      committer: { name: 'GitHub', email: 'noreply@github.com' },
      verification: { verified: true, reason: 'valid' },
      parents: [{ sha: base.sha }],
    });
    await octokit.git.createRef({ ...inShop, ref: 'refs/heads/verified', sha });
    const listed = await octokit.repos.getCommit({ ...inShop, ref: 'verified' });
    expect(listed.data).toMatchObject({
      sha,
      author: { login: 'backend-developer[bot]' },
      files: [{ filename: 'verified.txt', status: 'added', additions: 1 }],
    });
    await run('git', ['fsck', '--strict', sha], { cwd: shop.gitDir });
  });

  it('with an author of its own is not verified', async () => {
    const author = { name: 'Somebody', email: 'somebody@example.com' };
    const commit = { ...inShop, message: 'x', tree: base.tree, parents: [base.sha], author };
    const { data } = await octokit.git.createCommit(commit);
    expect(data).toMatchObject({ author, committer: author, verification: { verified: false, reason: 'unsigned' } });
  });

  it('does not stay verified when somebody copies the signature onto other content', async () => {
    const real = await shop.commit(await newCommit(base.sha, 'copied.txt'));
    const { stdout } = await run('git', ['cat-file', 'commit', real.sha], { cwd: shop.gitDir });
    const forged = join(folder, 'forged');
    await writeFile(forged, stdout.replace('Add copied.txt', 'Add something else'));
    const sha = (await run('git', ['hash-object', '-t', 'commit', '-w', forged], { cwd: shop.gitDir })).stdout.trim();
    const { data } = await octokit.git.getCommit({ ...inShop, commit_sha: sha });
    expect(data.verification.verified).toBe(false);
  });

  it.each([
    ['a tree', { tree: '0'.repeat(40), parents: [] }, '422 Tree SHA does not exist'],
    ['a parent', { parents: ['0'.repeat(40)] }, '422 Parent SHA does not exist or is not a commit object'],
  ])('needs %s that exists', async (_what, wrong, refusal) => {
    const commit = { ...inShop, message: 'x', tree: base.tree, ...wrong };
    expect(await refusalOf(octokit.git.createCommit(commit))).toBe(refusal);
  });
});

describe('a tree', () => {
  it('is made from another by adding, replacing, deleting and changing modes', async () => {
    const bytes = Buffer.from([0, 255, 10, 13, 0]);
    const content = bytes.toString('base64');
    const blob = await octokit.git.createBlob({ ...inShop, content, encoding: 'base64' });
    const tree = await octokit.git.createTree({
      ...inShop,
      base_tree: base.tree,
      tree: [
        { path: 'data/raw.bin', mode: '100644', type: 'blob', sha: blob.data.sha },
        { path: 'src/index.js', mode: '100755', type: 'blob', content: 'export const price = 2;\n' },
        { path: 'README.md', mode: '100644', type: 'blob', sha: null },
        { path: 'link', mode: '120000', type: 'blob', content: 'bin/run' },
      ],
    });
    const { data } = await octokit.git.getTree({ ...inShop, tree_sha: tree.data.sha, recursive: 'true' });
    expect(data.tree.map((entry) => `${entry.mode} ${entry.path}`)).toEqual([
      '040000 bin',
      '100755 bin/run',
      '040000 data',
      '100644 data/raw.bin',
      '120000 link',
      '100644 logo.bin',
      '040000 src',
      '100755 src/index.js',
    ]);
    const read = await octokit.git.getBlob({ ...inShop, file_sha: blob.data.sha });
    expect(Buffer.from(read.data.content, 'base64').equals(bytes)).toBe(true);
  });

  it('lets a file take the place of a folder, and a folder that of a file', async () => {
    const { data } = await octokit.git.createTree({
      ...inShop,
      base_tree: base.tree,
      tree: [
        { path: 'src/index.js', mode: '100644', type: 'blob', sha: null },
        { path: 'src', mode: '100644', type: 'blob', content: 'a file now' },
        { path: 'README.md', mode: '100644', type: 'blob', sha: null },
        { path: 'README.md/inner.txt', mode: '100644', type: 'blob', content: 'inside' },
      ],
    });
    expect(data.tree.map((entry) => `${entry.type} ${entry.path}`)).toEqual([
      'tree README.md',
      'tree bin',
      'blob logo.bin',
      'blob src',
    ]);
  });

  it.each([
    [
      'a path that leaves the tree',
      { path: '../x', content: 'x' },
      '422 tree.path contains a malformed path component',
    ],
    ['a path into .git', { path: 'a/.GIT/x', content: 'x' }, '422 tree.path contains a malformed path component'],
    [
      'a blob that is not there',
      { path: 'x', sha: '1'.repeat(40) },
      `422 tree.sha ${'1'.repeat(40)} is not a valid blob`,
    ],
    ['a deletion of what is not there', { path: 'nothing', sha: null }, '422 GitRPC::BadObjectState'],
    ['a workflow', { path: '.github/workflows/ci.yml', content: 'x' }, '403 Resource not accessible by integration'],
  ])('is refused with %s', async (_what, entry, refusal) => {
    const making = octokit.git.createTree({
      ...inShop,
      base_tree: base.tree,
      tree: [{ mode: '100644', type: 'blob', ...entry }],
    });
    expect(await refusalOf(making)).toBe(refusal);
  });
});

describe('a branch', () => {
  it('is made, moved forward and deleted', async () => {
    const first = await newCommit(base.sha, 'one.txt');
    const second = await newCommit(first, 'two.txt');
    await octokit.git.createRef({ ...inShop, ref: 'refs/heads/backend/1-line', sha: first });
    await octokit.git.updateRef({ ...inShop, ref: 'heads/backend/1-line', sha: second });
    expect(await shop.branchSha('backend/1-line')).toBe(second);
    const matching = await octokit.git.listMatchingRefs({ ...inShop, ref: 'heads/backend/1' });
    expect(matching.data.map((ref) => ref.ref)).toEqual(['refs/heads/backend/1-line']);
    await octokit.git.deleteRef({ ...inShop, ref: 'heads/backend/1-line' });
    expect(await refusalOf(octokit.git.getRef({ ...inShop, ref: 'heads/backend/1-line' }))).toBe('404 Not Found');
  });

  it('is moved sideways only by force', async () => {
    const one = await newCommit(base.sha, 'left.txt');
    const other = await newCommit(base.sha, 'right.txt');
    await octokit.git.createRef({ ...inShop, ref: 'refs/heads/sideways', sha: one });
    const moving = { ...inShop, ref: 'heads/sideways', sha: other };
    expect(await refusalOf(octokit.git.updateRef(moving))).toBe('422 Update is not a fast forward');
    expect(await shop.branchSha('sideways')).toBe(one);
    await octokit.git.updateRef({ ...moving, force: true });
    expect(await shop.branchSha('sideways')).toBe(other);
  });

  it.each([
    ['exists already', { ref: 'refs/heads/main' }, '422 Reference already exists'],
    ['points at nothing', { ref: 'refs/heads/lost', sha: '1'.repeat(40) }, '422 Object does not exist'],
    ['has a bad name', { ref: 'refs/heads/a..b' }, '422 refs/heads/a..b is not a valid ref name.'],
    ['is no full name', { ref: 'topic' }, '422 topic is not a valid ref name.'],
  ])('is refused when it %s', async (_why, wanted, refusal) => {
    expect(await refusalOf(octokit.git.createRef({ ...inShop, sha: base.sha, ...wanted }))).toBe(refusal);
  });

  it('that is not there is not moved', async () => {
    const moving = octokit.git.updateRef({ ...inShop, ref: 'heads/nowhere', sha: base.sha });
    expect(await refusalOf(moving)).toBe('422 Reference does not exist');
  });
});

describe('contents', () => {
  it('are read as base64, as raw bytes and as a list', async () => {
    const { data } = await octokit.repos.getContent({ ...inShop, path: 'src/index.js' });
    if (Array.isArray(data) || data.type !== 'file') throw new Error('not a file');
    expect(Buffer.from(data.content, 'base64').toString()).toBe('export const price = 1;\n');
    const raw = await octokit.repos.getContent({ ...inShop, path: 'README.md', mediaType: { format: 'raw' } });
    expect(raw.data).toBe('# shop\n');
    const root = await octokit.repos.getContent({ ...inShop, path: '' });
    expect(root.data).toMatchObject([
      { name: 'README.md', type: 'file' },
      { name: 'bin', type: 'dir' },
      { name: 'logo.bin', type: 'file' },
      { name: 'src', type: 'dir' },
    ]);
  });

  it('are a file’s behind a link to it, and a link only where it leads to none; lists tell links, but no submodules', async () => {
    const linked = await github.createRepository({
      ...{ owner: 'acme', name: 'linked' },
      files: {
        'a/b.txt': 'b',
        'a/link': { mode: '120000', content: 'b.txt' },
        'a/out': { mode: '120000', content: '../../../etc/passwd' },
        'a/sub': { mode: '160000', content: 'c'.repeat(40) },
        folder: { mode: '120000', content: 'a' },
      },
    });
    const look = async (path: string) =>
      (await octokit.repos.getContent({ owner: linked.owner, repo: linked.name, path })).data;
    expect(await look('a/link')).toMatchObject({ type: 'file', content: 'Yg==\n', size: 1 });
    expect(await look('a/out')).toMatchObject({ type: 'symlink', target: '../../../etc/passwd' });
    expect(await look('folder')).toMatchObject({ type: 'symlink', target: 'a' });
    expect(await look('a/sub')).toMatchObject({ type: 'submodule' });
    const types = [await look('a')].flat().map(({ name, type }) => [name, type]);
    expect(types).toEqual([
      ...[
        ['b.txt', 'file'],
        ['link', 'symlink'],
      ],
      ...[
        ['out', 'symlink'],
        ['sub', 'file'],
      ],
    ]);
  });

  it('that are not there are not found', async () => {
    expect(await refusalOf(octokit.repos.getContent({ ...inShop, path: '.github/backend.yml' }))).toBe('404 Not Found');
  });
});

describe('an empty repository', () => {
  it('answers 409 to git data and 404 to contents', async () => {
    const empty = await github.createRepository({ owner: 'acme', name: 'empty', empty: true });
    const inEmpty = { owner: 'acme', repo: 'empty' };
    const client = installationOctokit(github, empty);
    expect(await refusalOf(client.git.getRef({ ...inEmpty, ref: 'heads/main' }))).toBe('409 Git Repository is empty.');
    expect(await refusalOf(client.repos.listCommits(inEmpty))).toBe('409 Git Repository is empty.');
    const reading = client.repos.getContent({ ...inEmpty, path: 'README.md' });
    expect(await refusalOf(reading)).toBe('404 This repository is empty.');
  });
});

describe('a repository from a folder', () => {
  it('has its files with their modes, on the default branch that was asked for', async () => {
    const source = await mkdtemp(join(folder, 'source-'));
    await writeFile(join(source, 'tool.sh'), '#!/bin/sh\n', { mode: 0o755 });
    const repo = await github.createRepository({ owner: 'acme', name: 'tools', from: source, defaultBranch: 'trunk' });
    expect(await repo.files()).toMatchObject([{ path: 'tool.sh', mode: '100755' }]);
    expect(await repo.branches()).toMatchObject([{ name: 'trunk' }]);
  });
});
