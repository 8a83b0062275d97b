import { describe, expect, it } from 'vitest';
import type { Change } from '../../src/domain/index.ts';
import { checkChangeSet } from '../../src/publish/change-set.ts';
import { put } from './builders.ts';

const pointer = 'version https://git-lfs.github.com/spec/v1\n';

describe('a change set', () => {
  it.each<[string, Change[], RegExp]>([
    ['an absolute path', [put('/etc/passwd')], /relative/],
    ['a path that climbs', [put('a/../../b')], /below the root/],
    ['an empty part', [put('a//b')], /below the root/],
    ['a git directory', [put('a/.git/config')], /git directory/],
    ['a git directory by another name', [put('.GIT\u200c/hooks/x')], /git directory/],
    ['a git directory by its short name', [put('GIT~1/x')], /git directory/],
    ['a git directory with a trailing dot', [put('.git./x')], /git directory/],
    ['a line end in a path', [put('a\nb')], /characters/],
    ['a backslash in a path', [put('a\\b')], /characters/],
    ['an endless path', [put(`${'d/'.repeat(600)}x`)], /1024 bytes/],
    ['one path twice', [put('a'), { path: 'a', type: 'delete' }], /twice/],
    ['a file below a file', [put('a'), put('a/b')], /below a file/],
    ['a link to the outside', [put('a/l', '../../x', '120000')], /leads out/],
    ['an absolute link', [put('l', '/etc', '120000')], /leads out/],
    ['a link into a git directory', [put('l', '.git/config', '120000')], /leads out/],
    ['a link to nothing', [put('l', '', '120000')], /nowhere/],
    ['a broken pointer', [put('big', `${pointer}oid sha256:1\n`)], /LFS/],
    ['too many files', Array.from({ length: 301 }, (_, index) => put(`f${index}`)), /301 files/],
    ['too many bytes', [put('a', Buffer.alloc(5 * 1024 * 1024 + 1))], /bytes/],
    ['workflow files only', [put('.github/workflows/a.yml')], /nothing is left/],
    ['nothing at all', [], /nothing is left/],
  ])('with %s is refused', (_, changes, message) => {
    expect(() => checkChangeSet(changes, [])).toThrow(message);
    expect(() => checkChangeSet(changes, [])).toThrow(expect.objectContaining({ code: 'change-set-refused' }) as Error);
  });

  it('with ordinary things passes whole', () => {
    const changes: Change[] = [
      put('a/l', '../b/größe.txt', '120000'),
      put('.gitignore'),
      put('b/größe.txt', 'Grüße ✓ 👩‍👩‍👧'.replaceAll('\u200d', '')),
      put('bin.dat', Buffer.from([0, 1, 0xe2, 0x80, 0xae])),
      { path: 'old/.gitkeep', type: 'delete' },
    ];
    expect(checkChangeSet(changes, [])).toEqual({ changes, leftOut: [], protectedPaths: [], remarks: [] });
  });

  it.each([
    '.github/backend.yml',
    '.github/CODEOWNERS',
    'CODEOWNERS',
    'docs/CODEOWNERS',
    'AGENTS.md',
    'api/CLAUDE.md',
    '.claude/agents/x.md',
    '.vscode/tasks.json',
    'package.json',
    'sub/package-lock.json',
    'go.mod',
    'go.sum',
    'pyproject.toml',
    'requirements-dev.txt',
    'Dockerfile',
    'Dockerfile.prod',
    'Makefile',
    '.npmrc',
    '.gitattributes',
    'PREFERENCES.md',
    'src/payments/deep/a.js',
    'db/1.sql',
  ])('lists %s for a person', (path) => {
    expect(checkChangeSet([put(path)], ['src/payments', 'db/*.sql']).protectedPaths).toEqual([path]);
  });

  it.each([
    'src/a.js',
    'src/package.js',
    'README.md',
    '.gitignore',
    'docs/requirements.md',
    'src/paymentsx/a.js',
    'db/a/1.sql',
  ])('lists not %s', (path) => {
    expect(checkChangeSet([put(path)], ['src/payments', 'db/*.sql']).protectedPaths).toEqual([]);
  });

  it('leaves workflow files out, in any case', () => {
    const { changes, leftOut } = checkChangeSet([put('.GitHub/workflows/a.yml'), put('a')], []);
    expect(changes.map(({ path }) => path)).toEqual(['a']);
    expect(leftOut).toEqual(['.GitHub/workflows/a.yml']);
  });

  it('names text whose direction marks deceive a reader', () => {
    expect(checkChangeSet([put('a.js', 'if (x \u202e) {}')], []).remarks).toEqual([expect.stringContaining('"a.js"')]);
  });
});
