import type { Dirent } from 'node:fs';
import { chmod, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Removes a folder that a box may have written, also where it took away its own rights. Links are removed, never followed.
 * What can't be removed is left for the next sweep: a finished job must not fail because of it.
 */
export async function removeFolder(folder: string): Promise<void> {
  if (await isRemoved(folder)) return;
  await openRights(folder);
  await isRemoved(folder);
}

async function isRemoved(folder: string): Promise<boolean> {
  return rm(folder, { recursive: true, force: true }).then(
    () => true,
    () => false,
  );
}

async function openRights(folder: string): Promise<void> {
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    await chmod(next, 0o700).catch(() => undefined);
    const entries = await readdir(next, { withFileTypes: true }).catch((): Dirent[] => []);
    for (const entry of entries) if (entry.isDirectory()) folders.push(join(next, entry.name));
  }
}
