import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { startProcess, type Process } from './main-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'main-stop-'));
const fifo = join(folder, 'fifo');
execFileSync('mkfifo', [fifo]);
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function start(kind: string): Process {
  return startProcess([join(import.meta.dirname, 'main-child.ts'), kind, fifo]);
}

function linesWith(running: Process, text: string): readonly string[] {
  return running.output().filter((line) => line.includes(text));
}

it.each(['SIGTERM', 'SIGINT'] as const)('RL-11: %s stops the app in order and ends with 0', async (signal) => {
  await using running = start('orderly');
  await running.says('ready');
  running.child.kill(signal);
  expect(await running.end).toMatchObject({ code: 0, signal: null, stderr: '' });
  expect(linesWith(running, 'jobs handed back')).toHaveLength(1);
});

it('RL-11: a signal during the start stops the app once it has started', async () => {
  await using running = start('starting');
  await running.says('ready');
  running.child.kill('SIGTERM');
  await running.says('stopping');
  expect(linesWith(running, 'jobs handed back')).toHaveLength(0);
  running.child.stdin?.end('go');
  expect(await running.end).toMatchObject({ code: 0 });
  expect(linesWith(running, 'jobs handed back')).toHaveLength(1);
});

it('RL-11: what hangs beyond the deadline is named in one line, and the process ends as failed', async () => {
  await using running = start('hanging');
  await running.says('ready');
  running.child.kill('SIGTERM');
  expect(await running.end).toMatchObject({ code: 1, stderr: '' });
  expect(linesWith(running, '"hung":"the jobs"')).toHaveLength(1);
});

it('RL-11: a thread that hangs in the system does not keep the process from ending', async () => {
  await using running = start('blocked');
  await running.says('ready');
  running.child.kill('SIGTERM');
  expect(await running.end).toMatchObject({ code: null, signal: 'SIGKILL' });
  expect(linesWith(running, 'jobs handed back')).toHaveLength(1);
  expect(linesWith(running, '"hung":"file or name server requests of the system"')).toHaveLength(1);
});

it('RL-11: a stop that fails is logged and ends the process as failed', async () => {
  await using running = start('failing');
  await running.says('ready');
  running.child.kill('SIGTERM');
  expect(await running.end).toMatchObject({ code: 1 });
  expect(linesWith(running, 'the database is gone')).toHaveLength(1);
});

it('RL-11: a signal and its echo are one: ^C comes from the terminal and once more from npm', async () => {
  await using running = start('lingering');
  await running.says('ready');
  running.child.kill('SIGINT');
  await running.says('stopping');
  running.child.kill('SIGINT');
  running.child.stdin?.end('go');
  expect(await running.end).toMatchObject({ code: 0, signal: null });
});

it('RL-11: a second signal ends the process at once', async () => {
  await using running = start('lingering');
  await running.says('ready');
  const again = setInterval(() => running.child.kill('SIGINT'), 100);
  expect(await running.end).toMatchObject({ code: null, signal: 'SIGINT' });
  clearInterval(again);
});

it.each(['throwing', 'rejecting'])(
  'RL-11: an error that nobody caught (%s) hands the jobs back and ends the process as failed, with one line',
  async (kind) => {
    await using running = start(kind);
    expect(await running.end).toMatchObject({ code: 1, stderr: '' });
    expect(linesWith(running, 'nobody caught this')).toHaveLength(1);
    expect(linesWith(running, 'jobs handed back')).toHaveLength(1);
  },
);
