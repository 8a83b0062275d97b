import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readlinkSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nameOwner } from '../../src/isolation/index.ts';
import { type Box, createSandbox, type Limits } from '../../src/sandbox/index.ts';
import { findGroups, readHierarchies } from '../../src/usage/index.ts';
import { makeCheckout } from '../sandbox/checkout.ts';
import { commandOf, descendantsOf } from '../sandbox/process-tree.ts';

const told: { fields: object; message: string }[] = [];

async function withBox<T>(limits: Partial<Limits>, use: (box: Box) => Promise<T>): Promise<T> {
  const log = {
    debug: () => undefined,
    info: (fields: object, message: string) => void told.push({ fields, message }),
  };
  const sandbox = createSandbox({ kind: 'bubblewrap', nodePath: process.execPath, limits, log });
  await using checkout = await makeCheckout({ 'a.txt': 'a\n' });
  await using box = await sandbox.open({ checkout, signal: new AbortController().signal });
  return await use(box);
}

const { missing } = await findGroups({ tasks: 8, memoryBytes: 64 * 1024 ** 2, processors: 1 });
/** What the kernel counts where a group of it is ours, and what each user may have otherwise. */
const [bombed, counted] = missing.includes('pids') ? ['processes', 0] : ['tasks', 1];

describe('D11: a fork bomb', () => {
  /** At most so many, all of which end by themselves. */
  const bomb = (count: number) =>
    `perl -e 'for (1..${count}) { $p = fork; if (!defined $p) { print "refused\\n"; exit } if (!$p) { sleep 20; exit } } print "all\\n"'`;

  it('gets all its processes where the limit allows them', async () => {
    await withBox({ [bombed]: 200 }, async (box) => {
      expect((await box.exec(bomb(100), 20_000)).output).toBe('all\n');
    });
  });

  it('of 5,000 processes is refused most of them, and the box answers on', async () => {
    await withBox({ tasks: 64, ...(counted ? {} : { processes: 64 }) }, async (box) => {
      expect((await box.exec(bomb(5_000), 20_000)).output).toBe('refused\n');
      expect(await box.exec('echo alive', 5_000)).toMatchObject({ output: 'alive\n' });
    });
  });
});

describe('D11: memory', () => {
  const take = (megabytes: number) =>
    `perl -e 'for (1..${megabytes}) { push @a, "x" x (1_048_576 + $_) } sleep 1; print "took\\n"'`;

  it('is there where the limit allows it', async () => {
    await withBox({ memoryBytes: 1024 ** 3 }, async (box) => {
      expect((await box.exec(take(300), 20_000)).output).toBe('took\n');
    });
  });

  it('beyond the limit costs the process that wants it, and the box answers on', async () => {
    await withBox({ memoryBytes: 160 * 1024 ** 2 }, async (box) => {
      expect(await box.exec(`exec ${take(8_000)}`, 20_000)).toMatchObject({ exitCode: 137, output: '' });
      expect(await box.exec('echo alive', 5_000)).toMatchObject({ output: 'alive\n' });
    });
  });

  it('is counted over all processes, and when they share it', async () => {
    const shared = `python3 -c 'import mmap, time; m = mmap.mmap(-1, 300 << 20); [m.__setitem__(i, 1) for i in range(0, 300 << 20, 4096)]; time.sleep(9)'`;
    await withBox({ memoryBytes: 160 * 1024 ** 2 }, async (box) => {
      expect(await box.exec(`exec ${shared}`, 20_000)).toMatchObject({ exitCode: 137 });
      const many = Array.from({ length: 4 }, () => `${take(60)} &`).join(' ');
      expect((await box.exec(`${many} wait`, 20_000)).output.match(/^took$/gm)?.length ?? 0).toBeLessThan(4);
    });
  });
});

it('D11: what the kernel does not limit is said once, by name', async () => {
  told.length = 0;
  const log = {
    debug: () => undefined,
    info: (fields: object, message: string) => void told.push({ fields, message }),
  };
  const sandbox = createSandbox({ kind: 'bubblewrap', nodePath: process.execPath, log });
  await using checkout = await makeCheckout({});
  for (let round = 0; round < 2; round += 1) {
    const box = await sandbox.open({ checkout, signal: new AbortController().signal });
    await box[Symbol.asyncDispose]();
  }
  const lines = told.filter(({ fields }) => 'missing' in fields);
  expect(lines.map(({ fields }) => fields)).toEqual(
    missing.length === 0 ? [] : [{ missing: missing.map((name) => `cgroup ${name}`) }],
  );
});

const [mounts, membership] = await Promise.all([
  readFile('/proc/self/mountinfo', 'utf8'),
  readFile('/proc/self/cgroup', 'utf8'),
]);
const own = `backend-developer-${await nameOwner()}`;
/** Where findGroups found that boxes can have groups. */
const given = readHierarchies(mounts, membership).filter((hierarchy) => existsSync(join(hierarchy.path, own)));
const namespace = readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');

describe.each(given)('D12: groups below $path', ({ path }) => {
  async function listGroups(): Promise<readonly string[]> {
    return (await readdir(join(path, own))).filter((name) => name.startsWith('box-'));
  }

  it('hold every process of a box, and are gone with it', async () => {
    const before = await listGroups();
    await withBox({}, async (box) => {
      await box.exec('(setsid sleep 631 > /dev/null &)', 5_000);
      const [group = ''] = (await listGroups()).filter((name) => !before.includes(name));
      const listPids = async () =>
        (await readFile(join(path, own, group, 'cgroup.procs'), 'utf8')).trim().split('\n').map(Number);
      await expect.poll(async () => (await listPids()).map(commandOf)).toContain('sleep 631');
      const inBox = descendantsOf(process.pid).filter(({ parent }) => parent !== process.pid);
      expect((await listPids()).toSorted()).toEqual(inBox.map(({ pid }) => pid).toSorted());
    });
    expect(await listGroups()).toEqual(before);
  });

  it('whose service is gone are swept by the next process that looks for groups', async () => {
    const dead = join(path, `backend-developer-999998.1.${namespace}`);
    await mkdir(dead);
    await findGroups({ tasks: 8, memoryBytes: 64 * 1024 ** 2, processors: 1 });
    await expect(readdir(dead)).rejects.toThrow('ENOENT');
    expect(await readdir(path)).toContain(own);
  });

  it('whose service is gone are swept with what still runs in them; those of a living one stay', async () => {
    const dead = join(path, `backend-developer-999999.1.${namespace}`);
    await mkdir(join(dead, 'box-1'), { recursive: true });
    const left = spawn('sleep', ['632'], { stdio: 'ignore' });
    await writeFile(join(dead, 'box-1/cgroup.procs'), String(left.pid));
    const ended = once(left, 'exit');
    await createSandbox({ kind: 'bubblewrap', nodePath: process.execPath }).selfTest();
    expect(await ended).toEqual([null, 'SIGKILL']);
    await expect(readdir(dead)).rejects.toThrow('ENOENT');
    expect(await readdir(path)).toContain(own);
  });
});
