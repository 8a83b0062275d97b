import { BotError } from '../domain/index.ts';
import { runGit, type GitPlace } from './git.ts';

/** Three commits: two that a change each was made in, and the one that both come from. */
export interface ThreeWays {
  readonly origin: string;
  readonly ours: string;
  readonly theirs: string;
}

/** Git merges by itself what it can; in a file that it can't, the conflict stands between markers, ours first. */
export interface MergedTree {
  readonly tree: string;
  /** The paths that somebody has to look at. */
  readonly conflicts: readonly string[];
  /** What git says about them, a line each. */
  readonly said: readonly string[];
}

/** Who makes the commits that never leave the mirror. Renames are looked for among so many files, since each is compared with each. */
const mergeConfig = { 'user.name': 'merge', 'user.email': 'merge@invalid', 'merge.renameLimit': '1000' };

/**
 * The merge of two commits over their origin, in the object store alone: no work tree, no hook and no merge driver has a part in it. The three
 * are given a history of their own first, because a mirror's may be too short to hold where they meet.
 */
export async function mergeTrees(place: GitPlace, { origin, ours, theirs }: ThreeWays): Promise<MergedTree> {
  const root = await commitTree(place, origin);
  const tips = [await commitTree(place, ours, root), await commitTree(place, theirs, root)];
  const isAnswer = [0, 1]; // 1: with conflicts
  return readMerge(
    await runGit(place, ['merge-tree', '--write-tree', '-z', '--name-only', ...tips], mergeConfig, isAnswer),
  );
}

/** `tree\0`, the paths in conflict, an empty field, and notes of four or more fields: a count, so many paths, a kind and a sentence. */
function readMerge(output: string): MergedTree {
  const [tree = '', ...fields] = output.split('\0');
  if (!/^[0-9a-f]{40,64}$/.test(tree))
    throw new BotError('git-failed', `git merge-tree answered what we can't read: ${output.slice(0, 200)}`);
  const end = fields.indexOf('');
  const conflicts = end < 0 ? fields : fields.slice(0, end);
  const said: string[] = [];
  for (let at = end + 1; end >= 0 && at + 1 < fields.length;) {
    const kindAt = at + 1 + Number(fields[at]);
    if (fields[kindAt]?.startsWith('CONFLICT')) said.push((fields[kindAt + 1] ?? '').trim());
    at = kindAt + 2;
  }
  return { tree, conflicts: [...new Set(conflicts.filter((path) => path !== ''))], said };
}

/** The files of a commit, or of a tree, as a commit with that parent and no other history. */
async function commitTree(place: GitPlace, from: string, parent?: string): Promise<string> {
  const parents = parent === undefined ? [] : ['-p', parent];
  return (await runGit(place, ['commit-tree', `${from}^{tree}`, ...parents, '-m', 'merge'], mergeConfig)).trim();
}

/** How one change differs from another one: `git range-diff` of two commits, each against where it began. Empty when both change the same. */
export async function compareChanges(
  place: GitPlace,
  before: { readonly from: string; readonly to: string },
  after: { readonly from: string; readonly to: string },
): Promise<string> {
  const ranges: string[] = [];
  for (const { from, to } of [before, after]) {
    const root = await commitTree(place, from);
    ranges.push(`${root}..${await commitTree(place, to, root)}`);
  }
  const output = await runGit(place, ['range-diff', '--no-color', '--no-ext-diff', '--creation-factor=100', ...ranges]);
  return output.split('\n').slice(1).join('\n').trimEnd(); // the first line names commits that nobody has
}
