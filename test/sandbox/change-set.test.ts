import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BotError } from '../../src/domain/index.ts';
import { checkPath, readChangeSet, writeChangeSet } from '../../src/sandbox/change-set.ts';

function put(path: string, bytes = ''): object {
  return { path, type: 'put', mode: '100644', bytes: Buffer.from(bytes).toString('base64') };
}

describe('a change set from a box', () => {
  it('is sorted by path and carries its bytes', () => {
    expect(readChangeSet([put('b', 'two'), { path: 'a', type: 'delete' }])).toEqual([
      { path: 'a', type: 'delete' },
      { path: 'b', type: 'put', mode: '100644', bytes: Buffer.from('two') },
    ]);
  });

  it.each([
    ['what is no list', {}],
    ['an unknown type', [{ path: 'a', type: 'move' }]],
    ['a mode that git does not have', [{ ...put('a'), mode: '100777' }]],
    ['a submodule', [{ ...put('a'), mode: '160000' }]],
    ['a path that is no text', [{ path: 1, type: 'delete' }]],
  ])('ends the box when it holds %s', (_, value) => {
    expect(() => readChangeSet(value)).toThrow(expect.objectContaining({ code: 'box-lost' }) as Error);
  });

  it.each([
    ['the same path twice', [put('a'), { path: 'a', type: 'delete' }]],
    ['more than 1000 files', Array.from({ length: 1001 }, (_, index) => put(`f${index}`))],
    ['more than 10 MB', [put('a', 'x'.repeat(6_000_000)), put('b', 'x'.repeat(6_000_000))]],
  ])('is refused when it holds %s', (_, value) => {
    expect(() => readChangeSet(value)).toThrow(expect.objectContaining({ code: 'change-set-refused' }) as Error);
  });

  it('comes back from the way into a box as it went', () => {
    const changes = readChangeSet([put('a', '\0ü'), { path: 'b', type: 'delete' }]);
    expect(readChangeSet(JSON.parse(JSON.stringify(writeChangeSet(changes))))).toEqual(changes);
  });
});

describe('a path from a box', () => {
  it.each([
    'a',
    'a/b.txt',
    '.github/ci.yml',
    '.gitignore',
    '.gitattributes',
    'a/.git-keep',
    'git',
    'ü/ñ',
    'a b/c"d',
    '...',
    'x'.repeat(255),
  ])('%j is fine', (path) => {
    expect(() => {
      checkPath(path);
    }).not.toThrow();
  });

  it.each([
    ...[
      '',
      '/',
      '/a',
      'a/',
      'a//b',
      '.',
      '..',
      'a/../b',
      './a',
      'a\0b',
      '\uD800',
      'x'.repeat(256),
      'a/'.repeat(2049) + 'a',
    ],
    ...[
      '.git',
      '.git/config',
      'a/.git/x',
      '.GIT',
      '.Git/x',
      '.g\u200Cit/x',
      '\uFEFF.git',
      '.git.',
      '.git ',
      '.git . ',
      'git~1',
      'GIT~2/x',
      '.git::$INDEX_ALLOCATION',
      'a\\.git\\x',
      '.gi\u0307t',
      '.ｇit',
    ],
  ])('%j is refused', (path) => {
    expect(() => {
      checkPath(path);
    }).toThrow(expect.objectContaining({ code: 'change-set-refused' }) as Error);
  });

  it('that is accepted stays inside the repository, whatever it is', () => {
    const part = fc.oneof(
      fc.constantFrom('..', '.', '', '.git', '.GiT', 'a', '\0', '~'),
      fc.string({ unit: 'binary', maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
        const path = parts.join('/');
        try {
          checkPath(path);
        } catch (error) {
          expect(error).toBeInstanceOf(BotError);
          return;
        }
        const resolved = new URL(path.split('/').map(encodeURIComponent).join('/'), 'file:///repo/').pathname;
        expect(resolved.startsWith('/repo/')).toBe(true);
        expect(path.toLowerCase().split('/')).not.toContain('.git');
      }),
      { numRuns: 2000 },
    );
  });
});
