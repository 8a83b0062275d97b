import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBox, type TestBox } from '../sandbox/checkout.ts';

let opened: TestBox;
beforeAll(async () => {
  opened = await openBox({ 'run.sh': '#!/bin/sh\necho one\n', 'unread.txt': 'x\n' });
  await opened.box.exec('chmod 755 run.sh; ln -s /etc/out out; ln -s run.sh link; mkfifo pipe', 5000);
});
afterAll(async () => {
  await opened[Symbol.asyncDispose]();
});

function use(name: 'Read' | 'Write' | 'Edit', input: object) {
  return opened.box.tool(name, { ...input });
}

function inTree(path: string): Promise<Buffer> {
  return readFile(join(opened.checkout.tree, path));
}

/** Puts bytes into the tree behind the tools' backs, then reads the file as a model must. */
async function prepare(path: string, bytes: Buffer): Promise<void> {
  await opened.box.apply([{ path, type: 'put', mode: '100644', bytes }]);
  await use('Read', { file_path: path });
}

describe('Write', () => {
  it('creates a file and its folders', async () => {
    expect(await use('Write', { file_path: 'a/b/c.txt', content: 'one\ntwo\n' })).toEqual({
      text: 'Created a/b/c.txt (2 lines).',
      isError: false,
    });
    expect((await inTree('a/b/c.txt')).toString()).toBe('one\ntwo\n');
  });

  it('replaces what it wrote itself, or what was read, and keeps the mode', async () => {
    await use('Write', { file_path: 'own.txt', content: 'one' });
    expect((await use('Write', { file_path: 'own.txt', content: 'two' })).text).toBe('Replaced own.txt (1 lines).');
    await use('Read', { file_path: 'run.sh' });
    await use('Write', { file_path: 'run.sh', content: '#!/bin/sh\necho two\n' });
    expect((await stat(join(opened.checkout.tree, 'run.sh'))).mode & 0o777).toBe(0o755);
  });

  it('refuses to replace a file that was not read', async () => {
    expect(await use('Write', { file_path: 'unread.txt', content: 'y' })).toEqual({
      text: 'unread.txt has not been read yet. Read it first, then change it.',
      isError: true,
    });
  });

  it('refuses to replace a file that changed since it was read', async () => {
    await use('Write', { file_path: 'moving.txt', content: 'one' });
    await opened.box.exec('echo more >> moving.txt', 5000);
    expect((await use('Write', { file_path: 'moving.txt', content: 'two' })).text).toBe(
      'moving.txt has changed since it was read. Read it again, then change it.',
    );
  });

  it('writes through a link inside the repository into the file it names', async () => {
    await use('Read', { file_path: 'link' });
    expect((await use('Write', { file_path: 'link', content: 'through\n' })).text).toBe('Replaced run.sh (1 lines).');
    expect((await inTree('run.sh')).toString()).toBe('through\n');
  });

  it.each([
    ['.git/hooks/pre-commit', "git's own folder"],
    ['.GIT/config', "git's own folder"],
    ['sub/.g\u200Cit/config', "git's own folder"],
    ['git~1/config', "git's own folder"],
    ['../escape.txt', 'outside the repository'],
    ['/etc/escape.txt', 'outside the repository'],
    ['out', 'leads nowhere'],
    ['pipe', 'not a regular file'],
    ['run.sh/below', "can't be written"],
  ])('refuses %j', async (path, text) => {
    const reply = await use('Write', { file_path: path, content: 'x' });
    expect(reply.isError).toBe(true);
    expect(reply.text).toContain(text);
  });
});

describe('Edit', () => {
  it('replaces one exact match and shows the lines around it', async () => {
    await prepare('one.txt', Buffer.from('a\nb\nc\nd\ne\nf\ng\nh\ni\n'));
    expect(await use('Edit', { file_path: 'one.txt', old_string: 'e\n', new_string: 'E\nE\n' })).toEqual({
      text: 'Edited one.txt (replaced once).\n     2\tb\n     3\tc\n     4\td\n     5\tE\n     6\tE\n     7\tf\n     8\tg\n     9\th\n    10\ti',
      isError: false,
    });
  });

  it('can be used again without reading again', async () => {
    await prepare('again.txt', Buffer.from('a b c\n'));
    await use('Edit', { file_path: 'again.txt', old_string: 'a', new_string: 'x' });
    await use('Edit', { file_path: 'again.txt', old_string: 'b', new_string: 'y' });
    expect((await inTree('again.txt')).toString()).toBe('x y c\n');
  });

  it('names the lines of several matches, and replaces all of them when told to', async () => {
    await prepare('many.txt', Buffer.from('x\ny\nx\nx\n'));
    expect((await use('Edit', { file_path: 'many.txt', old_string: 'x', new_string: 'z' })).text).toBe(
      'old_string is in many.txt 3 times (lines 1, 3, 4). Add text around it until it is unique, or set replace_all to true.',
    );
    await use('Edit', { file_path: 'many.txt', old_string: 'x', new_string: 'z', replace_all: true });
    expect((await inTree('many.txt')).toString()).toBe('z\ny\nz\nz\n');
  });

  it('shows the most similar lines when there is no match', async () => {
    await prepare('near.ts', Buffer.from('import a\n\nfunction renderUser(user) {\n}\n'));
    const reply = await use('Edit', {
      file_path: 'near.ts',
      old_string: 'function renderUsers(users) {',
      new_string: 'x',
    });
    expect(reply.text).toBe(
      'old_string is not in near.ts. The most similar lines are:\n     3\tfunction renderUser(user) {',
    );
  });

  it('says when only the white space differs', async () => {
    await prepare('space.py', Buffer.from('def f():\n\treturn 1\n'));
    const reply = await use('Edit', { file_path: 'space.py', old_string: 'def f():\n    return 1', new_string: 'x' });
    expect(reply.text).toContain('It is there with different white space');
  });

  it.each([
    ['identical strings', { old_string: 'x', new_string: 'x' }, 'are the same'],
    ['an empty old_string', { old_string: '', new_string: 'x' }, 'use Write'],
    ['a file that was not read', { old_string: 'x', new_string: 'y' }, 'has not been read yet'],
  ])('refuses %s', async (_, input, text) => {
    const reply = await use('Edit', { file_path: 'unread.txt', ...input });
    expect(reply.isError).toBe(true);
    expect(reply.text).toContain(text);
  });

  it('refuses a binary file', async () => {
    await prepare('data.bin', Buffer.from([120, 0, 1]));
    expect((await use('Edit', { file_path: 'data.bin', old_string: 'x', new_string: 'y' })).isError).toBe(true);
  });

  it.each([
    ['keeps CRLF line ends', 'a\r\nb\r\nc\r\n', 'a\nb', 'A\nB\nB', 'A\r\nB\r\nB\r\nc\r\n'],
    ['keeps a byte order mark', '\uFEFFfirst\n', 'first', 'second', '\uFEFFsecond\n'],
    ['matches as given where line ends are mixed', 'a\nb\r\nc\n', 'a\nb', 'x\ny', 'x\ny\r\nc\n'],
    ['finds CRLF lines where line ends are mixed', 'a\nb\r\nc\r\n', 'b\nc', 'x\ny', 'a\nx\r\ny\r\n'],
    ['takes dollar signs as they are', 'a\n', 'a', "$& $1 $'", "$& $1 $'\n"],
  ])('%s', async (...[, before, old_string, new_string, after]) => {
    await prepare('ends.txt', Buffer.from(before));
    await use('Edit', { file_path: 'ends.txt', old_string, new_string });
    expect((await inTree('ends.txt')).toString()).toBe(after);
  });

  it('leaves bytes of another encoding as they are', async () => {
    await prepare('latin.txt', Buffer.from('caf\xe9 au lait\n', 'latin1'));
    await use('Edit', { file_path: 'latin.txt', old_string: 'lait', new_string: 'sucre' });
    expect((await inTree('latin.txt')).toString('latin1')).toBe('caf\xe9 au sucre\n');
  });

  it('changes the match and nothing else, in any bytes', async () => {
    const bytes = fc.uint8Array({ min: 1, max: 255, maxLength: 200 }).map((array) => Buffer.from(array));
    const text = fc
      .string({ minLength: 1, maxLength: 20, unit: 'grapheme' })
      .filter((value) => !/[\r\n\0]/.test(value));
    await fc.assert(
      fc.asyncProperty(bytes, text, text, bytes, async (before, old, fresh, after) => {
        fc.pre(old !== fresh);
        const content = Buffer.concat([before, Buffer.from(old), after]);
        await prepare('any.txt', content);
        const reply = await use('Edit', { file_path: 'any.txt', old_string: old, new_string: fresh });
        const edited = await inTree('any.txt');
        if (content.indexOf(old) !== content.lastIndexOf(old)) expect([reply.isError, edited]).toEqual([true, content]);
        else expect([reply.isError, edited]).toEqual([false, Buffer.concat([before, Buffer.from(fresh), after])]);
      }),
      { numRuns: 60 },
    );
  });
});
