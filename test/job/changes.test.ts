import { describe, expect, it } from 'vitest';
import type { Change } from '../../src/domain/index.ts';
import { changeSetKey, withoutNoise } from '../../src/job/index.ts';

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
