import { createHash } from 'node:crypto';
import type { Change, ChangeSet } from '../domain/index.ts';

/** The changes without those that the set-up step alone had left behind already: same path, same mode, same bytes. */
export function withoutNoise(changes: ChangeSet, noise: ChangeSet): ChangeSet {
  const known = new Set(noise.map(changeKey));
  return known.size === 0 ? changes : changes.filter((change) => !known.has(changeKey(change)));
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
