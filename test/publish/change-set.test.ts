import { describe, expect, it } from 'vitest';
import type { Change } from '../../src/domain/index.ts';
import { checkChangeSet, pathsInDoubt } from '../../src/publish/change-set.ts';
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

  it('D15: with direction marks or tags that are new leaves the file to a person, and says so', () => {
    const text = 'if (x \u202e) {}\nb();\n';
    const plain = checkChangeSet([put('a.js', text.replace('\u202e', ''))], []);
    expect(plain).toMatchObject({ protectedPaths: [], remarks: [] });
    const hiding = checkChangeSet([put('a.js', text), put('b.js', 'b')], []);
    expect(hiding).toMatchObject({ protectedPaths: ['a.js'], remarks: [expect.stringContaining('"a.js"')] });
    expect(checkChangeSet([put('b.md', `hi\u{e0069}\u{e0067}`)], []).protectedPaths).toEqual(['b.md']);
    expect(pathsInDoubt([put('a.js', text), put('b.js', 'b')])).toEqual(['a.js']);
    const before = new Map([['a.js', 'if (x \u202e) {}\na();\n']]);
    expect(checkChangeSet([put('a.js', text)], [], before)).toMatchObject({ protectedPaths: [], remarks: [] });
  });

  it('D15: with words that mix alphabets is published with a remark that names them', () => {
    const changes = [put('a.js', 'const аdmin = 1;'), put('b.js', 'const admin = 1; // привет')];
    const { protectedPaths, remarks } = checkChangeSet(changes, []);
    expect(protectedPaths).toEqual([]);
    expect(remarks).toEqual([expect.stringMatching(/^"a\.js".*"аdmin"/)]);
  });

  it('D15: with translations, emoji or invisible characters that languages need passes without a word', () => {
    const changes = [put('he.po', 'msgstr "שלום\u200f"'), put('a.js', '"👩‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ❤️"'), put('fa.js', 'می\u200cخواهم')];
    expect(checkChangeSet(changes, [])).toMatchObject({ protectedPaths: [], remarks: [] });
    expect(pathsInDoubt(changes)).toEqual([]);
  });
});
