import { setTimeout as sleep } from 'node:timers/promises';
import type { Job as Entry, PgBoss } from 'pg-boss';
import { BotError, toBotError } from '../domain/index.ts';
import type { WorkRequest } from '../domain/index.ts';
import { iso } from './jobs.ts';
import { queueName } from './queue.ts';
import { end, giveUp, settleFailure } from './settle.ts';
import type { Hold, Settlement, WorkerDeps } from './settle.ts';
import type { WorkOptions } from './store.ts';

/** A worker whose process died this often over a job gives it up: so often in a row without progress, or so often in all. */
const deathsInARow = 3;
const deathsInAll = 20;

/** How long a handler may go on after its signal before the job is taken from it, in milliseconds. */
const graceMs = 2_000;

/** Takes jobs until stopped. See `Store.work`. */
export async function startWorker(
  options: WorkOptions,
  deps: WorkerDeps,
): Promise<{ stop(timeoutMs: number): Promise<void> }> {
  const stopping = new AbortController();
  let isOpen = true;
  const settle = async (entry: Entry<unknown>) =>
    isOpen && !(await deps.queue.hasEarlier(entry.id))
      ? await runEntry(entry, options, { ...deps, stopping: stopping.signal })
      : await returnUnopened(entry, deps);
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

/** As if it had never been taken: fetched in the moment of stopping, or while another process held the row of an earlier one. */
async function returnUnopened(entry: Entry<unknown>, { database, queue }: WorkerDeps): Promise<Settlement> {
  await database.transaction((sql) => queue.putBack(entry, 0, sql));
  return 'completed';
}

type Running = WorkerDeps & { readonly stopping: AbortSignal };

/** How long a suspect has to live before the next one is taken up, and in which time all of them are begun, in milliseconds. */
const provingMs = { least: 500, most: 5_000, all: 30_000 };

/**
 * Jobs over which a process died twice may be what kills it: they are begun one at a time, so that none takes another with it again.
 * All others of a dead process go on at once. One that lives on is none: whatever ends its process later is held against whoever is begun then.
 */
async function runEntry(entry: Entry<unknown>, options: WorkOptions, deps: Running): Promise<Settlement> {
  if (!(await isSuspect(entry, deps))) return await carryOut(entry, options, deps);
  const begun = await deps.inTurn('suspects', async () => {
    if (deps.stopping.aborted) return { settled: returnUnopened(entry, deps) };
    const share = provingMs.all / Math.max(1, await countSuspects(deps));
    const waits = Math.min(provingMs.most, Math.max(provingMs.least, share));
    const settled = carryOut(entry, options, deps);
    await Promise.race([settled, sleep(waits, undefined, { ref: false })]).catch(() => undefined);
    await acquit(entry, deps).catch(() => undefined); // then one death too many is counted
    return { settled };
  });
  return await begun.settled;
}

/** Died over once before without a word in the journal, and now again, or waiting since. */
async function isSuspect(entry: Entry<unknown>, { database }: WorkerDeps): Promise<boolean> {
  if (entry.retryCount === 0) return false;
  return (await database.sql(`select id from backend.jobs where id = $1 and ${suspected}`, [entry.id])).length > 0;
}

const suspected = "crashes > 0 and (state = 'queued' or state = 'running' and journal_length = claimed_length)";

async function countSuspects({ database }: WorkerDeps): Promise<number> {
  const [row] = await database.sql(`select count(*)::integer as n from backend.jobs where ${suspected}`);
  return Number(row?.['n']);
}

async function acquit(entry: Entry<unknown>, { database }: WorkerDeps): Promise<void> {
  const living = "update backend.jobs set crashes = 0 where id = $1 and epoch = $2 and state = 'running'";
  await database.sql(living, [entry.id, entry.retryCount + 1]);
}

async function carryOut(entry: Entry<unknown>, options: WorkOptions, deps: Running): Promise<Settlement> {
  const taken = await take(entry, deps);
  if (taken === undefined) return 'completed'; // finished before a crash kept us from saying so
  const hold: Hold = { entry, stopping: deps.stopping, claim: taken.claim, tell: options };
  if (taken.reason !== undefined) return await giveUp(hold, taken.reason, deps);
  const signal = AbortSignal.any([entry.signal, deps.stopping]);
  try {
    await Promise.race([options.handle(hold.claim, signal), overstayed(signal)]);
  } catch (error) {
    return await persist(() => settleFailure(hold, error, deps), hold);
  }
  return await persist(() => end(hold, 'it ended without an outcome', deps), hold);
}

/**
 * The queue's count of claims is the epoch: it grows with every claim, so a worker that froze between taking and
 * claiming finds a newer epoch and leaves the job alone. A job found `running` was left by a process that died; when the journal
 * has grown meanwhile, that was not over this job. `reason` says why it is to be given up.
 */
async function take(entry: Entry<unknown>, { database, now }: WorkerDeps) {
  const epoch = entry.retryCount + 1;
  const rows = await database.sql(
    `update backend.jobs set epoch = $2, updated_at = $3, state = 'running', parked = null, claimed_at = clock_timestamp(),
       crashes = case when state <> 'running' then crashes when journal_length > claimed_length then 0 else crashes + 1 end,
       deaths = deaths + (state = 'running')::integer,
       outages = case when journal_length > claimed_length then 0 else outages end,
       outage_since = case when journal_length > claimed_length then null else outage_since end,
       claimed_length = journal_length
     where id = $1 and epoch < $2 and state <> 'finished' returning request, crashes, deaths`,
    [entry.id, epoch, iso(now())],
  );
  const [row] = rows as readonly { request: WorkRequest; crashes: number; deaths: number }[];
  return row && { claim: { jobId: entry.id, request: row.request, epoch }, reason: whyGiveUp(row) };
}

function whyGiveUp({ crashes, deaths }: { readonly crashes: number; readonly deaths: number }): string | undefined {
  if (crashes >= deathsInARow) return `the worker died ${crashes} times in a row over it`;
  return deaths >= deathsInAll ? `the worker died ${deaths} times over it` : undefined;
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

/** The database may be away just now, or its disk full; as long as the claim is ours there is time to say how the job ended. */
async function persist(settle: () => Promise<Settlement>, { entry, stopping }: Hold): Promise<Settlement> {
  for (;;) {
    try {
      return await settle();
    } catch (error) {
      const isLost = entry.signal.aborted || stopping.aborted;
      if (isLost || !['store-unavailable', 'disk-full'].includes(toBotError(error).code)) throw error;
      await sleep(500);
    }
  }
}
