import { execFile } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { startBoxProcess } from '../../src/isolation/index.ts';
import { type Box, createSandbox } from '../../src/sandbox/index.ts';
import { makeCheckout, makeSandbox, openBox } from './checkout.ts';
import { killIn, runningPids, sweepBoxKills } from './kill-sweep.ts';
import { commandOf, descendantsOf, listProcesses } from './process-tree.ts';

describe('RL-37: a box that dies', () => {
  it.each(['bwrap', 'the first process', 'the tool host'] as const)(
    'is told to every call, can be closed and leaves nothing, when %s is killed in a call',
    async (victim) => {
      const before = runningPids();
      const own = await openBox({ 'a.txt': 'a\n' });
      const calls = [
        own.box.exec('(setsid sleep 620 &); sleep 620', 60_000),
        own.box.tool('Bash', { command: 'sleep 620', timeout: 60_000 }),
      ];
      await expect.poll(() => countOf('sleep 620', before), { timeout: 20_000 }).toBe(3);
      expect(killIn(victim, before)).toBeDefined();
      const heard = await Promise.all(calls.map((call) => call.then(String, (error: unknown) => error)));
      expect(heard).toMatchObject([{ code: 'box-lost' }, { code: 'box-lost' }]);
      await expect(own.box.changes()).rejects.toMatchObject({ code: 'box-lost' });
      await own[Symbol.asyncDispose]();
      expect(left(before)).toEqual([]);
    },
  );

  it('hears of it with its next call when it died between two', async () => {
    const before = runningPids();
    await using own = await openBox({});
    killIn('the tool host', before);
    await expect(own.box.exec('true', 60_000)).rejects.toMatchObject({ code: 'box-lost' });
  });

  it('costs no more than the call when only its shell is killed', async () => {
    const before = runningPids();
    await using own = await openBox({});
    const call = own.box.exec('sleep 621', 60_000);
    await expect.poll(() => countOf('sleep 621', before), { timeout: 20_000 }).toBe(1);
    killIn('the shell of a call', before);
    expect(await call).toMatchObject({ exitCode: 137 });
    expect(await own.box.exec('echo on', 5000)).toMatchObject({ exitCode: 0, output: 'on\n' });
  });

  /** As a box dies seen from inside: first what runs in it, then, after the answer, the tool host. */
  const killedWithBox = `(setsid bash -c 'while kill -0 $0 2> /dev/null; do :; done; sleep 0.02; kill -9 2' $$ &); kill -9 $$`;
  const killsGit = `for p in /proc/[0-9]*; do read -r name < $p/comm; [ "$name" = git ] && kill -9 \${p#/proc/} && while [ -e $p ]; do :; done && n=$((n + 1)); done`;

  it.each([
    ['a command', (box: Box) => box.exec(killedWithBox, 60_000)],
    ['a tool call', (box: Box) => box.tool('Bash', { command: killedWithBox })],
  ])('is what %s hears that was killed with it, and not that it failed by itself', async (_, call) => {
    await using own = await openBox({});
    await expect(call(own.box)).rejects.toMatchObject({ code: 'box-lost' });
  });

  it('refuses no change set because its git was killed with it', async () => {
    await using own = await openBox({ 'a.txt': 'a\n' });
    const daemon = `while ((n < 2)); do ${killsGit}; done; sleep 0.02; kill -9 2`;
    await own.box.exec(`truncate -s 20M a.txt; (setsid bash -c '${daemon}' &) 2> /dev/null`, 5000); // git takes its time
    await expect(own.box.changes()).rejects.toMatchObject({ code: 'box-lost' });
  });

  it('is followed by another one on a fresh checkout that goes on from the recorded changes', async () => {
    const before = runningPids();
    await using first = await openBox({ 'a.txt': 'a\n', 'gone.txt': 'x\n' });
    await first.box.exec('echo b > a.txt; rm gone.txt; mkdir new; echo c > new/c.sh; chmod +x new/c.sh', 5000);
    const recorded = await first.box.changes();
    const ended = first.box.exec('echo half > a.txt; sleep 622', 60_000).catch((error: unknown) => error);
    await expect.poll(() => countOf('sleep 622', before), { timeout: 20_000 }).toBe(1);
    killIn('bwrap', before);
    expect(await ended).toMatchObject({ code: 'box-lost' });
    await expect(first.box.exec('true', 5000)).rejects.toMatchObject({ code: 'box-lost' });
    await first.box[Symbol.asyncDispose]();

    const checkout = await first.checkout.again('second');
    await using second = await makeSandbox().open({ checkout, signal: new AbortController().signal });
    await second.apply(recorded);
    expect(await second.changes()).toEqual(recorded);
    expect(await readFile(join(checkout.tree, 'a.txt'), 'utf8')).toBe('b\n');
    expect((await second.exec('ls; new/c.sh; ls -l new | tail -1', 5000)).output).toContain('-rwxr-xr-x');
  });

  it('leaves nothing when it is killed while it opens', async () => {
    const before = runningPids();
    expect(await sweepBoxKills(4)).toHaveLength(4);
    expect(left(before)).toEqual([]);
  });

  it('leaves nothing without a sandbox either, when its tool host is killed', async () => {
    await using checkout = await makeCheckout({});
    const before = runningPids();
    const unsafe = createSandbox({ kind: 'unsafe-none', nodePath: process.execPath });
    const box = await unsafe.open({ checkout, signal: new AbortController().signal });
    const call = box.exec('(setsid sleep 623 &); sleep 623', 60_000);
    call.catch(() => undefined);
    await expect.poll(() => listProcesses().filter(isSleeper).length, { timeout: 20_000 }).toBe(2);
    const toolHost = descendantsOf(process.pid).find(({ pid, parent }) => parent === process.pid && !before.has(pid));
    if (toolHost === undefined) throw new Error('there is no tool host');
    process.kill(toolHost.pid, 'SIGKILL');
    await expect(call).rejects.toMatchObject({ code: 'box-lost' });
    await box[Symbol.asyncDispose]();
    expect(listProcesses().filter(isSleeper)).toEqual([]);
  });
});

describe('RL-37: a box’s program', () => {
  it('that is killed before it told of its first process takes with it what it had started', async () => {
    const running = startBoxProcess({
      program: '/bin/sh',
      args: ['-c', 'sleep 617 & wait'],
      hiddenArgs: [],
      env: {},
      cwd: '/',
      ending: 'namespace',
    });
    const sleeper = await vi.waitUntil(() => listProcesses().find(({ pid }) => commandOf(pid) === 'sleep 617'));
    process.kill(sleeper.parent, 'SIGKILL');
    expect(await running.ended).toContain('SIGKILL');
    expect(listProcesses().filter(({ pid }) => commandOf(pid) === 'sleep 617')).toEqual([]);
  });
});

describe('RL-37: a box’s program that told of its first process and is killed', () => {
  const reporting = (first: string) =>
    `#!/bin/bash\nif [ "$1" = first ]; then ${first}; fi\n"$0" first & echo "{ \\"child-pid\\": $! }" >&3; wait`;

  it.each([
    ['does not leave it waiting for ever', 'exec 9<> "$0.wait"; read -u 9'],
    ['has ended even when others hold its pipes', 'setsid sleep 615 & exec 9<> "$0.wait"; read -u 9'],
  ])(
    '%s',
    async (_, first) => {
      await using checkout = await makeCheckout({});
      const program = join(checkout.folder, 'bwrap');
      await writeFile(program, reporting(first), { mode: 0o755 });
      await promisify(execFile)('/usr/bin/mkfifo', [`${program}.wait`]);
      const running = startBoxProcess({ program, args: [], hiddenArgs: [], env: {}, cwd: '/', ending: 'namespace' });
      const firstPid = await vi.waitUntil(() => running.firstPid(), { timeout: 10_000 });
      const outer = listProcesses().find(({ pid }) => pid === firstPid)?.parent;
      process.kill(Number(outer), 'SIGKILL');
      expect(await running.ended).toContain('SIGKILL');
      await running.end();
      expect(listProcesses().find(({ pid }) => pid === firstPid)).toBeUndefined();
      for (const { pid } of listProcesses()) if (commandOf(pid) === 'sleep 615') process.kill(pid);
    },
    10_000,
  );
});

describe('RL-42: the temporary folders of the sandbox', () => {
  it('are swept when their process is gone, and left alone while it lives or is another namespace’s', async () => {
    const namespace = readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
    const elsewhere = await mkdtemp(join(tmpdir(), 'backend-proxy-999999.1.1-'));
    const dead = await mkdtemp(join(tmpdir(), `backend-proxy-999999.1.${namespace}-`));
    const living = await mkdtemp(join(tmpdir(), `backend-proxy-${String(process.pid)}.${startOfThis()}.${namespace}-`));
    await makeSandbox().selfTest();
    expect([dead, living, elsewhere].map((folder) => existsSync(folder))).toEqual([false, true, true]);
    for (const folder of [living, elsewhere]) await rm(folder, { recursive: true });
  });
});

it('a box opens after somebody cleaned the temporary folder of the machine', async () => {
  const open = async () => {
    await using checkout = await makeCheckout({});
    await using box = await makeSandbox().open({ checkout, signal: new AbortController().signal });
    return (await box.exec('echo it works', 5_000)).output;
  };
  await open();
  const ours = (await readdir(tmpdir())).filter((name) => name.startsWith(`backend-toolhost-${process.pid}.`));
  expect(ours).toHaveLength(1);
  for (const name of ours) await rm(join(tmpdir(), name), { recursive: true });
  expect(await open()).toBe('it works\n');
});

function isSleeper({ pid }: { readonly pid: number }): boolean {
  return commandOf(pid) === 'sleep 623';
}

/** In clock ticks since the machine started. */
function startOfThis(): string {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function countOf(command: string, before: ReadonlySet<number>): number {
  const rows = descendantsOf(process.pid).filter(({ pid }) => !before.has(pid));
  return rows.filter(({ pid }) => commandOf(pid) === command).length;
}

function left(before: ReadonlySet<number>): readonly string[] {
  return descendantsOf(process.pid).flatMap(({ pid, name }) => (before.has(pid) ? [] : [name]));
}
