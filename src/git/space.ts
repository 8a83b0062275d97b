import { mkdir, statfs } from 'node:fs/promises';
import { BotError } from '../domain/index.ts';

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

/** As people read it, rounded down. */
export function megabytes(bytes: number): string {
  return `${String(Math.floor(bytes / 1024 / 1024))} MB`;
}
