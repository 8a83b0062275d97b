import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { BotError } from '../domain/index.ts';

/** What we and pg-boss use of the embedded engine. */
export type Engine = Pick<PGlite, 'query' | 'exec' | 'transaction' | 'listen' | 'close'>;

/** An engine as it runs. One that has crashed must not be called again: its next call would never return. */
interface Running {
  readonly pglite: PGlite;
  crash: Error | undefined;
}

/** A crashed engine is started again at most this often, in milliseconds: starting blocks the process for a moment. */
const restartMs = 2_000;

/** Less free space than this, in bytes, and a failed start is put down to it: one segment of the write-ahead log. */
const leastSpace = 16 * 2 ** 20;

/**
 * Starts the engine on a folder and keeps it running: after a crash (a full disk is one, when the log cannot grow) the next call starts
 * it again from the files, as a server would be after a power failure. What was under way then rejects; committed work is there.
 */
export async function openEngine(folder: string): Promise<Engine> {
  let running = await start(folder);
  let restarting: Promise<Running> | undefined;
  let failed: { readonly at: number; readonly error: unknown } | undefined;
  const listeners = new Set<(engine: PGlite) => Promise<() => Promise<void>>>();
  return {
    query: async (...args) => (await ready()).query(...args),
    exec: async (...args) => (await ready()).exec(...args),
    transaction: async (work) => (await ready()).transaction(work),
    listen: async (channel, callback) => {
      const listen = (engine: PGlite) => engine.listen(channel, callback);
      let unlisten = await listen(await ready());
      const again = async (engine: PGlite) => (unlisten = await listen(engine));
      listeners.add(again);
      return async () => {
        listeners.delete(again);
        if (running.crash === undefined) await unlisten();
      };
    },
    close: async () => {
      if (running.crash === undefined) await running.pglite.close();
    },
  };

  async function ready(): Promise<PGlite> {
    if (running.crash === undefined) return running.pglite;
    restarting ??= restart().finally(() => {
      restarting = undefined;
    });
    running = await restarting;
    return running.pglite;
  }

  async function restart(): Promise<Running> {
    try {
      if (failed !== undefined && performance.now() < failed.at + restartMs) throw failed.error;
      const next = await start(folder);
      for (const listen of listeners) await listen(next.pglite);
      failed = undefined;
      return next;
    } catch (error) {
      if (error !== failed?.error) failed = { at: performance.now(), error };
      throw error;
    }
  }
}

const settings = [
  'shared_buffers=8MB', // 140 MB less memory than the default of 128 MB, at no cost for our small tables
  'log_startup_progress_interval=0', // its timer would outlive a start that fails, and keep this process from ending
];

/** Rejects with `disk-full` when that is why, otherwise with what the engine says, which is little. */
async function start(folder: string): Promise<Running> {
  try {
    const pglite = await PGlite.create(folder, {
      // Skips waiting for a flush that does not exist on Node's file system: the durability is the same.
      relaxedDurability: true,
      startParams: [...PGlite.defaultStartParams, ...settings.flatMap((setting) => ['-c', setting])],
    });
    return guard(pglite);
  } catch (error) {
    const { bavail, bsize } = await statfs(dirname(folder));
    if (bavail * bsize >= leastSpace) throw error;
    const message = `The disk with the database in ${folder} is full. Free ${leastSpace / 2 ** 20} MB or more; no restart is needed.`;
    throw new BotError('disk-full', message, { cause: error });
  }
}

/** Every call of the engine goes through these two methods of its own. */
function guard(pglite: PGlite): Running {
  const running: Running = { pglite, crash: undefined };
  pglite.execProtocol = guarded(running, pglite.execProtocol.bind(pglite));
  pglite.execProtocolStream = guarded(running, pglite.execProtocolStream.bind(pglite));
  return running;
}

function guarded<Args extends readonly unknown[], T>(
  running: Running,
  call: (...args: Args) => Promise<T>,
): (...args: Args) => Promise<T> {
  return async (...args) => {
    if (running.crash !== undefined) throw running.crash;
    try {
      return await call(...args);
    } catch (error) {
      if (isCrash(error)) running.crash = error;
      throw error;
    }
  };
}

/** A server would have ended its process: PANIC and FATAL, or the engine's code trapped or exited. */
function isCrash(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  if ('severity' in error) return error.severity === 'PANIC' || error.severity === 'FATAL';
  return ['RuntimeError', 'ExitStatus'].includes(error.name);
}
