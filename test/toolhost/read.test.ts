import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBox, type TestBox } from '../sandbox/checkout.ts';

let opened: TestBox;
beforeAll(async () => {
  opened = await openBox({
    'three.txt': 'one\ntwo\nthree',
    'empty.txt': '',
    'wide.txt': `${'x'.repeat(2500)}\nshort\n`,
    'long.txt': Array.from({ length: 2500 }, (_, index) => `line ${index + 1}\n`).join(''),
    'crlf.txt': 'a\r\nb\r\n',
    'latin.txt': Buffer.from('caf\xe9\n', 'latin1'),
    'bom.txt': '\uFEFFfirst\n',
    'image.png': Buffer.from([0x89, 0x50, 0, 1, 2]),
    'src/server.ts': 'export {};\n',
  });
  await opened.box.exec(
    'mkfifo pipe; ln -s three.txt link; ln -s /etc/passwd out; ln -s nowhere dangling; ln -s / up',
    5000,
  );
});
afterAll(async () => {
  await opened[Symbol.asyncDispose]();
});

function read(file_path: string, more: object = {}) {
  return opened.box.tool('Read', { file_path, ...more });
}

describe('Read', () => {
  it.each([
    ['numbers the lines', 'three.txt', {}, '     1\tone\n     2\ttwo\n     3\tthree'],
    ['takes an absolute path', '/repo/three.txt', { offset: 3 }, '     3\tthree'],
    [
      'begins at the offset and ends at the limit',
      'three.txt',
      { offset: 2, limit: 1 },
      '     2\ttwo\n[Lines 3 to 3 are not shown: read on with offset 3.]',
    ],
    ['takes numbers sent as text', 'three.txt', { offset: '3' }, '     3\tthree'],
    ['says that a file is empty', 'empty.txt', {}, '[empty.txt is empty.]'],
    [
      'follows a link inside the repository',
      'link',
      { limit: 1 },
      '     1\tone\n[Lines 2 to 3 are not shown: read on with offset 2.]',
    ],
    ['leaves the carriage returns out and says so', 'crlf.txt', {}, '     1\ta\n     2\tb\n[Line endings are CRLF.]'],
    ['leaves a byte order mark out', 'bom.txt', {}, '     1\tfirst'],
    [
      'shows bytes that are not UTF-8 as such',
      'latin.txt',
      {},
      '     1\tcaf\uFFFD\n[Not all bytes are UTF-8; those that are not are shown as \uFFFD.]',
    ],
  ])('%s', async (_, path, more, text) => {
    expect(await read(path, more)).toEqual({ text, isError: false });
  });

  it.each([
    [
      'a missing file, with the nearest name',
      'src/sever.ts',
      'src/sever.ts does not exist. Did you mean src/server.ts?',
    ],
    ['a file in a missing folder', 'lib/a.ts', 'lib/a.ts does not exist. Its folder lib does not exist either.'],
    ['a folder', 'src', 'src is a folder. List it with Bash: ls "src"'],
    ['a binary file, with its size', 'image.png', 'image.png is a binary file of 5 bytes.'],
    ['a pipe', 'pipe', 'pipe is not a regular file (a pipe, socket or device).'],
    ['a link out of the repository', 'out', 'out is outside the repository (/repo), /tmp and /home/agent.'],
    [
      'a path through a link out of the repository',
      'up/etc/hosts',
      'up/etc/hosts is outside the repository (/repo), /tmp and /home/agent.',
    ],
    ['a link that leads nowhere', 'dangling', 'dangling is, or lies behind, a symbolic link that leads nowhere.'],
    [
      'a path above the repository',
      '../etc/hosts',
      '../etc/hosts is outside the repository (/repo), /tmp and /home/agent.',
    ],
    ['a device', '/dev/zero', '/dev/zero is outside the repository (/repo), /tmp and /home/agent.'],
    [
      "git's own folder",
      '.git/config',
      ".git/config is git's own folder, which is read-only here. Use git commands in Bash to look at history.",
    ],
    ['an empty path', '', 'The path is empty or holds a NUL character.'],
  ])('refuses %s', async (_, path, text) => {
    expect(await read(path)).toEqual({ text, isError: true });
  });

  it('refuses an offset behind the end', async () => {
    expect(await read('three.txt', { offset: 4 })).toEqual({
      text: 'three.txt has 3 lines; offset 4 is behind its end.',
      isError: true,
    });
  });

  it('shows 2000 lines unless told otherwise', async () => {
    const lines = (await read('long.txt')).text.split('\n');
    expect(lines).toHaveLength(2001);
    expect(lines.at(-1)).toBe('[Lines 2001 to 2500 are not shown: read on with offset 2001.]');
  });

  it('cuts a line after 2000 characters', async () => {
    const { text } = await read('wide.txt');
    expect(text).toBe(`     1\t${'x'.repeat(2000)} [… 500 more characters in this line]\n     2\tshort`);
  });

  it('keeps the whole reply within bounds', async () => {
    await opened.box.exec('head -c 1900000 /dev/zero | tr "\\0" y | fold -w 1900 > /tmp/large.txt', 20_000);
    const { text } = await read('/tmp/large.txt');
    expect(text.length).toBeLessThan(85_000);
    expect(text).toContain('are not shown: read on with offset 43.]');
  });

  it('refuses a file that is too large', async () => {
    await opened.box.exec('truncate -s 65M /tmp/huge.txt', 5000);
    expect((await read('/tmp/huge.txt')).text).toContain('68157440 bytes; at most 67108864 can be read');
  });
});
