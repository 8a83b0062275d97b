import { setTimeout as sleep } from 'node:timers/promises';
import { BotError, toBotError } from '../domain/index.ts';
import type { Outcome, Step, WorkRequest } from '../domain/index.ts';
import type { Job as Entry, PgBoss } from 'pg-boss';
import { toJson } from '../database/index.ts';
import type { Database } from '../database/index.ts';
import { iso } from './jobs.ts';
import { queueName } from './queue.ts';
import type { Queue, StoreLog } from './queue.ts';
import type { Claim, WorkOptions } from './store.ts';

export interface WorkerDeps {
  readonly database: Database;
  readonly queue: Queue;
  readonly log: StoreLog;
  readonly now: () => number;
  /** Seconds to wait before the second attempt, the third and so on. One more failure than delays, and the job is given up. */
  readonly retryDelays: readonly number[];
}

/** A worker whose process died this many times in a row over one job gives that job up. */
const crashLimit = 3;

/** How long a handler may go on after its signal before the job is taken from it, in milliseconds. */
const graceMs = 2_000;

/** Seconds before a job is taken again that failed only because the database was away. */
const databaseDelay = 5;

/** A job in this process's hands. */
interface Hold {
  readonly entry: Entry<unknown>;
  readonly claim: Claim;
  readonly attempts: number;
  readonly tellFailure: WorkOptions['tellFailure'];
  /** Aborted by `stop` only. */
  readonly stopping: AbortSignal;
}

/** What pg-boss does with its entry; ours has been settled before. */
type Settlement = 'completed' | 'deadletter';

/** Takes jobs until stopped. See `Store.work`. */
export async function startWorker(
  options: WorkOptions,
  deps: WorkerDeps,
): Promise<{ stop(timeoutMs: number): Promise<void> }> {
  const stopping = new AbortController();
  let isOpen = true;
  const settle = (entry: Entry<unknown>) =>
    isOpen ? runEntry(entry, options, { ...deps, stopping: stopping.signal }) : returnUnopened(entry, deps);
  const { boss } = deps.queue;
  const ids = await Promise.all(Array.from({ length: options.concurrency }, () => startTaker(boss, settle)));
  return {
    stop: async (timeoutMs) => {
      isOpen = false;
      const drained = Promise.all(ids.map((id) => boss.offWork(queueName, { id, wait: true })));
      await Promise.race([drained, sleep(timeoutMs, undefined, { ref: false })]);
      stopping.abort(new BotError('aborted', 'The worker is stopping; the job goes back into the queue.'));
      await drained;
    },
  };
}

const takerSettings = {
  batchSize: 1,
  perJobResults: true,
  heartbeatRefreshSeconds: 2,
  pollingIntervalSeconds: 1,
  notifyPollingIntervalSeconds: 2,
} as const;

/** Takes one job after the other. Told to look again after each, because the end of a job may free the next of its subject. */
async function startTaker(boss: PgBoss, settle: (entry: Entry<unknown>) => Promise<Settlement>): Promise<string> {
  let id = '';
  id = await boss.work<unknown, unknown, typeof takerSettings>(queueName, takerSettings, async ([entry]) => {
    if (entry === undefined) return [];
    const status = await settle(entry);
    boss.notifyWorker(id);
    return [{ id: entry.id, status }];
  });
  return id;
}

/** Fetched in the moment of stopping: as if it had never been taken. */
async function returnUnopened(entry: Entry<unknown>, { database, queue }: WorkerDeps): Promise<Settlement> {
  await database.transaction((sql) => queue.putBack(entry, 0, sql));
  return 'completed';
}

async function runEntry(
  entry: Entry<unknown>,
  { handle, tellFailure }: WorkOptions,
  deps: WorkerDeps & { readonly stopping: AbortSignal },
): Promise<Settlement> {
  const taken = await take(entry, deps);
  if (taken === undefined) return 'completed'; // finished before a crash kept us from saying so
  const hold: Hold = { entry, stopping: deps.stopping, claim: taken.claim, attempts: taken.attempts, tellFailure };
  if (taken.crashes >= crashLimit)
    return await giveUp(hold, `the worker died ${taken.crashes} times in a row over it`, deps);
  const signal = AbortSignal.any([entry.signal, deps.stopping]);
  try {
    await Promise.race([handle(hold.claim, signal), overstayed(signal)]);
  } catch (error) {
    return await persist(() => settleFailure(hold, error, deps), hold);
  }
  return await persist(() => end(hold, 'it ended without an outcome', deps), hold);
}

/**
 * The queue's count of claims is the epoch: it grows with every claim, so a worker that froze between taking and
 * claiming finds a newer epoch and leaves the job alone. A job found `running` was left by a process that died.
 */
async function take(entry: Entry<unknown>, { database, now }: WorkerDeps) {
  const epoch = entry.retryCount + 1;
  const rows = await database.sql(
    `update backend.jobs set epoch = $2, attempts = attempts + 1, updated_at = $3, state = 'running',
       crashes = case when state = 'running' then crashes + 1 else crashes end
     where id = $1 and epoch < $2 and state <> 'finished' returning request, attempts, crashes`,
    [entry.id, epoch, iso(now())],
  );
  const [row] = rows as readonly { request: WorkRequest; attempts: number; crashes: number }[];
  if (row === undefined) return undefined;
  return { claim: { jobId: entry.id, request: row.request, epoch }, attempts: row.attempts, crashes: row.crashes };
}

/** Rejects when a handler does not end although its signal was aborted a while ago: what it still tries is fenced. */
async function overstayed(signal: AbortSignal): Promise<never> {
  await new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', resolve, { once: true });
  });
  await sleep(graceMs, undefined, { ref: false });
  throw new BotError('aborted', 'The job went on after it was told to stop.');
}

/** The database may be away just now; as long as the claim is ours there is time to say how the job ended. */
async function persist(settle: () => Promise<Settlement>, { entry, stopping }: Hold): Promise<Settlement> {
  for (let tries = 0; tries < 120; tries += 1) {
    try {
      return await settle();
    } catch (error) {
      const isLost = entry.signal.aborted || stopping.aborted;
      if (isLost || toBotError(error).code !== 'store-unavailable') throw error;
      await sleep(500);
    }
  }
  return await settle();
}

async function settleFailure(hold: Hold, error: unknown, deps: WorkerDeps): Promise<Settlement> {
  const failure = toBotError(error);
  if (hold.entry.signal.aborted || hold.stopping.aborted)
    return await putBack(hold, { after: 0, counted: false }, deps);
  if (failure.code === 'store-unavailable') return await putBack(hold, { after: databaseDelay, counted: false }, deps);
  if (!failure.retryable) return await end(hold, failure.reasonForRequester, deps);
  const after = deps.retryDelays[hold.attempts - 1];
  if (after === undefined) return await giveUp(hold, failure.reasonForRequester, deps);
  deps.log.warn(
    { err: failure, job: hold.claim.jobId, attempt: hold.attempts, after },
    'job failed and will be retried',
  );
  return await putBack(hold, { after, counted: true }, deps);
}

/** Back into the queue, this claim outdated at once. Does nothing when another claim has taken over. */
async function putBack(hold: Hold, how: { after: number; counted: boolean }, deps: WorkerDeps): Promise<Settlement> {
  await deps.database.transaction(async (sql) => {
    const rows = await sql(
      `update backend.jobs set state = 'queued', crashes = 0, attempts = attempts - $3::integer, updated_at = $4
       where ${runningBy} returning id`,
      [hold.claim.jobId, hold.claim.epoch, how.counted ? 0 : 1, iso(deps.now())],
    );
    if (rows.length > 0) await deps.queue.putBack(hold.entry, how.after, sql);
  });
  return 'completed';
}

async function giveUp(hold: Hold, reason: string, deps: WorkerDeps): Promise<Settlement> {
  deps.log.error({ job: hold.claim.jobId, attempts: hold.attempts, reason }, 'job given up');
  await end(hold, reason, deps);
  return 'deadletter';
}

/** Leaves the outcome that the handler wrote, or tells and writes that there was none. */
async function end(hold: Hold, reason: string, deps: WorkerDeps): Promise<Settlement> {
  const { sql } = deps.database;
  const { jobId, epoch } = hold.claim;
  const [row] = await sql(`select step from backend.jobs where ${runningBy}`, [jobId, epoch]);
  if (row === undefined) return 'completed';
  const step = (row['step'] ?? 'understand') as Step; // written by setStep only
  const outcome: Outcome = { type: 'failed', step, reason };
  await tell(hold, outcome, deps.log);
  const finished = `update backend.jobs set state = 'finished', outcome = $3::json, updated_at = $4 where ${runningBy}`;
  await sql(finished, [jobId, epoch, toJson(outcome), iso(deps.now())]);
  return 'completed';
}

const runningBy = "id = $1 and epoch = $2 and state = 'running'";

/** How long telling people may take, in milliseconds. */
const tellMs = 30_000;

async function tell({ claim, tellFailure }: Hold, outcome: Outcome, log: StoreLog): Promise<void> {
  if (tellFailure === undefined) return;
  const enough = new AbortController();
  try {
    await Promise.race([tellFailure(claim, outcome), sleep(tellMs, undefined, { signal: enough.signal })]);
  } catch (error) {
    log.warn({ err: error, job: claim.jobId }, 'failure of a job could not be told');
  } finally {
    enough.abort();
  }
}
