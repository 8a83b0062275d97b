import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBox, type TestBox } from '../sandbox/checkout.ts';

let opened: TestBox;
beforeAll(async () => {
  opened = await openBox({
    'src/a.ts': 'const one = 1;\nconst two = 2;\n// One\n',
    'src/b.py': 'one = 1\n',
    'docs/c.md': 'one\n\n\ntwo\n',
    '.github/ci.yml': 'one: true\n',
    '.gitignore': 'ignored/\n',
    '-e.txt': 'dash one\n',
  });
  await opened.box.exec(
    'mkdir ignored; echo one > ignored/x; printf "one\\0two\\n" > binary; seq 100000 > many.txt',
    5000,
  );
  await opened.box.exec('echo "--pre=touch /repo/pwned" > ~/.ripgreprc; echo "--pre=touch" > /repo/.ripgreprc', 5000);
});
afterAll(async () => {
  await opened[Symbol.asyncDispose]();
});

function grep(input: Readonly<Record<string, unknown>>) {
  return opened.box.tool('Grep', input);
}

describe('Grep', () => {
  it.each([
    [
      'lists files, sorted, ignored and binary ones left out',
      { pattern: '\\bone\\b' },
      '-e.txt\n.github/ci.yml\ndocs/c.md\nsrc/a.ts\nsrc/b.py',
    ],
    [
      'shows lines with their numbers',
      { pattern: 'two', path: 'src', output_mode: 'content' },
      'src/a.ts:2:const two = 2;',
    ],
    [
      'leaves the numbers out',
      { pattern: 'two', path: 'src', output_mode: 'content', '-n': false },
      'src/a.ts:const two = 2;',
    ],
    ['counts', { pattern: 'const', path: 'src', output_mode: 'count' }, 'src/a.ts:2'],
    [
      'shows lines around',
      { pattern: 'two', path: 'docs', output_mode: 'content', '-B': 1 },
      'docs/c.md-3-\ndocs/c.md:4:two',
    ],
    [
      'ignores case',
      { pattern: 'ONE', path: 'src/a.ts', output_mode: 'content', '-i': true },
      'src/a.ts:1:const one = 1;\nsrc/a.ts:3:// One',
    ],
    ['filters by glob', { pattern: 'one', glob: '*.py' }, 'src/b.py'],
    ['filters by type', { pattern: 'one', type: 'ts' }, 'src/a.ts'],
    ['matches over lines', { pattern: 'one.*two', path: 'docs', multiline: true }, 'docs/c.md'],
    ['takes a pattern that looks like an option', { pattern: '-e|--pre=touch', path: 'src' }, 'No matches found.'],
    ['takes a path that looks like an option', { pattern: 'dash', path: '-e.txt' }, '-e.txt'],
    ['says when nothing is found', { pattern: 'nothing of the sort' }, 'No matches found.'],
    [
      'stops at head_limit and says so',
      { pattern: '.', path: 'many.txt', output_mode: 'content', head_limit: 2 },
      'many.txt:1:1\nmany.txt:2:2\n[99998 more lines; raise head_limit or narrow the search.]',
    ],
  ])('%s', async (_, input, text) => {
    expect(await grep(input)).toEqual({ text, isError: false });
  });

  it.each([
    ['an invalid pattern', { pattern: '(' }, 'unclosed group'],
    ['a look-behind, which the linear engine lacks', { pattern: '(?<=a)b' }, 'look-around'],
    ['an unknown type', { pattern: 'a', type: 'klingon' }, 'unrecognized file type'],
    ['an unknown mode', { pattern: 'a', output_mode: 'json' }, 'output_mode must be one of'],
    ['an empty pattern', { pattern: '' }, 'The pattern is empty'],
    ['a folder outside', { pattern: 'a', path: '/etc' }, 'outside the repository'],
    ["git's own folder", { pattern: 'a', path: '.git' }, "git's own folder"],
    ['a missing folder', { pattern: 'a', path: 'lib' }, 'lib does not exist'],
  ])('explains %s', async (_, input, text) => {
    const reply = await grep(input);
    expect(reply.isError).toBe(true);
    expect(reply.text).toContain(text);
  });

  it('keeps the reply within bounds', async () => {
    const { text } = await grep({ pattern: '.', path: 'many.txt', output_mode: 'content', head_limit: 0 });
    expect(text.length).toBeLessThan(30_200);
    expect(text).toMatch(/\[\d+ more lines were too much to show; narrow the search\.\]$/);
  });

  it('answers a pattern that explodes in other engines', async () => {
    await opened.box.exec(`printf '%s' ${'a'.repeat(5000)}! > /tmp/bomb`, 5000);
    expect((await grep({ pattern: '^(a+)+$', path: '/tmp/bomb' })).text).toBe('No matches found.');
  });

  it('reads no settings and runs no program', async () => {
    expect((await opened.box.exec('ls /repo/pwned', 5000)).exitCode).not.toBe(0);
  });
});
