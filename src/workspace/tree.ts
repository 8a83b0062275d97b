import { BotError } from '../domain/index.ts';
import type { GitPlace } from './git.ts';
import { readBlob, runGit } from './git.ts';
import type { TreeEntry } from './workspace.ts';

/** Larger files are not read as text: settings and instructions are small, and a model must not be flooded. */
const maxTextBytes = 64 * 1024;

/** Every file of a commit, from one `git ls-tree`, without reading a single blob. Bytes of a name that aren't UTF-8 become U+FFFD. */
export async function listTree(place: GitPlace, sha: string): Promise<readonly TreeEntry[]> {
  return readTree(await runGit(place, ['ls-tree', '-r', '-l', '-z', '--full-tree', sha]));
}

/** The entries of `git ls-tree -r -l -z`: `mode type sha size\tpath\0`, the size padded with spaces and `-` for a submodule. */
export function readTree(output: string): readonly TreeEntry[] {
  return output.split('\0').filter(Boolean).map(readEntry);
}

function readEntry(line: string): TreeEntry {
  const match = /^(\d{6}) \w+ ([0-9a-f]{40,64}) +(\d+|-)\t(.+)$/s.exec(line);
  const [, mode = '', sha = '', size = '-', path = ''] = match ?? [];
  if (!isMode(mode))
    throw new BotError('git-failed', `git ls-tree answered a line we can't read: ${line.slice(0, 200)}`);
  return size === '-' ? { path, mode, sha } : { path, mode, sha, size: Number(size) };
}

function isMode(mode: string): mode is TreeEntry['mode'] {
  return ['100644', '100755', '120000', '160000'].includes(mode);
}

/** Text of a regular file of at most 64 KiB; undefined for a link, a submodule, a larger file, and bytes that aren't text in UTF-8. */
export async function readTextFile(place: GitPlace, entry: TreeEntry | undefined): Promise<string | undefined> {
  if (entry?.mode !== '100644' && entry?.mode !== '100755') return undefined;
  if (entry.size === undefined || entry.size > maxTextBytes) return undefined;
  const bytes = await readBlob(place, entry.sha);
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
