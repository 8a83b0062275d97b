import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BotError, type Checkout } from '../domain/index.ts';

const full = /No space left on device|Disk quota exceeded|ENOSPC|EDQUOT/;

/**
 * Throws BotError `disk-full` when an answer or error speaks of a full disk and the host's disk below the checkout really is.
 * A box's own temporary folder may be full without that, and a box may say what it likes.
 */
export async function requireRoom({ gitDir }: Checkout, said: unknown): Promise<void> {
  if (isFull(said)) throw diskFull('path' in said ? String(said.path) : tmpdir(), said);
  if (!full.test(said instanceof Error ? said.message : JSON.stringify(said))) return;
  const probe = join(gitDir, 'room-probe'); // where no box can write
  try {
    await writeFile(probe, Buffer.alloc(16 * 1024 * 1024)); // more than any file that a tool writes
  } catch (error) {
    if (isFull(error)) throw diskFull(dirname(gitDir), error);
  } finally {
    await rm(probe, { force: true });
  }
}

function isFull(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

function diskFull(path: string, cause: unknown): BotError {
  const words = `The disk is full: nothing more can be written to ${path}. Free space there; mirrors of repositories that nobody works on can be removed from the data folder.`;
  return new BotError('disk-full', words, { cause });
}
