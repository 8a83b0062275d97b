import { mkdir, statfs } from 'node:fs/promises';
import { BotError } from '../domain/index.ts';
import type { TreeEntry, WorkspaceOptions } from './workspace.ts';

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
/** A job begins only with so much free: a mirror, a checkout and the caches of a small repository. */
const leastFree = 200 * 1024 * 1024;
/** Less than git needs for anything. */
const nothing = 1024 * 1024;

/** Throws BotError `disk-full` unless 200 MB, and `more` bytes beyond that, are free below the data folder. */
export async function requireSpace(dataDir: string, more = 0): Promise<void> {
  const free = await tellFull(dataDir, () => freeBytes(dataDir));
  if (free < leastFree + more)
    throw diskFull(dataDir, `${megabytes(free)} are free and ${megabytes(leastFree + more)} are needed`);
}

/** Does something with files below the data folder; a full disk or quota becomes BotError `disk-full`. */
export async function tellFull<T>(dataDir: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw isFull(error) ? diskFull(dataDir, error.message, error) : error;
  }
}

/** The error that git's failure means when the disk has no room: git does not always say so itself. */
export async function readFullDisk(dataDir: string, said: string, cause: unknown): Promise<BotError | undefined> {
  if (fullWords.test(said)) return diskFull(dataDir, said, cause);
  const free = await freeBytes(dataDir).catch(() => Number.POSITIVE_INFINITY);
  return free < nothing ? diskFull(dataDir, said, cause) : undefined;
}

const fullWords = /No space left on device|Disk quota exceeded|Out of diskspace/i;

async function freeBytes(dataDir: string): Promise<number> {
  await mkdir(dataDir, { recursive: true });
  const { bavail, bsize, files, ffree } = await statfs(dataDir);
  // Some file systems have no inodes to count.
  return files > 0 && ffree === 0 ? 0 : bavail * bsize;
}

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

function isFull(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

function diskFull(dataDir: string, why: string, cause?: unknown): BotError {
  const right = `Free space there: under ${dataDir}/mirrors everything may go while no job runs, it is fetched again when needed.`;
  const [line = ''] = why.trim().split('\n', 1);
  return new BotError('disk-full', `The disk that holds ${dataDir} is full (${line.slice(0, 300)}). ${right}`, {
    cause,
  });
}

export function megabytes(bytes: number): string {
  return `${String(Math.floor(bytes / 1024 / 1024))} MB`;
}
