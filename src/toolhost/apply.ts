import { existsSync, mkdirSync, realpathSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { WireChange } from './changes.ts';
import { type Place, statOf } from './files.ts';
import type { Git } from './git.ts';

type Put = Extract<WireChange, { type: 'put' }>;

/**
 * Makes the work tree hold the changes, whose paths the host has checked. Deletions first, so that a folder may take a file's place; what is put is checked out
 * by git, so that line endings, modes and links come out as in any checkout, and nothing is written through a link.
 */
export async function applyChanges(place: Place, git: Git, changes: readonly WireChange[]): Promise<void> {
  for (const change of changes) if (change.type === 'delete') remove(place, change.path);
  const puts = changes.filter((change) => change.type === 'put');
  if (puts.length === 0) return;
  const lines = puts.map((put) => `${put.mode} ${storeBlob(git.objects, put)}\t${put.path}\0`);
  await git.run(['update-index', '-z', '--add', '--replace', '--index-info'], lines.join(''));
  await git.run(['checkout-index', '-z', '--stdin', '--force'], puts.map((put) => `${put.path}\0`).join(''));
}

/** Removes the file or link and the folders that it leaves empty; one that is gone or lies behind a link is left alone. */
function remove(place: Place, path: string): void {
  const full = join(place.root, path);
  const stat = statOf(full);
  if (stat === undefined || stat.isDirectory() || realpathSync(dirname(full)) !== dirname(full)) return;
  unlinkSync(full);
  try {
    for (let folder = dirname(full); folder !== place.root; folder = dirname(folder)) rmdirSync(folder);
  } catch {
    // The first folder that still holds something ends it.
  }
}

/** Writes a loose object; git's format is the deflated header and bytes, named by their SHA-1. */
function storeBlob(objects: string, put: Put): string {
  const { createHash } = process.getBuiltinModule('node:crypto'); // both are dear to load: a box starts without them
  const { deflateSync } = process.getBuiltinModule('node:zlib');
  const bytes = Buffer.from(put.bytes, 'base64');
  const object = Buffer.concat([Buffer.from(`blob ${bytes.length}\0`), bytes]);
  const sha = createHash('sha1').update(object).digest('hex');
  const path = join(objects, sha.slice(0, 2), sha.slice(2));
  if (existsSync(path)) return sha;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, deflateSync(object, { level: 1 }));
  return sha;
}
