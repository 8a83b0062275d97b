import { BotError } from '../domain/index.ts';
import { migrate, openEmbedded, openPostgres } from '../database/index.ts';
import type { Database } from '../database/index.ts';
import { createEffects, createInTurn } from './effects.ts';
import { createInbox } from './inbox.ts';
import { createJobs } from './jobs.ts';
import { createJournal } from './journal.ts';
import { openQueue } from './queue.ts';
import type { Queue, StoreLog } from './queue.ts';
import type { Store } from './store.ts';
import { startWorker } from './worker.ts';

export interface StoreOptions {
  /** A PostgreSQL server; without one the database is embedded, in `<dataDir>/database`. */
  readonly databaseUrl?: string | undefined;
  readonly dataDir: string;
  readonly log?: StoreLog | undefined;
  /** The clock in milliseconds since 1970. Leases don't use it: they go by the database's. */
  readonly now?: (() => number) | undefined;
  /** Seconds before the second attempt at a job, the third and so on; one more failure and the job is given up. */
  readonly retryDelays?: readonly number[] | undefined;
}

/** Twenty minutes over five attempts: longer than most outages of those we depend on. */
const defaultRetryDelays = [10, 60, 300, 900];

const silent: StoreLog = { warn: () => undefined, error: () => undefined };

/**
 * Opens the database, brings its schema up to date and starts the queue. Rejects with `store-locked` (embedded, in use by
 * another process), `store-newer` (a newer version of the app was here) or `store-unavailable`.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const log = options.log ?? silent;
  const database = await openDatabase(options, log);
  try {
    await migrate(database);
    const queue = await openQueue(database, log);
    return createStore(database, queue, { ...options, log });
  } catch (error) {
    await database.close();
    throw error;
  }
}

function openDatabase({ databaseUrl, dataDir }: StoreOptions, log: StoreLog): Promise<Database> {
  if (databaseUrl === undefined) return openEmbedded(dataDir);
  return openPostgres(databaseUrl, (error) => {
    log.warn({ err: error }, 'database connection lost');
  });
}

function createStore(database: Database, queue: Queue, options: StoreOptions & { readonly log: StoreLog }): Store {
  const now = options.now ?? Date.now;
  const { log, retryDelays = defaultRetryDelays } = options;
  const inTurn = createInTurn();
  const workers = new Set<{ stop(timeoutMs: number): Promise<void> }>();
  const close = async () => {
    await Promise.all([...workers].map((worker) => worker.stop(0)));
    await queue.close();
    await database.close();
  };
  let closed: Promise<void> | undefined;
  return {
    ...createJobs(database.sql, now),
    receive: createInbox({ database, queue, now }),
    work: async (workOptions) => {
      const worker = await startWorker(workOptions, { database, queue, log, now, retryDelays });
      workers.add(worker);
      return worker;
    },
    journal: (claim) => createJournal(database, claim, now),
    effects: (claim) => createEffects(database, claim, { inTurn, now }),
    ping: () => ping(database),
    [Symbol.asyncDispose]: () => (closed ??= close()),
  };
}

/** How long readiness waits for the database, in milliseconds. */
const pingMs = 2_000;

async function ping(database: Database): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new BotError('store-unavailable', `The database did not answer within ${pingMs} ms.`));
    }, pingMs);
  });
  try {
    await Promise.race([database.sql('select 1'), late]);
  } finally {
    clearTimeout(timer);
  }
}
