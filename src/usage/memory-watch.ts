import { listFamily, readProc } from './family.ts';

export interface MemoryWatch {
  /** The process that all others of the box descend from. */
  readonly firstPid: () => number | undefined;
  readonly limitBytes: number;
  /** Told of each process that was ended. */
  readonly onKilled: (pid: number) => void;
}

/** Adding up processes is not free: seldom while little is used, often when it is near the limit. */
const calmMs = 500;
const alertMs = 100;
const alertFrom = 0.3;

interface Usage {
  readonly pid: number;
  readonly bytes: number;
}

/**
 * Holds the memory of a box below its limit where the kernel doesn't, until disposed: ends its largest process, as the kernel would. It looks now
 * and then, so a box may be beyond its limit for a moment.
 */
export function watchMemory(watch: MemoryWatch): Disposable {
  let timer: NodeJS.Timeout | undefined;

  function wait(total: number): void {
    timer = setTimeout(look, total > watch.limitBytes * alertFrom ? alertMs : calmMs).unref();
  }

  function look(): void {
    const used = measure(watch.firstPid());
    const total = used.reduce((sum, { bytes }) => sum + bytes, 0);
    const [largest] = used.toSorted((a, b) => b.bytes - a.bytes);
    if (total > watch.limitBytes && largest !== undefined && kill(largest.pid)) watch.onKilled(largest.pid);
    wait(total);
  }

  wait(0);
  return {
    [Symbol.dispose]: () => {
      clearTimeout(timer);
    },
  };
}

function measure(first: number | undefined): readonly Usage[] {
  return first === undefined ? [] : listFamily(first).map((pid) => ({ pid, bytes: readBytes(pid) }));
}

/** Its own memory and what it shares with others of the box; not the files that it runs from. */
function readBytes(pid: number): number {
  const lines = (readProc(pid, 'status') ?? '').matchAll(/^Rss(?:Anon|Shmem):\s+(\d+) kB$/gm);
  return [...lines].reduce((sum, [, kilobytes]) => sum + Number(kilobytes) * 1024, 0);
}

function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false; // it ended in between
  }
}
