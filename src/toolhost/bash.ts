import { type ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { type Place, readBytes } from './files.ts';
import { checkFields, type Input, readNumber, readString, ToolError, type ToolReply } from './input.ts';
import { killHolders, killMarked, killTree } from './processes.ts';

/** How a command line ended. `exitCode` is null when it was killed at a limit. */
export interface CommandResult {
  readonly exitCode: number | null;
  readonly output: string;
  readonly durationMs: number;
}

export interface Shell {
  /** Runs a command line for the agent; the working folder is kept from call to call. */
  readonly tool: (input: Input) => Promise<ToolReply>;
  /** Runs a command line for the host in the repository's root. */
  exec(command: string, timeoutMs: number): Promise<CommandResult>;
  /** Ends whatever any call left running. */
  end(): Promise<void>;
}

type Call = Readonly<{ command: string; timeoutMs: number; folder: string }>;

interface Finished extends CommandResult {
  readonly stoppedBy?: 'time' | 'size';
  /** Whether it could only be stopped together with everything else in the box. */
  readonly tookAll: boolean;
  readonly folderAfter: string | undefined;
}

const keptCharacters = 30_000;
const maxOutputBytes = 64 * 1024 * 1024;
const maxKeptBytes = 100 * 1024 * 1024;
const maxKeptOutputs = 5000;
const trimEveryMs = 1000;
const markerName = 'BACKEND_CALL=';
/** One argument of a program may hold 128 KiB on Linux; longer command lines go through a file. */
const maxInlineBytes = 100_000;

export function createShell(place: Place): Shell {
  const folder = join(place.temp, 'outputs');
  const kept: string[] = [];
  let count = 0;
  let workingFolder = place.root;
  setInterval(() => void trim(kept), trimEveryMs);

  async function run(call: Call): Promise<Finished> {
    count += 1;
    const base = join(folder, String(count));
    const marker = `${markerName}${place.mark}.${count}`;
    fs.mkdirSync(folder, { recursive: true });
    await trim(kept);
    try {
      return await runCall(place, call, { base, marker });
    } finally {
      kept.push(`${base}.txt`);
    }
  }

  async function tool(input: Input): Promise<ToolReply> {
    checkFields(input, ['command', 'timeout', 'description']);
    const command = readCommand(input);
    const timeoutMs = readNumber(input, 'timeout', { least: 1, most: 600_000 }) ?? 120_000;
    const isGone = fs.statSync(workingFolder, { throwIfNoEntry: false })?.isDirectory() !== true;
    if (isGone) workingFolder = place.root;
    const finished = await run({ command, timeoutMs, folder: workingFolder });
    workingFolder = finished.folderAfter ?? workingFolder;
    const note = isGone ? `[The working folder is gone; this ran in ${place.root}.]\n` : '';
    const { exitCode, stoppedBy } = finished;
    return { text: note + renderFinished(finished, timeoutMs), isError: stoppedBy !== undefined, exitCode };
  }

  const exec = (command: string, timeoutMs: number) => run({ command, timeoutMs, folder: place.root });

  return { tool, exec, end: () => killMarked(`${markerName}${place.mark}.`) };
}

/**
 * The newest outputs stay for the agent to look into; the folder they share has a size limit. What a call left running may go on
 * printing, but not without end: it would leave no room for the next calls.
 */
async function trim(kept: string[]): Promise<void> {
  let excess = kept.reduce((sum, path) => sum + sizeOf(path), 0) - maxKeptBytes;
  const dropped = kept.filter((path, index) => {
    const isDropped = excess > 0 || index < kept.length - maxKeptOutputs || sizeOf(path) > maxOutputBytes;
    if (isDropped) excess -= sizeOf(path);
    return isDropped;
  });
  kept.splice(0, kept.length, ...kept.filter((path) => !dropped.includes(path)));
  for (const path of dropped) {
    await killHolders(path);
    fs.rmSync(path, { force: true });
  }
}

function sizeOf(path: string): number {
  return fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function readCommand(input: Input): string {
  const command = readString(input, 'command');
  if (command.trim() === '') throw new ToolError('The command is empty.');
  if (command.includes('\0')) throw new ToolError('The command holds a NUL character.');
  return command;
}

/**
 * Output goes to a file and not through a pipe: a background process that keeps it open must not hold up the reply.
 * The call is over when its shell ends, whatever it left running.
 */
async function runCall(place: Place, call: Call, names: { base: string; marker: string }): Promise<Finished> {
  const outputPath = `${names.base}.txt`;
  const descriptor = fs.openSync(outputPath, 'a+', 0o600);
  const startedAt = performance.now();
  try {
    const child = spawn('/bin/bash', ['-c', script(call.command, names.base)], {
      cwd: call.folder,
      env: { ...place.env, BACKEND_CALL: names.marker.slice(markerName.length) },
      stdio: ['ignore', descriptor, descriptor],
      detached: true,
    });
    const ended = await waitForEnd(child, { descriptor, timeoutMs: call.timeoutMs });
    const isStopped = ended.stoppedBy !== undefined && child.pid !== undefined;
    const mark = { pid: child.pid ?? 0, marker: names.marker, markerName, claimsStrays: place.isolated };
    const tookAll = isStopped && (await killTree(mark));
    const output = readOutput(descriptor, outputPath);
    const durationMs = Math.round(performance.now() - startedAt);
    // It was read to its end; what is over the limit would leave no room for the next calls.
    if (ended.stoppedBy === 'size') fs.ftruncateSync(descriptor, maxOutputBytes);
    const folderAfter = ended.stoppedBy === undefined ? readFolder(`${names.base}.cwd`) : undefined;
    return { ...ended, output, durationMs, tookAll, folderAfter };
  } finally {
    fs.closeSync(descriptor);
    for (const ending of ['cwd', 'sh']) fs.rmSync(`${names.base}.${ending}`, { force: true });
  }
}

/** The trap records the folder even when the command fails or calls exit. One line, so that bash counts the command's lines right. */
function script(command: string, base: string): string {
  const trap = `trap 'builtin pwd -P >"${base}.cwd" 2>/dev/null' EXIT; `;
  if (Buffer.byteLength(command) <= maxInlineBytes) return trap + command;
  fs.writeFileSync(`${base}.sh`, command, { mode: 0o600 });
  return `${trap}. "${base}.sh"`;
}

type Ended = Pick<Finished, 'exitCode' | 'stoppedBy'>;

function waitForEnd(child: ChildProcess, limits: { descriptor: number; timeoutMs: number }): Promise<Ended> {
  let timer: NodeJS.Timeout | undefined;
  let watch: NodeJS.Timeout | undefined;
  const isTooMuch = () => fs.fstatSync(limits.descriptor).size > maxOutputBytes;
  const tooMuch = { exitCode: null, stoppedBy: 'size' } as const;
  const ended = new Promise<Ended>((resolve, reject) => {
    timer = setTimeout(resolve, limits.timeoutMs, { exitCode: null, stoppedBy: 'time' });
    watch = setInterval(() => {
      if (isTooMuch()) resolve(tooMuch);
    }, 100);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      // A quick one fills the whole disk between two looks and ends by itself.
      resolve(isTooMuch() ? tooMuch : { exitCode: code ?? 128 + (signal === null ? 0 : constants.signals[signal]) });
    });
  });
  return ended.finally(() => {
    clearTimeout(timer);
    clearInterval(watch);
    child.removeAllListeners('exit'); // the output may be closed by the time a killed shell is gone
  });
}

/** Head and tail of what was printed, cut in the middle, with the count left out and where all of it is. */
function readOutput(descriptor: number, path: string): string {
  const size = fs.fstatSync(descriptor).size;
  if (size <= keptCharacters) return toText(readBytes(descriptor, 0, size));
  const half = keptCharacters / 2;
  // A character of several bytes may be cut in two at the inner edges.
  const head = toText(readBytes(descriptor, 0, half)).replace(/\uFFFD{1,3}$/, '');
  const tail = toText(readBytes(descriptor, size - half, half)).replace(/^\uFFFD{1,3}/, '');
  const omitted = `[… ${size - keptCharacters} bytes left out; all of it is in ${path}, for Read with offset or Grep …]`;
  return `${head}\n${omitted}\n${tail}`;
}

/** Text without colours and cursor movements. */
function toText(bytes: Buffer): string {
  return new TextDecoder().decode(bytes).replaceAll(escapeSequence, '');
}

const escapeSequence = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[A-Za-z]`, 'g');

/** What the shell's last act was to write; empty when its folder no longer existed, undefined when it didn't get to it. */
function readFolder(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8').replace(/\n$/, '');
  } catch {
    return undefined;
  }
}

function renderFinished(finished: Finished, timeoutMs: number): string {
  const output = finished.output.trim() === '' ? 'The command printed nothing.' : finished.output.replace(/\n$/, '');
  const what = finished.tookAll
    ? 'Everything in the box was ended: it had started too much'
    : 'Everything it had started was ended';
  if (finished.stoppedBy === 'time') return `${output}\n[Stopped at its time limit of ${timeoutMs} ms. ${what}.]`;
  if (finished.stoppedBy === 'size')
    return `${output}\n[Stopped because it printed more than ${maxOutputBytes} bytes. ${what}.]`;
  return finished.exitCode === 0 ? output : `${output}\n[Exit code ${finished.exitCode ?? 'unknown'}]`;
}
