import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBox, type TestBox } from '../sandbox/checkout.ts';

let opened: TestBox;
beforeAll(async () => {
  opened = await openBox({ 'src/one.txt': 'one\n' });
});
afterAll(async () => {
  await opened[Symbol.asyncDispose]();
});

function bash(command: string, timeout?: number) {
  return opened.box.tool('Bash', { command, ...(timeout === undefined ? {} : { timeout }) });
}

describe('a Bash call', () => {
  it.each([
    ['gives both streams in their order', 'echo a; echo b >&2; echo c', 'a\nb\nc'],
    ['says that nothing was printed', 'true', 'The command printed nothing.'],
    ['tells the exit code when it is not 0', 'echo no; exit 3', 'no\n[Exit code 3]'],
    [
      'tells the exit code of a shell that a signal ended',
      'kill -SEGV $$',
      'The command printed nothing.\n[Exit code 139]',
    ],
    ['has no input to wait for', 'cat; echo end', 'end'],
    ['leaves colours out', String.raw`printf '\033[31mred\033[0m\n'`, 'red'],
    ['counts the lines of a command from 1', 'true\ncase', '/bin/bash: -c: line 2: syntax error'],
  ])('%s', async (_, command, text) => {
    const reply = await bash(command);
    expect(reply.text).toContain(text);
    expect(reply.isError).toBe(false);
  });

  it.each([
    ['an empty command', { command: ' ' }, 'empty'],
    ['a missing command', {}, 'command is missing'],
    ['a parameter it does not have', { command: 'true', cwd: '/' }, 'Unknown parameter "cwd"'],
    ['a time limit above ten minutes', { command: 'true', timeout: 600_001 }, 'from 1 to 600000'],
    ['a NUL character', { command: 'echo \0' }, 'NUL'],
  ])('refuses %s', async (_, input, text) => {
    const reply = await opened.box.tool('Bash', input);
    expect(reply).toMatchObject({ isError: true });
    expect(reply.text).toContain(text);
  });

  it('keeps the working folder for the next call, also when the command fails or calls exit', async () => {
    await bash('cd src && false');
    expect((await bash('pwd')).text).toBe('/repo/src');
    await bash('cd /tmp; exit 1');
    expect((await bash('pwd')).text).toBe('/tmp');
  });

  it('goes back to the root when the working folder is gone, and says so', async () => {
    await bash('mkdir -p /tmp/gone && cd /tmp/gone && rm -r /tmp/gone');
    expect((await bash('pwd')).text).toBe('[The working folder is gone; this ran in /repo.]\n/repo');
  });

  it('leaves a background process running and does not wait for it', async () => {
    await bash('sleep 600 & echo $! > /tmp/sleeper');
    expect((await bash('kill -0 $(cat /tmp/sleeper) && echo alive')).text).toBe('alive');
    await bash('kill $(cat /tmp/sleeper)');
  });

  it('cuts long output in the middle, says how much, and keeps all of it in a file', async () => {
    const { text } = await bash('seq 1 100000');
    expect(text.length).toBeLessThan(31_000);
    expect(text.startsWith('1\n2\n3\n')).toBe(true);
    expect(text.endsWith('99999\n100000')).toBe(true);
    const [, omitted, path] = /\[… (\d+) bytes left out; all of it is in (\S+),/.exec(text) ?? [];
    expect(Number(omitted)).toBe(588_895 - 30_000);
    expect((await bash(`wc -c < ${path ?? ''}`)).text).toBe('588895');
    expect((await opened.box.tool('Read', { file_path: path ?? '', offset: 50_000, limit: 1 })).text).toContain(
      '50000\t50000',
    );
  });

  it('stops a command that prints without end, and keeps room for the next ones', async () => {
    for (let count = 0; count < 5; count += 1) {
      const reply = await bash('yes');
      expect(reply.isError).toBe(true);
      expect(reply.text).toContain('[Stopped because it printed more than 67108864 bytes.');
    }
    expect((await bash('echo room')).text).toBe('room');
  });

  it('runs a command line longer than one argument may be', async () => {
    const reply = await bash(`cd /repo; : ${'x'.repeat(200_000)}\ncd src; echo done`);
    expect(reply.text).toBe('done');
    expect((await bash('pwd; cd /repo')).text).toBe('/repo/src');
  });

  it('runs calls side by side, each with its own output', async () => {
    const replies = await Promise.all(
      Array.from({ length: 8 }, (_, index) => bash(`echo ${index}; sleep 0.1; echo ${index}`)),
    );
    expect(replies.map((reply) => reply.text)).toEqual(Array.from({ length: 8 }, (_, index) => `${index}\n${index}`));
  });
});

describe('the time limit', () => {
  it.each([
    ['the command itself', 'sleep 600'],
    ['a command that ignores signals', "trap '' TERM INT HUP; while :; do sleep 600; done"],
    ['a background process', 'sleep 600 & sleep 600'],
    ['a daemon in a session of its own', '(setsid sleep 600 &) ; sleep 600'],
    [
      'a daemon that cleared its environment and left its parents',
      '(setsid env -i sh -c "sleep 600 & sleep 600" &) ; sleep 600',
    ],
    [
      'a tree that keeps growing',
      'f() { sleep 600 & while :; do (setsid env -i sleep 600 &); sleep 0.01; done; }; f & sleep 600',
    ],
  ])('ends %s', async (_, command) => {
    const reply = await bash(`echo begun; ${command}`, 300);
    expect(reply).toEqual({
      isError: true,
      text: 'begun\n[Stopped at its time limit of 300 ms. Everything it had started was ended.]',
    });
    expect((await bash('pgrep -x sleep; true')).text).toBe('The command printed nothing.');
  });

  it('spares what other calls started', async () => {
    await bash('sleep 601 &');
    const neighbour = bash('sleep 1; echo neighbour');
    await bash('sleep 600', 200);
    expect((await neighbour).text).toBe('neighbour');
    expect((await bash('pgrep -xf "sleep 601" > /dev/null && echo alive; pkill -xf "sleep 601"')).text).toBe('alive');
  });
});

describe('a command of the host', () => {
  it('runs in the root whatever the agent did, and tells how it ended', async () => {
    await bash('cd /tmp');
    const result = await opened.box.exec('pwd; echo x > made.txt; exit 7', 10_000);
    expect(result).toMatchObject({ exitCode: 7, output: '/repo\n' });
    expect(result.durationMs).toBeGreaterThanOrEqual(0);
    expect(await readFile(join(opened.checkout.tree, 'made.txt'), 'utf8')).toBe('x\n');
  });

  it('has no exit code when its time is up, and its tree is gone', async () => {
    expect(await opened.box.exec('echo a; (setsid sleep 602 &); sleep 602', 200)).toMatchObject({
      exitCode: null,
      output: 'a\n',
    });
    expect((await opened.box.exec('pgrep -xf "sleep 602"', 5000)).exitCode).toBe(1);
  });
});
