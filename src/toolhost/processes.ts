import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks since the machine started. */
  readonly startedAt: number;
  readonly isGone: boolean;
}

/** What tells the processes of one call from all others. */
export interface CallMark {
  /** The call's first process, leader of its own session. */
  readonly pid: number;
  /** `NAME=value` in the environment of everything it starts. */
  readonly marker: string;
  /** `NAME=` alone: how the processes of other calls look. */
  readonly markerName: string;
  /** Whether every process that nobody else owns counts as the call's: true inside a box. */
  readonly claimsStrays: boolean;
}

const maxRounds = 200;
/** A tree that still grows after so long outruns us. */
const patienceMs = 800;
/** More than a build starts; looking at each of them would take longer than they take to multiply. */
const maxWatched = 256;

/**
 * Ends everything a call started: its descendants, its session, whatever carries its marker, and in a box also processes
 * that hid where they came from. Looks again until nothing is left, so that a tree that grows meanwhile dies too. One that grows faster
 * than we look is ended in one stroke of the kernel's together with everything else in the box; the answer says whether that was needed.
 */
export async function killTree(mark: CallMark): Promise<boolean> {
  const family = new Set([mark.pid]);
  const firstTick = readProcess(mark.pid)?.startedAt ?? Number.POSITIVE_INFINITY;
  kill(-mark.pid); // its group in one stroke: a shell that outlived its children would print that they were killed
  const until = performance.now() + patienceMs;
  let wasAll = false;
  await killAll(() => {
    if (mark.claimsStrays && (listIds().length > maxWatched || (!wasAll && performance.now() > until))) {
      wasAll = true;
      kill(-1); // all but process 1 and ourselves
    }
    return findTargets(mark, family, firstTick);
  });
  return wasAll;
}

/** Ends every process whose environment carries a marker that begins like this. */
export function killMarked(prefix: string): Promise<void> {
  return killWhere((row) => hasMarker(row, (entry) => entry.startsWith(prefix)));
}

/** Ends every process that has the file open, however it came by it. */
export function killHolders(path: string): Promise<void> {
  return killWhere((row) => linksOf(`/proc/${row.pid}/fd`).includes(path));
}

function killWhere(isTarget: (row: ProcessRow) => boolean): Promise<void> {
  return killAll(() => othersAlive(listProcesses()).filter(isTarget));
}

async function killAll(find: () => readonly ProcessRow[]): Promise<void> {
  for (let round = 0; round < maxRounds; round += 1) {
    const targets = find();
    if (targets.length === 0) return;
    for (const row of targets) kill(row.pid);
    // The killed take a moment to go.
    await new Promise((resolve) => setTimeout(resolve, round < 5 ? 1 : 20));
  }
}

export interface Collected {
  readonly exitCode: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
  /** Why it was ended before its time. */
  readonly cut?: 'time' | 'size';
}

export interface CollectOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly input?: string | Uint8Array;
}

/** Runs a program and keeps what it prints up to a limit; at either limit it is killed and what came until then is given. */
export function collect(program: string, args: readonly string[], options: CollectOptions): Promise<Collected> {
  const { cwd, env, timeoutMs: timeout, maxBytes: maxBuffer, input } = options;
  const settings = { cwd, env, timeout, maxBuffer, killSignal: 'SIGKILL', encoding: 'buffer' } as const;
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, settings, (error, stdout, stderr) => {
      const isTooMuch = error?.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER';
      const cut = isTooMuch ? 'size' : error?.killed === true ? 'time' : undefined;
      const given = { exitCode: child.exitCode, stdout, stderr: stderr.toString('utf8', 0, 10_000) };
      resolve({ ...given, ...(cut === undefined ? {} : { cut }) });
    });
    child.prependOnceListener('error', reject);
    // A program that ends before it has read everything is judged by its exit code.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

function findTargets(mark: CallMark, family: Set<number>, firstTick: number): ProcessRow[] {
  const rows = listProcesses();
  growFamily(family, rows, mark.pid);
  return othersAlive(rows).filter((row) => family.has(row.pid) || belongs(row, mark, firstTick));
}

function othersAlive(rows: readonly ProcessRow[]): ProcessRow[] {
  return rows.filter((row) => !row.isGone && row.pid !== process.pid && row.pid !== 1);
}

/** Adds children of known members until there are no more; a member's id stays known after it died. */
function growFamily(family: Set<number>, rows: readonly ProcessRow[], session: number): void {
  for (let before = -1; before !== family.size;) {
    before = family.size;
    for (const row of rows) {
      if (family.has(row.parent) || row.session === session || row.group === session) family.add(row.pid);
    }
  }
}

function belongs(row: ProcessRow, mark: CallMark, firstTick: number): boolean {
  if (hasMarker(row, (entry) => entry === mark.marker)) return true;
  const isStray = row.parent <= 1 && row.startedAt >= firstTick;
  return mark.claimsStrays && isStray && !hasMarker(row, (entry) => entry.startsWith(mark.markerName));
}

function hasMarker(row: ProcessRow, isIt: (entry: string) => boolean): boolean {
  return readText(`/proc/${row.pid}/environ`).split('\0').some(isIt);
}

function listProcesses(): ProcessRow[] {
  return listIds().flatMap((id) => readProcess(id) ?? []);
}

function listIds(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** The second field is the program's name in parentheses and may hold anything, so the rest is read from the last one. */
function readProcess(pid: number): ProcessRow | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  const [state, parent, group, session, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const startedAt = rest[15];
  if (state === undefined || startedAt === undefined) return undefined;
  return {
    pid,
    parent: Number(parent),
    group: Number(group),
    session: Number(session),
    startedAt: Number(startedAt),
    isGone: state === 'Z' || state === 'X',
  };
}

function linksOf(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => readlinkSync(`${folder}/${name}`));
  } catch {
    return []; // it ended, or closed one, while we looked
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone between looking and killing.
  }
}
