import { BotError } from '../domain/index.ts';
import { megabytes, type TreeEntry } from '../git/index.ts';
import type { WorkspaceOptions } from './workspace.ts';

/** What a repository may cost. One beyond a cap is refused with a reason that names it. */
export interface Caps {
  /** A fetch with 50 commits of history that takes longer, or more bytes, is begun again with the newest commit alone. */
  readonly historyMs: number;
  readonly historyBytes: number;
  /** Both fetches together. */
  readonly fetchMs: number;
  /** What the fetch of the newest commit alone may take in. */
  readonly fetchBytes: number;
  /** Files of the base commit, and their bytes. */
  readonly files: number;
  readonly treeBytes: number;
}

/** What a repository may cost when nothing else is said. A refusal takes less than two minutes. */
export const usualCaps: Caps = {
  historyMs: 30_000,
  historyBytes: 256 * 1024 * 1024,
  fetchMs: 110_000,
  fetchBytes: 4 * 1024 * 1024 * 1024,
  files: 400_000,
  treeBytes: 6 * 1024 * 1024 * 1024,
};

/** What even an empty file takes. */
const blockBytes = 4096;
/** What a checkout of these files takes. Throws BotError `repository-unusable` when that is beyond a cap. */
export function measureTree(files: readonly TreeEntry[], { caps, repository }: WorkspaceOptions): number {
  const cap = { ...usualCaps, ...caps };
  const bytes = files.reduce((sum, { size = 0 }) => sum + Math.max(size, blockBytes), 0);
  const called = `${repository.owner}/${repository.name} is too large for us`;
  if (files.length > cap.files)
    throw tooLarge(`${called}: it has ${String(files.length)} files, and the cap is ${String(cap.files)}.`);
  if (bytes > cap.treeBytes)
    throw tooLarge(`${called}: its files take ${megabytes(bytes)}, and the cap is ${megabytes(cap.treeBytes)}.`);
  return bytes;
}

function tooLarge(message: string): BotError {
  return new BotError('repository-unusable', message);
}
