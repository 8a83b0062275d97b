import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { BotError, type Checkout } from '../domain/index.ts';

export interface DiskWatch {
  readonly checkout: Pick<Checkout, 'tree' | 'home'>;
  /** What work tree and home folder may hold together. */
  readonly limitBytes: number;
  /** Told once, when the box has to end: `change-set-refused` when it holds too much, `disk-full` when the disk has too little left because of it. */
  readonly onExceeded: (error: BotError) => void;
  /** How often the free space is looked at. */
  readonly everyMs?: number;
}

const run = promisify(execFile);

const everyMs = 2_000;
/** Counting files is dear: it is done when the disk has lost a part of what the box may still take, and now and then. */
const countAnywayMs = 60_000;
const countMs = 60_000;
/** What is left free for everybody else: a part of the disk, at most so much. */
const floor = { part: 0.05, bytes: 1024 ** 3 };
/** Ending a box that holds less would make no room. */
const worthEnding = 256 * 1024 ** 2;

/** What was found, and when. */
interface Look {
  readonly at: number;
  readonly free: number;
  readonly bytes: number;
  readonly error?: BotError;
}

/** Looks after what an open box writes to the host's disk, until disposed. Nothing inside the box can keep it from looking. */
export function watchDisk(watch: DiskWatch): Disposable {
  const closed = new AbortController();
  void keepLooking(watch, closed.signal).then((error) => {
    if (error !== undefined && !closed.signal.aborted) watch.onExceeded(error);
  });
  return {
    [Symbol.dispose]: () => {
      closed.abort();
    },
  };
}

/** Ends with the reason to end the box, or when closed. Never rejects: what cannot be measured now is measured next time. */
async function keepLooking(watch: DiskWatch, closed: AbortSignal): Promise<BotError | undefined> {
  const initialFree = await readDisk(watch.checkout.tree).then(
    ({ free }) => free,
    () => 0,
  );
  let seen: Look = { at: performance.now(), free: initialFree, bytes: 0 };
  while (!closed.aborted && seen.error === undefined) {
    await sleep(watch.everyMs ?? everyMs, undefined, { signal: closed, ref: false }).catch(() => undefined);
    const last = seen;
    seen = await look(watch, last, initialFree).catch(() => last);
  }
  return seen.error;
}

async function look(watch: DiskWatch, last: Look, initialFree: number): Promise<Look> {
  const { checkout, limitBytes } = watch;
  const { free, total } = await readDisk(checkout.tree);
  const isLow = free < Math.min(floor.bytes, total * floor.part);
  const hasShrunk = last.free - free >= (limitBytes - last.bytes) / 4;
  if (!isLow && !hasShrunk && performance.now() - last.at < countAnywayMs) return last;
  const taken = Math.max(0, initialFree - free);
  const bytes = await countBytes([checkout.tree, checkout.home], taken);
  const found = { at: performance.now(), free, bytes };
  if (bytes > limitBytes) return { ...found, error: tooLarge(limitBytes) };
  if (isLow && Math.max(bytes, taken) >= worthEnding) return { ...found, error: tooFull(checkout.tree) };
  return found;
}

async function readDisk(path: string): Promise<{ free: number; total: number }> {
  const { bavail, blocks, bsize } = await statfs(path);
  return { free: bavail * bsize, total: blocks * bsize };
}

/**
 * What files take on the disk, each once however many names it has, as `du` counts it. Folders that the box closed to us count as all that the disk lost
 * since it opened.
 */
async function countBytes(folders: readonly string[], taken: number): Promise<number> {
  const args = ['-s', '-c', '-x', '-B1', '--', ...folders];
  try {
    return readTotal((await run('/usr/bin/du', args, { env: { LC_ALL: 'C' }, timeout: countMs })).stdout);
  } catch (error) {
    // Files come and go while it counts, which it calls an error too.
    const { stdout, stderr } = { stdout: '', stderr: '', ...(error as { stdout?: string; stderr?: string }) };
    const counted = readTotal(stdout);
    return stderr.includes('Permission denied') || stdout === '' ? Math.max(counted, taken) : counted;
  }
}

/** The last line of what du prints is `<bytes>\ttotal`. */
function readTotal(text: string): number {
  return Number(/(\d+)\ttotal\n$/.exec(text)?.[1] ?? 0);
}

function tooLarge(limitBytes: number): BotError {
  const limit = limitBytes >= 1024 ** 3 ? `${limitBytes / 1024 ** 3} GiB` : `${Math.round(limitBytes / 1024 ** 2)} MiB`;
  return new BotError(
    'change-set-refused',
    `The work tree and the home folder grew beyond ${limit}, so the work was ended. The commands of this repository have to write less, or into /tmp.`,
  );
}

function tooFull(path: string): BotError {
  return new BotError(
    'disk-full',
    `The disk is almost full: the box that works in ${path} was ended to keep the rest free. Free space there.`,
  );
}
