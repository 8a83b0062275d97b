import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBox, type TestBox } from '../sandbox/checkout.ts';
import { countOthers, hungCalls } from './hung-calls.ts';

let opened: TestBox;
beforeAll(async () => {
  opened = await openBox({ 'a.txt': 'a\n' });
});
afterAll(async () => {
  await opened[Symbol.asyncDispose]();
});

describe('RL-36: a call that hangs', () => {
  it.each(hungCalls)('is ended and says so, and the box goes on, when it %s', async (_name, command) => {
    const { text, isError } = await opened.box.tool('Bash', { command, timeout: 400 });
    expect(text).toContain('[Stopped at its time limit of 400 ms. Everything');
    expect(isError).toBe(true);
    expect(await countOthers(opened.box)).toBe(0);
    expect(await opened.box.tool('Read', { file_path: 'a.txt' })).toMatchObject({ text: '     1\ta' });
  });

  it('says when it could only be ended together with everything else in the box', async () => {
    const [, bomb = ''] = hungCalls.at(-1) ?? [];
    const { text } = await opened.box.tool('Bash', { command: bomb, timeout: 400 });
    expect(text).toContain('Everything in the box was ended: it had started too much.]');
  });

  it('as a command of the host has no exit code', async () => {
    const [, command = ''] = hungCalls[1] ?? [];
    expect(await opened.box.exec(command, 300)).toMatchObject({ exitCode: null });
    expect(await countOthers(opened.box)).toBe(0);
  });
});

describe('RL-36: what a call leaves running', () => {
  it('is ended when it prints without end, so that the next calls have room', async () => {
    expect((await opened.box.exec('yes & (setsid env -i yes &) ; exit 0', 10_000)).exitCode).toBe(0);
    await expect.poll(() => countOthers(opened.box), { timeout: 20_000 }).toBe(0);
    expect(
      (await opened.box.exec('seq 1000000 | tail -1; df --output=pcent /tmp/outputs | tail -1', 10_000)).output,
    ).toMatch(/^1000000\n\s+\d%\n$/);
  });

  it('keeps nobody from saying what changed by filling the temporary folder', async () => {
    await opened.box.exec('head -c 2G /dev/zero > /tmp/x; echo b > a.txt', 30_000);
    expect(await opened.box.changes()).toMatchObject([{ path: 'a.txt', type: 'put' }]);
  });
});

describe('a search', () => {
  it('that somebody in the box ends says so', async () => {
    const killer = opened.box.exec('mkfifo /tmp/pipe; until pkill -9 -x rg; do sleep 0.01; done', 30_000);
    await opened.box.exec('until [ -p /tmp/pipe ]; do sleep 0.01; done', 30_000);
    const { text } = await opened.box.tool('Grep', { pattern: 'a', path: '/tmp/pipe' });
    expect(text).toBe('The search was ended from outside.');
    await killer;
  });
});
