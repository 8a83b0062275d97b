import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program to start, with all that it is given. */
export interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  /** What the program reads on its fifth descriptor. */
  readonly hiddenArgs: readonly string[];
  /** What it reads on its sixth: the system-call filter. */
  readonly filter?: Uint8Array;
  /** Told the process that everything in the box will descend from, as soon as it is there and long before it runs anything of the box. */
  readonly onFirstPid?: (pid: number) => void;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /**
   * `namespace`: bwrap, whose first inner process takes all others with it. With a mark: a tool host that ends what it started when its input
   * closes; if it is killed before, we do, by the mark that everything it starts has in its environment. A container's engine ends it.
   */
  readonly ending: 'namespace' | { readonly mark: string } | ContainerEnding;
}

/** The program only speaks for a container, which somebody else runs: it outlives the program, and has to be ended by name. */
export interface ContainerEnding {
  /** Ends everything in the container and removes it; also when it is gone already. Never throws. */
  readonly remove: () => Promise<void>;
  /** The container's first process as the host sees it, once that is known. */
  readonly firstPid: () => number | undefined;
}

/** A running tool host's process, with bwrap around it or not. */
export interface BoxProcess {
  readonly input: Writable;
  readonly output: Readable;
  /** The process that everything in the box descends from; undefined until it is there. */
  firstPid(): number | undefined;
  /** Resolves with how it ended, in words; never rejects. */
  readonly ended: Promise<string>;
  /** Ends it and all it started; resolves when they are gone. */
  end(): Promise<void>;
}

const graceMs = 5000;
const lastWordsMs = 1000;
const keptComplaint = 600;

export function startBoxProcess(launch: Launch): BoxProcess {
  const { ending } = launch;
  if (typeof ending === 'object' && 'remove' in ending) return startContainer(launch, ending);
  const nothing = openSync('/dev/null', 'r+');
  const covers = coverInherited(nothing);
  const child = spawn(launch.program, launch.args, {
    cwd: launch.cwd,
    env: { ...launch.env },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe', ...covers],
    // A Ctrl-C in the operator's terminal is for us; boxes end when we end them, or with us.
    detached: true,
  });
  closeSync(nothing);
  // The streams exist: all six are pipes. The fourth is bwrap's report of its first inner process.
  const [input, output, errors, report, hidden, filter] = child.stdio as unknown as Streams;
  const firstPid = readFirstPid(report, launch.onFirstPid);
  const complaint = gatherHead(errors);
  const ended = waitForEnd(child, complaint);
  const gone = ended.then(async () => (ending === 'namespace' ? endNamespace(firstPid()) : killMarked(ending.mark)));
  child.once('exit', () => {
    // Killed while it makes the box, it leaves a first process that nothing ties to it yet: one that waits for it for ever, or goes on without it.
    if (ending !== 'namespace') return;
    if (firstPid() === undefined) kill(-Number(child.pid));
    else void endNamespace(firstPid());
  });
  for (const stream of [input, hidden, filter]) stream.on('error', () => undefined);
  filter.end(launch.filter ?? '');
  hidden.end(launch.hiddenArgs.map((argument) => `${argument}\0`).join(''));

  /** Killing the first inner process and not bwrap itself: bwrap then ends only after the whole namespace has. */
  function killAll(): void {
    if (child.exitCode !== null || child.signalCode !== null) return;
    if (ending === 'namespace') kill(firstPid() ?? child.pid);
    else input.end();
  }

  async function end(): Promise<void> {
    killAll();
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await gone;
    clearTimeout(timer);
  }

  return { input, output, firstPid, ended, end };
}

/** The engine hands no descriptor but these three on, so that there is nothing to cover. */
function startContainer({ program, args, env, cwd }: Launch, { remove, firstPid }: ContainerEnding): BoxProcess {
  const child = spawn(program, args, { cwd, env: { ...env }, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  child.stdin.on('error', () => undefined);
  const ended = waitForEnd(child, gatherHead(child.stderr));
  let removed: Promise<void> | undefined;
  async function end(): Promise<void> {
    removed ??= remove();
    await removed;
    child.kill('SIGKILL');
    await ended;
  }
  void ended.then(end); // whoever ended the program may have left the container
  return { input: child.stdin, output: child.stdout, firstPid, ended, end };
}

type Streams = [Writable, Readable, Readable, Readable, Writable, Writable];

/**
 * Descriptors that our own process was started with would go on into the box, whatever they are. Node's own close themselves;
 * those that don't get /dev/null laid over them. The list begins at the descriptor after our six.
 */
function coverInherited(nothing: number): ('ignore' | number)[] {
  const inherited = new Set(readdirSync('/proc/self/fdinfo').map(Number).filter(isInherited));
  const last = Math.max(0, ...inherited);
  return Array.from({ length: Math.max(0, last - 5) }, (_, index) => (inherited.has(index + 6) ? nothing : 'ignore'));
}

/** The close-on-exec flag, 02000000 on Linux, is missing from the flags that the kernel shows in octal. */
function isInherited(descriptor: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1'))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & 0o2000000) === 0;
  } catch {
    return false;
  }
}

/** bwrap writes `{ "child-pid": 123, … }` on the descriptor that --info-fd names, before it starts the program. */
function readFirstPid(report: Readable, onFound?: (pid: number) => void): () => number | undefined {
  let text = '';
  let pid: number | undefined;
  report.on('error', () => undefined);
  report.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    const found = /"child-pid":\s*(\d{1,10})\D/.exec(text)?.[1];
    if (found === undefined || pid !== undefined) return;
    pid = Number(found);
    onFound?.(pid);
  });
  return () => pid;
}

function gatherHead(stream: Readable): () => string {
  let text = '';
  stream.on('error', () => undefined);
  stream.on('data', (chunk: Buffer) => (text = (text + chunk.toString('utf8')).slice(0, keptComplaint)));
  return () => text.replace(/[^\x20-\x7e]+/g, ' ').trim();
}

/** It has ended when its pipes are closed too, so that its last words are heard; whoever else still holds them then is not waited for. */
function waitForEnd(child: ChildProcess, complaint: () => string): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  return new Promise((resolve) => {
    child.once('error', (error) => {
      resolve(error.message);
    });
    child.once('exit', () => {
      timer = setTimeout(() => {
        for (const stream of child.stdio) stream?.destroy();
      }, lastWordsMs);
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const how = signal ?? `exit code ${code ?? 'unknown'}`;
      resolve(complaint() === '' ? how : `${how}: ${complaint()}`);
    });
  });
}

/** When somebody kills bwrap itself it ends before its namespace does; the first inner process is the last there. */
async function endNamespace(pid: number | undefined): Promise<void> {
  for (let left = graceMs; left > 0 && /\(bwrap\) [^ZX]/.test(readOf(pid, 'stat')); left -= 2) {
    kill(pid);
    await sleep(2);
  }
}

/** Whatever is still there after its tool host. Looks again, so that what is started meanwhile is found too. */
async function killMarked(mark: string): Promise<void> {
  const isMarked = (pid: string): boolean => `\0${readOf(pid, 'environ')}`.includes(`\0BACKEND_CALL=${mark}.`);
  for (let round = 0; round < 50; round += 1) {
    const marked = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isMarked(name));
    if (marked.length === 0) return;
    for (const pid of marked) kill(Number(pid));
  }
}

function readOf(pid: string | number | undefined, file: 'environ' | 'stat'): string {
  try {
    return readFileSync(`/proc/${pid ?? ''}/${file}`, 'latin1');
  } catch {
    return ''; // gone, or somebody else's
  }
}

function kill(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended on its own in between.
  }
}
