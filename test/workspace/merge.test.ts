import { afterAll, beforeAll, expect, it } from 'vitest';
import { openWorkspace } from '../../src/workspace/index.ts';
import { commit, type Entry } from './git-server.ts';
import { startRig, type Rig } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

const put = (path: string, content: string): Entry => ({ path, content });
const lines = (...over: readonly string[]): string => [...over, 'b', 'c', 'd', 'e', 'f', 'g', ''].join('\n');

/** The base's branch and the topic as fast-import makes them: each commit holds exactly these files. */
function grow(name: string, origin: readonly Entry[], topic: readonly Entry[], base: readonly Entry[]) {
  const from = commit(rig.root, name, origin);
  commit(rig.root, name, origin, { branch: 'topic' });
  const head = commit(rig.root, name, topic, { branch: 'topic' });
  return { from, head: { branch: 'topic', sha: head }, tip: commit(rig.root, name, base) };
}

it('brings the base into a branch: both changes of one file, told as a difference from the base', async () => {
  const origin = [put('a.txt', lines('a')), put('gone.txt', 'x\n')];
  const topic = [put('a.txt', `${lines('a')}end\n`), put('gone.txt', 'x\n'), put('new.txt', 'n\n')];
  const { from, head, tip } = grow('clean.git', origin, topic, [put('a.txt', lines('A')), put('theirs.txt', 't\n')]);
  await using workspace = await openWorkspace(rig.optionsFor('clean.git', tip));
  const merge = await workspace.mergeInto(head, from);
  expect(merge).toEqual({
    changes: [
      { path: 'a.txt', type: 'put', mode: '100644', bytes: Buffer.from(`${lines('A')}end\n`) },
      { path: 'new.txt', type: 'put', mode: '100644', bytes: Buffer.from('n\n') },
    ],
    conflicts: [],
    said: [],
  });
  expect(await workspace.mergeInto(head, from)).toEqual(merge);
});

it('leaves what conflicts between markers, the branch first, and says what it is', async () => {
  const origin = [put('a b.txt', 'one\n'), put('kept.txt', 'one\n')];
  const topic = [put('a b.txt', 'ours\n'), put('kept.txt', 'ours\n')];
  const { from, head, tip } = grow('conflict.git', origin, topic, [put('a b.txt', 'theirs\n')]);
  await using workspace = await openWorkspace(rig.optionsFor('conflict.git', tip));
  const { changes, conflicts, said } = await workspace.mergeInto(head, from);
  expect(conflicts).toEqual(['a b.txt', 'kept.txt']);
  expect(said).toEqual([
    expect.stringMatching(/^CONFLICT \(content\): Merge conflict in a b\.txt$/),
    expect.stringMatching(/^CONFLICT \(modify\/delete\): kept\.txt deleted in/),
  ]);
  const [marked] = changes;
  const text = marked?.type === 'put' ? Buffer.from(marked.bytes).toString() : '';
  expect(text).toMatch(/^<<<<<<< .*\nours\n=======\ntheirs\n>>>>>>> .*\n$/);
  expect(changes[1]).toMatchObject({ path: 'kept.txt', type: 'put' });
});

it('says how a change differs once the base is in it, and nothing where it does not', async () => {
  const origin = [put('a.txt', 'one\n')];
  const { from, head, tip } = grow('range.git', origin, [put('a.txt', 'ours\n')], [put('a.txt', 'two\n')]);
  const after = { branch: 'topic', sha: commit(rig.root, 'range.git', [put('a.txt', 'both\n')], { branch: 'topic' }) };
  await using workspace = await openWorkspace(rig.optionsFor('range.git', tip));
  const told = await workspace.compareChanges(head, from, after);
  expect(told).toMatch(/--one\n.*\+-two\n/s);
  expect(told).toMatch(/-\+ours\n.*\+\+both/s);

  const other = grow('same.git', origin, [...origin, put('b.txt', 'b\n')], [...origin, put('c.txt', 'c\n')]);
  const all = [...origin, put('b.txt', 'b\n'), put('c.txt', 'c\n')];
  const merged = { branch: 'topic', sha: commit(rig.root, 'same.git', all, { branch: 'topic' }) };
  await using next = await openWorkspace(rig.optionsFor('same.git', other.tip));
  expect(await next.compareChanges(other.head, other.from, merged)).toBe('');
});
