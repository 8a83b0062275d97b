import { setTimeout as sleep } from 'node:timers/promises';
import type { Job as Entry } from 'pg-boss';
import type { Claim, InTurn } from '../claim/index.ts';
import { toJson } from '../database/index.ts';
import type { Database } from '../database/index.ts';
import { toBotError } from '../domain/index.ts';
import type { BotError, Outcome, Step } from '../domain/index.ts';
import { iso } from './jobs.ts';
import type { Queue, StoreLog } from './queue.ts';
import type { Parking, WorkOptions } from './store.ts';

export interface WorkerDeps {
  readonly database: Database;
  readonly queue: Queue;
  readonly log: StoreLog;
  readonly now: () => number;
  readonly inTurn: InTurn;
  /**
   * Seconds to wait before the second attempt, the third and so on. One more failure than delays, and the job is given up; while
   * something is away, the last one is waited again and again.
   */
  readonly retryDelays: readonly number[];
}

/** A job in this process's hands. */
export interface Hold {
  readonly entry: Entry<unknown>;
  readonly claim: Claim;
  readonly tell: Pick<WorkOptions, 'tellFailure' | 'tellParked'>;
  /** Aborted by `stop` only. */
  readonly stopping: AbortSignal;
}

/** What pg-boss does with its entry; ours has been settled before. */
export type Settlement = 'completed' | 'deadletter';

/** How a job goes back into the queue. */
interface Return {
  readonly afterSeconds: number;
  /** Whether the failure was an attempt, was something that is away, or was none of the job's business. */
  readonly counts: 'attempt' | 'outage' | 'nothing';
  readonly parked?: boolean;
}

/** What a job has been through. `outages` counts failures in a row because something was away, since the journal last grew. */
interface Trouble {
  readonly attempts: number;
  readonly outages: number;
  readonly outage_hours: number;
}

/** Seconds before a job is taken again that failed only because the database was away: by then it is back. */
const databaseDelay = 5;

/** From this outage in a row on, and for a wait longer than this many seconds that somebody asked for, people are told. */
const parkedFrom = 3;
const parkedSeconds = 60;

/** How long something may be away, in hours: on its own, and when whoever refused said when to come again (a spend limit, a month). */
const patience = { outage: 24, appointment: 40 * 24 };

/** Ends a job that failed, or puts it back. */
export async function settleFailure(hold: Hold, error: unknown, deps: WorkerDeps): Promise<Settlement> {
  const failure = toBotError(error);
  if (hold.entry.signal.aborted || hold.stopping.aborted)
    return await putBack(hold, { afterSeconds: 0, counts: 'nothing' }, failure, deps);
  if (!failure.retryable) return await end(hold, failure.reasonForRequester, deps);
  const trouble = await readTrouble(hold, deps);
  if (trouble === undefined) return 'completed';
  const back = decideReturn(failure, trouble, deps);
  if (back === undefined) return await giveUp(hold, failure.reasonForRequester, deps);
  deps.log.warn(
    { err: failure, job: hold.claim.jobId, ...trouble, after: back.afterSeconds },
    'job failed and will be retried',
  );
  return await putBack(hold, back, failure, deps);
}

/** Undefined when the job has been tried for long enough. */
function decideReturn(failure: BotError, trouble: Trouble, { retryDelays, now }: WorkerDeps): Return | undefined {
  const { attempts, outages, outage_hours: hours } = trouble;
  if (failure.retryAt !== undefined) {
    if (hours >= patience.appointment) return undefined;
    const afterSeconds = Math.max(0, Math.ceil((failure.retryAt - now()) / 1_000));
    return { afterSeconds, counts: 'outage', parked: afterSeconds > parkedSeconds };
  }
  if (failure.isOutage) {
    if (hours >= patience.outage) return undefined;
    if (failure.code === 'store-unavailable') return { afterSeconds: databaseDelay, counts: 'outage' };
    const afterSeconds = retryDelays[outages] ?? retryDelays.at(-1) ?? 0;
    return { afterSeconds, counts: 'outage', parked: outages + 1 >= parkedFrom };
  }
  const afterSeconds = retryDelays[attempts];
  return afterSeconds === undefined ? undefined : { afterSeconds, counts: 'attempt' };
}

async function readTrouble({ claim }: Hold, { database }: WorkerDeps): Promise<Trouble | undefined> {
  const rows = await database.sql(
    `select attempts, case when ${hasGrown} then 0 else outages end as outages,
       case when ${hasGrown} then 0 else coalesce(extract(epoch from clock_timestamp() - outage_since) / 3600, 0) end::float8
         as outage_hours
     from backend.jobs where ${runningBy}`,
    [claim.jobId, claim.epoch],
  );
  const [row] = rows as readonly unknown[] as readonly Trouble[]; // the columns just selected
  return row;
}

/** Progress since the claim: a new entry in the journal. */
const hasGrown = 'journal_length > claimed_length';

/** Back into the queue, this claim outdated at once. Does nothing when another claim has taken over. */
async function putBack(hold: Hold, back: Return, failure: BotError, deps: WorkerDeps): Promise<Settlement> {
  const { claim, entry } = hold;
  const until = deps.now() + back.afterSeconds * 1_000;
  const parking = back.parked === true ? { reason: failure.reasonForRequester, until } : undefined;
  if (parking !== undefined) await tell(hold, hold.tell.tellParked, parking, deps.log);
  await deps.database.transaction(async (sql) => {
    const rows = await sql(
      `update backend.jobs set state = 'queued', crashes = 0, updated_at = $3, parked = $4::json,
         attempts = attempts + ($5 = 'attempt')::integer, claimed_length = journal_length,
         outages = case when ${hasGrown} then 0 else outages end + ($5 = 'outage')::integer,
         outage_since = case when $5 = 'outage' and (outage_since is null or ${hasGrown}) then clock_timestamp()
           when ${hasGrown} then null else outage_since end
       where ${runningBy} returning id`,
      [claim.jobId, claim.epoch, iso(deps.now()), toJson(parking), back.counts],
    );
    if (rows.length > 0) await deps.queue.putBack(entry, back.afterSeconds, sql);
    else await sql(takeBackCrash, [claim.jobId, claim.epoch]);
  });
  return 'completed';
}

/** The next claim took this process for dead: it was only cut off, which says nothing against the job. */
const takeBackCrash = `update backend.jobs set crashes = greatest(crashes - 1, 0), deaths = greatest(deaths - 1, 0)
  where id = $1 and epoch > $2 and state = 'running'`;

/** To the dead letters, with the reason told and written. */
export async function giveUp(hold: Hold, reason: string, deps: WorkerDeps): Promise<Settlement> {
  deps.log.error({ job: hold.claim.jobId, reason }, 'job given up');
  await end(hold, reason, deps);
  return 'deadletter';
}

/** Leaves the outcome that the handler wrote, or tells and writes that there was none. */
export async function end(hold: Hold, reason: string, deps: WorkerDeps): Promise<Settlement> {
  const { sql } = deps.database;
  const { jobId, epoch } = hold.claim;
  const [row] = await sql(`select step from backend.jobs where ${runningBy}`, [jobId, epoch]);
  if (row === undefined) return 'completed';
  const step = (row['step'] ?? 'understand') as Step; // written by setStep only
  const outcome: Outcome = { type: 'failed', step, reason };
  await tell(hold, hold.tell.tellFailure, outcome, deps.log);
  const finished = `update backend.jobs set state = 'finished', outcome = $3::json, updated_at = $4 where ${runningBy}`;
  await sql(finished, [jobId, epoch, toJson(outcome), iso(deps.now())]);
  return 'completed';
}

const runningBy = "id = $1 and epoch = $2 and state = 'running'";

/** How long telling people may take, in milliseconds. */
const tellMs = 30_000;

async function tell<What extends Outcome | Parking>(
  { claim }: Hold,
  how: ((claim: Claim, what: What) => Promise<void>) | undefined,
  what: What,
  log: StoreLog,
): Promise<void> {
  if (how === undefined) return;
  const enough = new AbortController();
  try {
    await Promise.race([how(claim, what), sleep(tellMs, undefined, { signal: enough.signal })]);
  } catch (error) {
    log.warn({ err: error, job: claim.jobId }, 'what happened to a job could not be told');
  } finally {
    enough.abort();
  }
}
