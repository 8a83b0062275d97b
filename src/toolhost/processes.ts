import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

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

/**
 * Ends everything a call started: its descendants, its session, whatever carries its marker, and in a box also processes
 * that hid where they came from. Looks again until nothing is left, so that a tree that grows meanwhile dies too.
 */
export function killTree(mark: CallMark): Promise<void> {
  const family = new Set([mark.pid]);
  const firstTick = readProcess(mark.pid)?.startedAt ?? Number.POSITIVE_INFINITY;
  kill(-mark.pid); // its group in one stroke: a shell that outlived its children would print that they were killed
  return killAll(() => findTargets(mark, family, firstTick));
}

/** Ends every process whose environment carries a marker that begins like this. */
export function killMarked(prefix: string): Promise<void> {
  return killAll(() =>
    othersAlive(listProcesses()).filter((row) => hasMarker(row, (entry) => entry.startsWith(prefix))),
  );
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
export async function collect(program: string, args: readonly string[], options: CollectOptions): Promise<Collected> {
  const child = spawn(program, args, { cwd: options.cwd, env: options.env, stdio: ['pipe', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  let size = 0;
  let stderr = '';
  let cut: 'time' | 'size' | undefined;
  function stop(reason: 'time' | 'size'): void {
    cut ??= reason;
    child.kill('SIGKILL');
  }
  const timer = setTimeout(stop, options.timeoutMs, 'time');
  child.stdout.on('data', (chunk: Buffer) => {
    chunks.push(chunk.subarray(0, Math.max(0, options.maxBytes - size)));
    size += chunk.length;
    if (size > options.maxBytes) stop('size');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    if (stderr.length < 10_000) stderr += chunk.toString('utf8');
  });
  // A program that ends before it has read everything is judged by its exit code.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input);
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  }).finally(() => {
    clearTimeout(timer);
  });
  return { exitCode, stdout: Buffer.concat(chunks), stderr, ...(cut === undefined ? {} : { cut }) };
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
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (readProcess(Number(name)) ?? []) : []));
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
