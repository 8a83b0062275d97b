import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openWorkspace, sweepJobs, type WorkspaceOptions } from '../../src/workspace/index.ts';
import { commandOf, listProcesses } from '../sandbox/process-tree.ts';
import { commit } from './git-server.ts';
import type { Rig } from './rig.ts';
import { files, startRig } from './rig.ts';

let rig: Rig;
const children: ChildProcess[] = [];
beforeAll(async () => {
  rig = await startRig();
});
afterEach(async () => {
  delete rig.server.fault;
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await sweepJobs(rig.dataDir, async () => true);
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

function mirrorOf({ repository }: WorkspaceOptions): string {
  return join(rig.dataDir, 'mirrors', String(repository.id));
}

/** Half-written packs and lock files, anywhere in the mirror. */
function leftIn(mirror: string): readonly string[] {
  if (!existsSync(mirror)) return [];
  return readdirSync(mirror, { recursive: true, encoding: 'utf8' }).filter((name) => /\.lock$|tmp_/.test(name));
}

/** git processes that work on the mirror, helpers of a fetch included. */
function gitsOn(mirror: string): readonly string[] {
  const commands = listProcesses().map(({ pid }) => commandOf(pid));
  return commands.filter((command) => command.startsWith('git --git-dir ') && command.includes(mirror));
}

/** A process that fetches a repository, with its pack half here. */
async function startFetching(
  name: string,
): Promise<{ child: ChildProcess; options: WorkspaceOptions; mirror: string }> {
  const noise = { path: 'noise.bin', content: randomBytes(3_000_000) };
  const options = rig.optionsFor(name, commit(rig.root, name, [...files, noise]));
  rig.server.fault = (method) => (method === 'POST' ? { stallAfter: 1_000_000 } : undefined);
  const script = join(import.meta.dirname, 'fetching-child.ts');
  const child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: 'inherit' });
  children.push(child);
  const mirror = mirrorOf(options);
  await expect.poll(() => leftIn(mirror).some((path) => path.includes('tmp_pack_')), { timeout: 20_000 }).toBe(true);
  return { child, options, mirror };
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

describe('RL-42: what a process that was killed in a fetch leaves', () => {
  it('is swept: its git, its half-made mirror, its folder', async () => {
    const { child, options, mirror } = await startFetching('killed.git');
    await kill(child);
    expect(gitsOn(mirror)).not.toEqual([]);
    await sweepJobs(rig.dataDir, async () => false);
    expect(gitsOn(mirror)).toEqual([]);
    expect([existsSync(mirror), existsSync(join(rig.dataDir, 'jobs', options.jobId))]).toEqual([false, false]);
    delete rig.server.fault;
    await using workspace = await openWorkspace(options);
    expect(workspace.files).toHaveLength(3);
  });

  it('keeps nobody from fetching, also unswept', async () => {
    const { child, options, mirror } = await startFetching('unswept.git');
    await kill(child);
    delete rig.server.fault;
    await using workspace = await openWorkspace({ ...options, jobId: 'next' });
    expect(workspace.files).toHaveLength(3);
    expect([leftIn(mirror), gitsOn(mirror)]).toEqual([[], []]);
  });

  it('is left alone while its process lives', async () => {
    const { child, options, mirror } = await startFetching('living.git');
    const before = leftIn(mirror);
    await sweepJobs(rig.dataDir, async () => true);
    expect(leftIn(mirror)).toEqual(before);
    expect(gitsOn(mirror)).not.toEqual([]);
    await kill(child);
    await sweepJobs(rig.dataDir, async () => true);
    expect(existsSync(mirrorOf(options))).toBe(false);
  });

  it.each(['shallow.lock', 'packed-refs.lock', 'config.lock', 'refs/base/SHA.lock', 'objects/pack/tmp_pack_x1'])(
    'does not block the next fetch, nor stays: %s',
    async (name) => {
      const repository = `locked-${name.replaceAll(/\W/g, '-')}.git`;
      const options = rig.optionsFor(repository, commit(rig.root, repository, files));
      await openWorkspace(options);
      const sha = commit(rig.root, repository, [{ path: 'next', content: 'next' }]);
      const mirror = mirrorOf(options);
      writeFileSync(join(mirror, name.replace('SHA', sha)), '');
      await using next = await openWorkspace({ ...options, jobId: 'next', base: { branch: 'main', sha } });
      expect(next.files).toHaveLength(1);
      expect(leftIn(mirror)).toEqual([]);
    },
  );

  it('is swept from a mirror that is whole otherwise, which stays', async () => {
    const options = rig.optionsFor('whole.git', commit(rig.root, 'whole.git', files));
    await openWorkspace(options);
    const mirror = mirrorOf(options);
    writeFileSync(join(mirror, 'objects/pack/tmp_pack_x2'), 'half');
    writeFileSync(join(mirror, 'shallow.lock'), '');
    await sweepJobs(rig.dataDir, async () => true);
    expect(leftIn(mirror)).toEqual([]);
    rig.server.fault = 500;
    await using again = await openWorkspace({ ...options, jobId: 'again' });
    expect(again.files).toHaveLength(2);
  });

  it('is swept when it is a damaged mirror that was put aside a day ago, and not sooner', async () => {
    const damaged = join(rig.dataDir, 'mirrors', '77.damaged');
    mkdirSync(damaged, { recursive: true });
    await sweepJobs(rig.dataDir, async () => true);
    expect(existsSync(damaged)).toBe(true);
    utimesSync(damaged, 0, 0);
    await sweepJobs(rig.dataDir, async () => true);
    expect(existsSync(damaged)).toBe(false);
  });
});
