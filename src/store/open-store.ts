import { createEffects, createInTurn, createJournal, createRepeats } from '../claim/index.ts';
import { BotError, toBotError } from '../domain/index.ts';
import { migrate, openEmbedded, openPostgres } from '../database/index.ts';
import type { Database } from '../database/index.ts';
import { createLimits, defaultPace } from '../limits/index.ts';
import type { Pace } from '../limits/index.ts';
import { createInbox } from './inbox.ts';
import { createJobs } from './jobs.ts';
import { openQueue } from './queue.ts';
import type { Queue, StoreLog } from './queue.ts';
import { createRetention } from './retention.ts';
import type { Store } from './store.ts';
import { createSubjects } from './subjects.ts';
import { createWaiting } from './waiting.ts';
import { startWorker } from './worker.ts';

export interface StoreOptions {
  /** A PostgreSQL server; without one the database is embedded, in `<dataDir>/database`. */
  readonly databaseUrl?: string | undefined;
  readonly dataDir: string;
  readonly log?: StoreLog | undefined;
  /** The clock in milliseconds since 1970. Leases don't use it: they go by the database's. */
  readonly now?: (() => number) | undefined;
  /**
   * Seconds before the second attempt at a job, the third and so on; one more failure and the job is given up. While something is
   * away the last one is waited again and again, for a day.
   */
  readonly retryDelays?: readonly number[] | undefined;
  /** How fast content may be created on GitHub. */
  readonly pace?: Pace | undefined;
  /** How long an attempt at an effect may take to show on GitHub, in milliseconds. */
  readonly settleMs?: number | undefined;
}

/** Twenty minutes over five attempts: longer than most outages of those we depend on. */
const defaultRetryDelays = [10, 60, 300, 900];

/** GitHub's lists may lag behind its writes by a few seconds. */
const defaultSettleMs = 5_000;

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
    const { code, message } = toBotError(error);
    throw new BotError(code, `${message} (Opening the database ${database.place}.)`, { cause: error });
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
  const { log, retryDelays = defaultRetryDelays, pace = defaultPace, settleMs = defaultSettleMs } = options;
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
    ...createSubjects({ database, queue, now }),
    ...createWaiting(database.sql),
    ...createRetention({ database, queue, now }),
    ...createRepeats(database.sql),
    ...createLimits(database, { pace, now }),
    receive: createInbox({ database, queue, now }),
    work: async (workOptions) => {
      const worker = await startWorker(workOptions, { database, queue, log, now, inTurn, retryDelays });
      workers.add(worker);
      return worker;
    },
    journal: (claim) => createJournal(database, claim, now),
    effects: (claim) => createEffects(database, claim, { inTurn, settleMs }),
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
