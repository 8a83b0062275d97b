import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { branchFor } from '../../src/job/index.ts';

const usual = 'backend/{number}-{slug}';

describe('the branch of an issue', () => {
  it.each([
    ['number and title fill the pattern', usual, 'Add a health endpoint', 'backend/7-add-a-health-endpoint'],
    ['accents are taken off', usual, 'Überprüfe Größe', 'backend/7-uberprufe-gro-e'],
    ['a title in another script leaves only the number', usual, '添加健康检查', 'backend/7'],
    ['punctuation becomes one dash', usual, '  [API] fix: /users?id=1 (again!!)', 'backend/7-api-fix-users-id-1-again'],
    [
      'a long title is cut between words',
      usual,
      'word '.repeat(40),
      'backend/7-word-word-word-word-word-word-word-word-word-word',
    ],
    ['a title cannot leave the folder', usual, '../../main', 'backend/7-main'],
    ['a title cannot end like a lock file', usual, 'yarn.lock', 'backend/7-yarn-lock'],
    ['a pattern may lack the title', 'agent/{number}', 'x', 'agent/7'],
    ['unknown placeholders are dropped', 'a/{user}/{number}', 'x', 'a/7'],
    ['long runs of punctuation are cut', `${'_'.repeat(900)}x`, 'x', 'x'],
    [
      'a long pattern leaves out the title sooner than the number',
      `${'x'.repeat(70)}-{slug}-{number}`,
      'one two three four',
      `${'x'.repeat(70)}-one-two-three-7`,
    ],
    ['a pattern of nothing falls back', '{}', 'x', 'backend/7'],
    ['a pattern that is a full ref falls back', 'refs/heads/{number}', 'x', 'backend/7'],
    ['a pattern that is HEAD falls back', 'HEAD', 'x', 'backend/7'],
    ['a pattern that looks like a commit falls back', 'a'.repeat(40), 'x', 'backend/7'],
  ])('%s', (_, pattern, title, branch) => {
    expect(branchFor(pattern, { number: 7, title })).toBe(branch);
  });
});

describe('any pattern and title', () => {
  const part = fc.constantFrom(
    '{number}',
    '{slug}',
    '/',
    '.',
    '..',
    '.lock',
    '-',
    '_',
    '@{',
    '~',
    '^',
    ':',
    '\\',
    ' ',
    'HEAD',
    'refs/',
    'heads/',
    'é',
    '\n',
    'x',
  );
  const pattern = fc.oneof(
    fc.array(part, { maxLength: 30 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary' }),
  );
  const title = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.array(part).map((parts) => parts.join('')),
  );
  const branch = fc
    .tuple(pattern, title, fc.integer({ min: 1, max: 2 ** 31 }))
    .map(([chosen, words, number]) => branchFor(chosen, { number, title: words }));

  it('gives a branch that is short and plain', () => {
    fc.assert(
      fc.property(branch, (name) => {
        expect(name).toMatch(/^[\w.-]+(?:\/[\w.-]+)*$/u);
        expect(name.length).toBeLessThanOrEqual(90);
      }),
      { numRuns: 2000 },
    );
  });

  it('gives a branch that git takes', () => {
    for (const name of fc.sample(branch, 150)) {
      const { status, stderr } = spawnSync('git', ['check-ref-format', '--branch', name], { encoding: 'utf8' });
      expect({ name, status, stderr }).toEqual({ name, status: 0, stderr: '' });
    }
  });

  it('is checked by a git that refuses what we avoid', () => {
    for (const name of ['-x', 'a..b', 'a.lock', 'a/', '@{-1}x', 'HEAD'])
      expect(
        () => execFileSync('git', ['check-ref-format', '--branch', name], { stdio: 'ignore', cwd: '/' }),
        name,
      ).toThrow();
  });
});
