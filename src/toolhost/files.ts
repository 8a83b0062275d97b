import * as fs from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { quote, ToolError } from './input.ts';

/** Where the tool host works. In a box: /repo, /tmp and /home/agent. */
export interface Place {
  readonly root: string;
  readonly temp: string;
  readonly home: string;
  readonly gitDir: string;
  readonly rgPath: string;
  /** The exact environment of the commands. */
  readonly env: Readonly<Record<string, string>>;
  /** Begins the mark in the environment of everything the shell starts. */
  readonly mark: string;
  /** Whether every process we can see is ours: false when there is no box around us. */
  readonly isolated: boolean;
  /** Port of the relay to the allow-list proxy, when there is one. */
  readonly proxy?: { readonly port: number; readonly socket: string };
}

/** The files that the agent has seen as they are now: path → stamp. */
export type SeenFiles = Map<string, string>;

export interface OpenFile {
  readonly path: string;
  readonly descriptor: number;
  readonly stat: fs.BigIntStats;
}

/** The real path of what the model named: in the repository, the temporary folder or the home folder, and never git's own files. */
export function locate(place: Place, given: string): string {
  if (given === '' || given.includes('\0')) throw new ToolError('The path is empty or holds a NUL character.');
  const named = resolve(place.root, given);
  checkAllowed(place, named, given);
  const real = realPath(named, given);
  checkAllowed(place, real, given);
  return real;
}

/** The real path of something that is there. */
export function locateExisting(place: Place, given: string): string {
  const path = locate(place, given);
  if (statOf(path) !== undefined) return path;
  throw new ToolError(`${given} does not exist.${nearestNames(place, path)}`);
}

/** The path as the model likes to read it: relative to the repository where it is inside. */
export function display(place: Place, path: string): string {
  return isWithin(place.root, path) ? relative(place.root, path) || '.' : path;
}

/** Opens a regular file without waiting for anybody; the caller closes it. */
export function openRegular(place: Place, given: string): OpenFile {
  const path = locate(place, given);
  const descriptor = openWithoutWaiting(place, path, given);
  const stat = fs.fstatSync(descriptor, { bigint: true });
  if (stat.isFile()) return { path, descriptor, stat };
  fs.closeSync(descriptor);
  if (stat.isDirectory()) throw new ToolError(`${given} is a folder. List it with Bash: ls ${quote(given)}`);
  throw new ToolError(`${given} is not a regular file (a pipe, socket or device).`);
}

/** Up to `length` bytes from `position`. */
export function readBytes(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const count = fs.readSync(descriptor, bytes, filled, length - filled, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

/** Puts the bytes in place of the file in one step: readers see the old or the new file, never a part. */
export function replaceFile(path: string, bytes: Uint8Array, mode: number): void {
  const { randomBytes } = process.getBuiltinModule('node:crypto'); // dear to load: a box starts without it
  const temporary = join(dirname(path), `.backend-${randomBytes(8).toString('hex')}.tmp`);
  try {
    const descriptor = fs.openSync(temporary, 'wx', 0o600);
    try {
      for (let at = 0; at < bytes.length;) at += fs.writeSync(descriptor, bytes, at);
      fs.fchmodSync(descriptor, mode);
    } finally {
      fs.closeSync(descriptor);
    }
    fs.renameSync(temporary, path);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}

/** What is at the path itself, links not followed; undefined when nothing is, or something above it is no folder. */
export function statOf(path: string): fs.Stats | undefined {
  try {
    return fs.lstatSync(path);
  } catch {
    return undefined;
  }
}

/** What must not have changed between reading a file and writing it. */
export function stampOf(stat: fs.BigIntStats): string {
  return `${stat.ino}:${stat.size}:${stat.mtimeNs}`;
}

/** Notes that the agent knows the file as it is now. */
export function markSeen(seen: SeenFiles, path: string): void {
  seen.set(path, stampOf(fs.lstatSync(path, { bigint: true })));
}

/** Throws unless the agent has seen the file in its present state. */
export function checkSeen(seen: SeenFiles, path: string, given: string): void {
  const stamp = seen.get(path);
  if (stamp === undefined) throw new ToolError(`${given} has not been read yet. Read it first, then change it.`);
  if (stamp === stampOf(fs.lstatSync(path, { bigint: true }))) return;
  throw new ToolError(`${given} has changed since it was read. Read it again, then change it.`);
}

/** Whether this name means git's own folder to git on any file system: case, ignorable characters, trailing dots and short names folded. */
export function isGitName(name: string): boolean {
  const folded = name
    .normalize('NFKC')
    .replace(/[\p{Cf}\p{Mn}\p{Cc}]/gu, '')
    .replace(/[. ]+$/, '')
    .toLowerCase();
  return folded === '.git' || /^git~\d+$/.test(folded) || folded.startsWith('.git:');
}

/** The strings most like the wanted one, best first, by the share of letter pairs in common. */
export function mostSimilar(wanted: string, candidates: readonly string[], count: number): number[] {
  const pairs = pairsOf(wanted);
  const scored = candidates.map((text, index) => ({ index, score: likeness(pairs, pairsOf(text)) }));
  const good = scored.filter((candidate) => candidate.score >= 0.45).sort((a, b) => b.score - a.score);
  return good.slice(0, count).map((candidate) => candidate.index);
}

function checkAllowed(place: Place, path: string, given: string): void {
  if (isWithin(place.root, path)) {
    if (!relative(place.root, path).split(sep).some(isGitName)) return;
    throw new ToolError(
      `${given} is git's own folder, which is read-only here. Use git commands in Bash to look at history.`,
    );
  }
  if (isWithin(place.temp, path) || isWithin(place.home, path)) return;
  throw new ToolError(`${given} is outside the repository (${place.root}), ${place.temp} and ${place.home}.`);
}

function isWithin(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}

/** Resolves links in as much of the path as exists; a link that leads nowhere is refused. */
function realPath(path: string, given: string): string {
  const missing: string[] = [];
  let existing = path;
  for (;;) {
    if (statOf(existing) !== undefined) break;
    missing.unshift(basename(existing));
    existing = dirname(existing);
  }
  try {
    return join(fs.realpathSync.native(existing), ...missing);
  } catch (error) {
    throw new ToolError(`${given} is, or lies behind, a symbolic link that leads nowhere.`, { cause: error });
  }
}

function openWithoutWaiting(place: Place, path: string, given: string): number {
  try {
    return fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOFOLLOW);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw new ToolError(`${given} does not exist.${nearestNames(place, path)}`);
    if (codeOf(error) === 'ENXIO') throw new ToolError(`${given} is not a regular file (a pipe, socket or device).`);
    throw new ToolError(`${given} can't be opened: ${codeOf(error)}.`, { cause: error });
  }
}

/** " Did you mean …?" from the folder it would be in, or which folder is missing. */
function nearestNames(place: Place, path: string): string {
  const folder = dirname(path);
  const names = listNames(folder);
  if (names === undefined) return ` Its folder ${display(place, folder)} does not exist either.`;
  const found = mostSimilar(basename(path), names, 3).map((index) => display(place, join(folder, names[index] ?? '')));
  return found.length === 0 ? '' : ` Did you mean ${found.join(' or ')}?`;
}

function listNames(folder: string): string[] | undefined {
  try {
    return fs.readdirSync(folder).slice(0, 5000);
  } catch {
    return undefined;
  }
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}

function pairsOf(text: string): Set<string> {
  const plain = text.trim().slice(0, 300).toLowerCase();
  const pairs = new Set<string>();
  for (let at = 0; at + 1 < plain.length; at += 1) pairs.add(plain.slice(at, at + 2));
  return pairs;
}

function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size === 0 || b.size === 0) return 0;
  let common = 0;
  for (const pair of a) if (b.has(pair)) common += 1;
  return (2 * common) / (a.size + b.size);
}
