import { describe, expect, it } from 'vitest';
import type { Change } from '../../src/domain/index.ts';
import {
  changesBetween,
  changeSetKey,
  isWorthACommit,
  pathsGivenUp,
  pathsWithMarkers,
  withoutNoise,
} from '../../src/job/index.ts';

function put(path: string, text: string, mode: '100644' | '100755' | '120000' = '100644'): Change {
  return { path, type: 'put', mode, bytes: Buffer.from(text) };
}

function remove(path: string): Change {
  return { path, type: 'delete' };
}

const base = 'a'.repeat(40);

describe('what the set-up step left behind', () => {
  const noise = [put('lock', 'v2'), put('run', 'x'), remove('cache')];

  it.each([
    ['is dropped when nothing touched it since', [...noise, put('app', 'new')], [put('app', 'new')]],
    ['stays when its bytes changed since', [put('lock', 'v3')], [put('lock', 'v3')]],
    ['stays when its mode changed since', [put('run', 'x', '100755')], [put('run', 'x', '100755')]],
    ['stays when a file is deleted that set-up wrote', [remove('lock')], [remove('lock')]],
    ['stays when a file is written that set-up deleted', [put('cache', '')], [put('cache', '')]],
    ['adds nothing when it was undone', [], []],
  ])('%s', (_, changes, expected) => {
    expect(withoutNoise(changes, noise)).toEqual(expected);
  });

  it('is compared by content, whatever the kind of array that holds it', () => {
    const bytes = Uint8Array.from(Buffer.from('v2'));
    expect(withoutNoise([{ path: 'lock', type: 'put', mode: '100644', bytes }], noise)).toEqual([]);
  });
});

describe('what leads from one state of the work to another', () => {
  const before = [put('a', '1'), put('b', '1'), remove('c')];

  it.each([
    ['nothing, when they are the same', before, [], []],
    [
      'what was changed again, or anew',
      [put('a', '2'), put('b', '1'), remove('c'), put('d', '1')],
      [],
      [put('a', '2'), put('d', '1')],
    ],
    ['a file that is gone again, as it was before', [put('a', '1'), remove('c')], [remove('b')], [remove('b')]],
    ['a deleted file that is back', [put('a', '1'), put('b', '1')], [put('c', 'old')], [put('c', 'old')]],
    ['another mode alone', [put('a', '1', '100755'), put('b', '1'), remove('c')], [], [put('a', '1', '100755')]],
  ])('is %s', (_, after, originals, expected) => {
    expect(pathsGivenUp(before, after)).toEqual(originals.map(({ path }) => path));
    expect(changesBetween(before, after, originals)).toEqual(expected);
  });
});

describe('a conflict', () => {
  const marked = '<<<<<<< a\nx\n=======\ny\n>>>>>>> b\n';
  it.each([
    ['between markers', put('a', `1\n${marked}`), ['a']],
    ['in a file that nobody said conflicts', put('b', marked), []],
    ['that is resolved', put('a', 'x\ny\n'), []],
    ['that is resolved by a deletion', remove('a'), []],
    ['that is only written about', put('a', 'A heading\n=======\n  <<<<<<< a\n'), []],
  ])('%s is found where it is', (_, change, paths) => {
    expect(pathsWithMarkers([change], ['a'])).toEqual(paths);
  });
});

it('is worth a commit with something new or, where the base comes in, with anything left of the pull request', () => {
  const continues = { pullNumber: 1, branch: 'b', headSha: base };
  const all = [put('a', '1')];
  expect(isWorthACommit({ continues }, all, [])).toBe(false);
  expect(isWorthACommit({ continues }, all, all)).toBe(true);
  expect(isWorthACommit({ continues: { ...continues, leftBaseAt: base } }, all, [])).toBe(true);
  expect(isWorthACommit({ continues: { ...continues, leftBaseAt: base } }, [], [])).toBe(false);
});

describe('the key of a change set', () => {
  const changes = [put('a', '1'), remove('b')];

  it('is a SHA-256 that stays the same', () => {
    expect(changeSetKey(base, changes)).toMatch(/^[0-9a-f]{64}$/u);
    expect(changeSetKey(base, [...changes].reverse())).toBe(changeSetKey(base, changes));
  });

  it.each([
    ['another base', 'b'.repeat(40), changes],
    ['another path', base, [put('c', '1'), remove('b')]],
    ['other bytes', base, [put('a', '2'), remove('b')]],
    ['another mode', base, [put('a', '1', '100755'), remove('b')]],
    ['an empty file instead of a deletion', base, [put('a', '1'), put('b', '')]],
    ['one change less', base, [put('a', '1')]],
    ['text moved from one file to the next', base, [put('a', ''), put('b', '1')]],
  ])('differs for %s', (_, sha, others) => {
    expect(changeSetKey(sha, others)).not.toBe(changeSetKey(base, changes));
  });
});
