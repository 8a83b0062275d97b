import { BotError } from '../domain/index.ts';

/** The last holder of each folder. What it guards, a folder of this machine, is as process-wide as this table. */
const holders = new Map<string, Promise<void>>();

/**
 * Runs `action` when nobody else of this process holds `folder`, first come, first served.
 * Throws BotError `aborted` when the signal fires while waiting; the action itself has to heed it afterwards.
 */
export async function withLock<T>(folder: string, signal: AbortSignal, action: () => Promise<T>): Promise<T> {
  const before = holders.get(folder);
  const { promise: released, resolve: release } = Promise.withResolvers<undefined>();
  const mine = Promise.all([before, released]).then(() => undefined);
  holders.set(folder, mine);
  try {
    await turn(before, signal);
    return await action();
  } finally {
    release(undefined);
    void mine.then(() => holders.get(folder) === mine && holders.delete(folder));
  }
}

async function turn(before: Promise<void> | undefined, signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => {
    reject(new BotError('aborted', 'The job was stopped while it waited for its repository.'));
  };
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await Promise.race([before ?? Promise.resolve(), promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
