import { createHash } from 'node:crypto';
import type { Change, ChangeSet, Plan } from '../domain/index.ts';

/** The changes without those that the set-up step alone had left behind already: same path, same mode, same bytes. */
export function withoutNoise(changes: ChangeSet, noise: ChangeSet): ChangeSet {
  const known = new Set(noise.map(changeKey));
  return known.size === 0 ? changes : changes.filter((change) => !known.has(changeKey(change)));
}

/**
 * What leads from one state of the work to another, both told as differences from one base. `originals` holds what the base has at the paths that
 * only the first one changes.
 */
export function changesBetween(before: ChangeSet, after: ChangeSet, originals: ChangeSet): ChangeSet {
  const known = new Set(before.map(changeKey));
  const fresh = after.filter((change) => !known.has(changeKey(change)));
  return [...fresh, ...originals].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The paths that only the first of two differences from one base changes. */
export function pathsGivenUp(before: ChangeSet, after: ChangeSet): readonly string[] {
  const kept = new Set(after.map(({ path }) => path));
  return before.map(({ path }) => path).filter((path) => !kept.has(path));
}

const markers = [/^<{7} /m, /^={7}$/m, /^>{7} /m];

/** Which of these paths still hold a conflict of a merge, as git marks one. */
export function pathsWithMarkers(changes: ChangeSet, paths: readonly string[]): readonly string[] {
  return changes.flatMap((change) => {
    if (change.type === 'delete' || !paths.includes(change.path)) return [];
    const text = new TextDecoder().decode(change.bytes);
    return markers.every((marker) => marker.test(text)) ? [change.path] : [];
  });
}

/**
 * Whether a state of the work is worth a commit: what is new in it or, where the base is brought in, what the pull request still changes after
 * that.
 */
export function isWorthACommit({ continues }: Pick<Plan, 'continues'>, all: ChangeSet, fresh: ChangeSet): boolean {
  return (continues?.leftBaseAt === undefined ? fresh : all).length > 0;
}

/** Names the tree that these changes make of a base commit, as SHA-256 in hex: equal for equal work, in whatever order it is listed. */
export function changeSetKey(baseSha: string, changes: ChangeSet): string {
  return sha256(JSON.stringify([baseSha, changes.map(changeKey).sort()]));
}

function changeKey(change: Change): string {
  return change.type === 'delete'
    ? JSON.stringify([change.path])
    : JSON.stringify([change.path, change.mode, sha256(change.bytes)]);
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
