import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Caps, openWorkspace } from '../../src/workspace/index.ts';
import { commit, git } from './git-server.ts';
import { makeMonorepo } from './monorepo.ts';
import type { Rig } from './rig.ts';
import { files, startRig } from './rig.ts';

const scale = { files: 12_000, commits: 8, blobBytes: 1_000_000 };
let rig: Rig;
let sha: string;

beforeAll(async () => {
  rig = await startRig();
  sha = await makeMonorepo(rig.root, 'mono.git', scale);
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});
afterEach(() => {
  delete rig.server.fault;
});

function packsOf(repositoryId: number): readonly string[] {
  return readdirSync(join(rig.dataDir, 'mirrors', String(repositoryId), 'objects/pack'));
}

describe('RL-38: a large repository', () => {
  it('comes without its history where that is beyond a cap, and the next commit of it too', async () => {
    const caps = { historyBytes: 3_000_000, fetchBytes: 100_000_000 };
    const options = rig.optionsFor('mono.git', sha, { caps });
    await using first = await openWorkspace(options);
    expect(first.files).toHaveLength(scale.files + 1);
    expect(await first.recentSubjects(10)).toEqual(['Change 8']);
    expect(packsOf(options.repository.id).filter((name) => name.endsWith('.pack'))).toHaveLength(1);
    const { tree } = await first.checkout('agent');
    expect(readdirSync(join(tree, 'packages'))).toHaveLength(30);

    const dir = join(rig.root, 'mono.git');
    const next = git(dir, ['commit-tree', `${sha}^{tree}`, '-p', sha, '-m', 'Change nothing']);
    git(dir, ['update-ref', 'refs/heads/next', next]);
    await using second = await openWorkspace({ ...options, jobId: 'next', base: { branch: 'next', sha: next } });
    expect(await second.recentSubjects(10)).toEqual(['Change nothing']);
  });

  it.each<[string, Partial<Caps>, string]>([
    ['files than the cap', { files: 10_000 }, 'it has 12001 files, and the cap is 10000.'],
    ['bytes than the cap', { treeBytes: 20 * 1024 * 1024 }, 'and the cap is 20 MB.'],
    [
      'to fetch than the cap, even without history',
      { historyBytes: 200_000, fetchBytes: 1024 * 1024 },
      'The cap is 1 MB, and',
    ],
  ])('is refused when it has more %s, and leaves nothing half-made', async (_what, caps, words) => {
    const options = rig.optionsFor('mono.git', sha, { caps });
    await expect(openWorkspace(options)).rejects.toMatchObject({
      code: 'repository-unusable',
      message: expect.stringContaining(words) as string,
    });
    expect(packsOf(options.repository.id).filter((name) => name.startsWith('tmp_'))).toEqual([]);
  });

  it.each([
    {
      who: 'the repository is refused when much of it came',
      ...{ fetchMs: 2000, stallAfter: 2_500_000, code: 'repository-unusable', words: 'The cap is 2 s' },
    },
    {
      who: 'the network is blamed when hardly anything did',
      ...{ fetchMs: 500, stallAfter: 10_000, code: 'git-failed', words: 'the network is slow' },
    },
  ])('is not waited for beyond the time cap: $who', async ({ fetchMs, stallAfter, code, words }) => {
    const options = rig.optionsFor('mono.git', sha, { caps: { historyMs: 1, fetchMs } });
    rig.server.fault = (method) => (method === 'POST' ? { stallAfter } : undefined);
    await expect(openWorkspace(options)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words) as string,
    });
  });

  it('does not make small ones go without history', async () => {
    const small = commit(rig.root, 'small.git', files, { message: 'Begin' });
    const options = rig.optionsFor('small.git', small);
    await using workspace = await openWorkspace(options);
    expect(await workspace.recentSubjects(10)).toEqual(['Begin']);
    expect(rig.server.requests.filter((path) => path.startsWith('/small.git'))).toHaveLength(3);
  });
});
