import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { BotError } from './domain/index.ts';

/** Makes the data folder when it is missing. Throws BotError `config-invalid` that says what keeps this user from writing there. */
export async function openDataDir(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await access(dataDir, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    const reason = reasons[code] ?? `cannot be used (${code})`;
    const advice = 'set a folder that this user may write to, for example DATA_DIR=/var/lib/backend';
    throw new BotError('config-invalid', `DATA_DIR ${dataDir} ${reason}: ${advice}`, { cause });
  }
}

/** By the system's error codes. */
const reasons: Readonly<Record<string, string>> = {
  EACCES: 'is not writable for this user',
  EPERM: 'is not writable for this user',
  EROFS: 'is on a read-only file system',
  EEXIST: 'is a file, not a folder',
  ENOTDIR: 'has a file in its path',
  ENOSPC: 'is on a full disk',
};
