import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openWorkspace } from '../../src/workspace/index.ts';
import { commit, git } from './git-server.ts';
import type { Rig } from './rig.ts';
import { startRig } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

const before = [
  { path: 'same', content: 'same\n' },
  { path: 'changed', content: 'old\n' },
  { path: 'gone', content: 'gone\n' },
  { path: 'run', content: '#!/bin/sh\n' },
  { path: 'a name\twith "marks"', content: '1\n' },
] as const;

it('tells what another commit holds, as a change set, and puts paths back', async () => {
  const base = commit(rig.root, 'difference.git', before);
  const head = commit(rig.root, 'difference.git', [
    { path: 'same', content: 'same\n' },
    { path: 'changed', content: Buffer.from([0, 255, 10]) },
    { path: 'run', mode: '100755', content: '#!/bin/sh\n' },
    { path: 'a name\twith "marks"', content: '2\n' },
    { path: 'link', mode: '120000', content: 'same' },
  ]);
  await using workspace = await openWorkspace(rig.optionsFor('difference.git', base));
  const changes = await workspace.changesTo({ branch: 'main', sha: head });
  expect(changes).toEqual([
    { path: 'a name\twith "marks"', type: 'put', mode: '100644', bytes: Buffer.from('2\n') },
    { path: 'changed', type: 'put', mode: '100644', bytes: Buffer.from([0, 255, 10]) },
    { path: 'gone', type: 'delete' },
    { path: 'link', type: 'put', mode: '120000', bytes: Buffer.from('same') },
    { path: 'run', type: 'put', mode: '100755', bytes: Buffer.from('#!/bin/sh\n') },
  ]);
  expect(await workspace.changesTo({ branch: 'main', sha: base })).toEqual([]);
  expect(await workspace.originals(['gone', 'link', 'run'])).toEqual([
    { path: 'gone', type: 'put', mode: '100644', bytes: Buffer.from('gone\n') },
    { path: 'link', type: 'delete' },
    { path: 'run', type: 'put', mode: '100644', bytes: Buffer.from('#!/bin/sh\n') },
  ]);
});

it('leaves submodules out', async () => {
  const base = commit(rig.root, 'modules.git', before);
  const place = join(rig.root, 'modules.git');
  const tree = execFileSync('git', ['--git-dir', place, 'ls-tree', base], { encoding: 'utf8' });
  const withModule = `${tree}160000 commit ${'1'.repeat(40)}\tmodule\n`;
  const treeSha = execFileSync('git', ['--git-dir', place, 'mktree', '--missing'], { input: withModule })
    .toString()
    .trim();
  const author = ['-c', 'user.name=a', '-c', 'user.email=a@example.com'];
  const head = git(rig.root, [
    '--git-dir',
    place,
    ...author,
    'commit-tree',
    '-p',
    base,
    '-m',
    'Module',
    treeSha,
  ]).trim();
  git(rig.root, ['--git-dir', place, 'update-ref', 'refs/heads/topic', head]);
  await using workspace = await openWorkspace(rig.optionsFor('modules.git', base));
  expect(await workspace.changesTo({ branch: 'topic', sha: head })).toEqual([]);
});
