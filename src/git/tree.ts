import { BotError, type Change, type ChangeSet, type FileMode } from '../domain/index.ts';
import type { GitPlace } from './git.ts';
import { readBlob, runGit } from './git.ts';

/** One entry of a commit's tree (`git ls-tree -r`). `size` is in bytes; submodules have none. */
export interface TreeEntry {
  readonly path: string;
  readonly mode: '100644' | '100755' | '120000' | '160000';
  readonly sha: string;
  readonly size?: number;
}

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

/**
 * What a commit holds other than another one, from one `git diff-tree`. Submodules, and names that aren't UTF-8, have no place in a change set and
 * are left out.
 */
export async function readDifference(place: GitPlace, from: string, to: string): Promise<ChangeSet> {
  const args = ['diff-tree', '-r', '-z', '--raw', '--no-abbrev', '--no-renames', '--no-ext-diff', from, to];
  const fields = (await runGit(place, args)).split('\0');
  const changes: Change[] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const change = await readChange(place, fields[index] ?? '', fields[index + 1] ?? '');
    if (change !== undefined) changes.push(change);
  }
  return changes.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** `:mode mode sha sha status` and a path. */
async function readChange(place: GitPlace, about: string, path: string): Promise<Change | undefined> {
  const [, before = '', after = '', sha = ''] =
    /^:(\d{6}) (\d{6}) [0-9a-f]{40,64} ([0-9a-f]{40,64}) [A-Z]$/.exec(about) ?? [];
  if (before === '')
    throw new BotError('git-failed', `git diff-tree answered what we can't read: ${about.slice(0, 200)}`);
  if (path.includes('\uFFFD')) return undefined;
  if (isFileMode(after)) return { path, type: 'put', mode: after, bytes: await readBlob(place, sha) };
  return after === '000000' && isFileMode(before) ? { path, type: 'delete' } : undefined;
}

/** As a change that puts it there. undefined for a submodule. */
export async function readFile(place: GitPlace, { path, mode, sha }: TreeEntry): Promise<Change | undefined> {
  return isFileMode(mode) ? { path, type: 'put', mode, bytes: await readBlob(place, sha) } : undefined;
}

function isFileMode(mode: string): mode is FileMode {
  return ['100644', '100755', '120000'].includes(mode);
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
