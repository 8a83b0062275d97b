import { join } from 'node:path';
import { isGitName, type Place, statOf } from './files.ts';
import type { Git } from './git.ts';
import { RefusedError } from './input.ts';

/** As it travels to the host: bytes in base64. */
export type WireChange =
  | { readonly path: string; readonly type: 'put'; readonly mode: string; readonly bytes: string }
  | { readonly path: string; readonly type: 'delete' };

interface RawEntry {
  readonly path: string;
  readonly oldMode: string;
  readonly newMode: string;
  readonly sha: string;
}

const maxFiles = 1000;
const maxBytes = 10_000_000;
const gitlink = '160000';
const absent = '000000';

/**
 * What the work tree holds that HEAD doesn't, as git itself sees it: ignore rules, line endings, modes and links are git's.
 * Throws RefusedError for what can't be published.
 */
export async function readChanges(place: Place, git: Git): Promise<WireChange[]> {
  const status = await git.run(['status', '--porcelain=v1', '-z', '-uall', '--no-renames', '--ignore-submodules=none']);
  const touched = parseStatus(status);
  if (touched.length === 0) return [];
  checkTouched(place, touched);
  await git.run(['add', '-A']);
  const raw = await git.run(['diff-index', '--cached', '--raw', '-z', '--no-renames', '--no-abbrev', 'HEAD']);
  const entries = checkLinks(parseRaw(raw));
  checkAmount(place, entries);
  return withContents(git, entries);
}

type Touched = Readonly<{ path: string; isNew: boolean }>;

/** Each record is two status letters, a space and the path. An untracked repository inside ours ends in a slash. */
function parseStatus(output: Buffer): Touched[] {
  return splitNul(output).map((record) => ({
    path: readPath(record.subarray(3)),
    isNew: record.toString('latin1', 0, 2) === '??',
  }));
}

function splitNul(output: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = output.indexOf(0); at !== -1; at = output.indexOf(0, from)) {
    parts.push(output.subarray(from, at));
    from = at + 1;
  }
  return parts;
}

function readPath(bytes: Buffer): string {
  const path = bytes.toString('utf8');
  if (Buffer.from(path).equals(bytes)) return path;
  throw new RefusedError(`The name of ${JSON.stringify(path)} is not UTF-8. Rename or remove the file.`);
}

/** What can be told before git has stored anything. Counts of new files only: git also lists changes that were undone since we last looked. */
function checkTouched(place: Place, touched: readonly Touched[]): void {
  const nested = touched.find(({ path }) => path.endsWith('/'));
  if (nested !== undefined) throw new RefusedError(nestedMessage(nested.path.slice(0, -1)));
  const reserved = touched.find(({ path }) => path.split('/').some(isGitName));
  if (reserved !== undefined) throw new RefusedError(`${reserved.path} has a name that git keeps for itself.`);
  const added = touched.filter(({ isNew }) => isNew);
  checkAmount(place, added);
}

function nestedMessage(path: string): string {
  return `${path} is a git repository of its own (or a submodule) and can't be part of a change. Remove its .git folder, or put its files elsewhere.`;
}

function checkAmount(place: Place, files: readonly { path: string }[]): void {
  if (files.length > maxFiles) {
    throw new RefusedError(
      `The change holds ${files.length} files; at most ${maxFiles} can be published. Most are in ${fullestFolder(files)}: remove or ignore what programs generate.`,
    );
  }
  const sized = files.map(({ path }) => ({ path, size: statOf(join(place.root, path))?.size ?? 0 }));
  const total = sized.reduce((sum, file) => sum + file.size, 0);
  if (total <= maxBytes) return;
  const largest = sized.reduce((a, b) => (b.size > a.size ? b : a));
  throw new RefusedError(
    `The change holds ${total} bytes; at most ${maxBytes} can be published. The largest file is ${largest.path} with ${largest.size} bytes: remove or ignore it.`,
  );
}

function fullestFolder(files: readonly { path: string }[]): string {
  const counts = new Map<string, number>();
  for (const { path } of files) {
    const folder = path.includes('/') ? path.slice(0, path.indexOf('/') + 1) : 'the root';
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'the root';
}

/** `:oldmode newmode oldsha newsha status` NUL `path` NUL. */
function parseRaw(output: Buffer): RawEntry[] {
  const parts = splitNul(output);
  const entries: RawEntry[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const [oldMode = '', newMode = '', , sha = ''] = (parts[at] ?? Buffer.alloc(0))
      .toString('latin1')
      .slice(1)
      .split(' ');
    entries.push({ path: readPath(parts[at + 1] ?? Buffer.alloc(0)), oldMode, newMode, sha });
  }
  return entries;
}

/** A submodule's empty folder that somebody removed is no change; every other way to touch a submodule is refused. */
function checkLinks(entries: readonly RawEntry[]): RawEntry[] {
  const kept = entries.filter((entry) => !(entry.oldMode === gitlink && entry.newMode === absent));
  const removed = entries.filter((entry) => !kept.includes(entry)).map((entry) => `${entry.path}/`);
  for (const entry of kept) {
    const isInside = removed.some((folder) => entry.path.startsWith(folder));
    if (isInside || entry.oldMode === gitlink || entry.newMode === gitlink)
      throw new RefusedError(nestedMessage(entry.path));
  }
  return kept;
}

async function withContents(git: Git, entries: readonly RawEntry[]): Promise<WireChange[]> {
  const shas = entries.flatMap((entry) => (entry.newMode === absent ? [] : [`${entry.sha}\n`]));
  const blobs =
    shas.length === 0 ? [] : parseBlobs(await git.run(['cat-file', '--batch=%(objectsize)'], shas.join('')));
  let next = 0;
  return entries.map(({ path, newMode }) => {
    if (newMode === absent) return { path, type: 'delete' };
    return { path, type: 'put', mode: newMode, bytes: (blobs[next++] ?? Buffer.alloc(0)).toString('base64') };
  });
}

/** Each blob is its size and a newline, its bytes, a newline. */
function parseBlobs(output: Buffer): Buffer[] {
  const blobs: Buffer[] = [];
  for (let at = 0; at < output.length;) {
    const lineEnd = output.indexOf(10, at);
    const size = Number(output.toString('latin1', at, lineEnd));
    blobs.push(output.subarray(lineEnd + 1, lineEnd + 1 + size));
    at = lineEnd + 1 + size + 1;
  }
  return blobs;
}
