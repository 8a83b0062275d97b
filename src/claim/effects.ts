import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Sql } from '../database/index.ts';
import { fromJson, toJson, toText } from '../database/index.ts';
import type { WorkRequest } from '../domain/index.ts';
import type { Claim, Effects, RepeatedEffect } from './claim.ts';
import { fenced, heldForEffects } from './held.ts';

/** How to find an effect that may already be there, and how to make it. */
interface Effect<T> {
  readonly look: () => Promise<T | undefined>;
  readonly make: () => Promise<T>;
}

/** Runs what is given under one key strictly one after the other, within this process. */
export type InTurn = <T>(key: string, work: () => Promise<T>) => Promise<T>;

export function createInTurn(): InTurn {
  const last = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    const turn = (last.get(key) ?? Promise.resolve()).then(work, work);
    last.set(key, turn);
    try {
      return await turn;
    } finally {
      if (last.get(key) === turn) last.delete(key);
    }
  };
}

interface EffectDeps {
  readonly inTurn: InTurn;
  /** How long an attempt may take to show, in milliseconds. */
  readonly settleMs: number;
}

/** What the row of an effect says about an attempt whose end was never recorded: how many milliseconds ago it may have been. */
interface Attempt {
  readonly ageMs: number;
}

/**
 * The effects of the claim's job. An effect's row is written before it is tried, so that a crash between making and
 * recording leaves `attempted`, and whoever comes next looks before making. Looking comes first even then when nothing
 * was attempted: after a restore from an older backup our rows know less than GitHub does.
 */
export function createEffects({ sql }: Pick<Database, 'sql'>, claim: Claim, deps: EffectDeps): Effects {
  return {
    ensure: (key, effect) => deps.inTurn(`${claim.jobId} ${key}`, () => ensure(toText(key), effect)),
  };

  async function ensure<T>(key: string, { look, make }: Effect<T>): Promise<T> {
    const confirmed = await readConfirmed(key);
    if (confirmed !== undefined) return confirmed.remote as T; // what an earlier look or make of the same key gave
    const earlier = await write(key, 'planned');
    let found = await look();
    if (found === undefined && earlier !== undefined) found = await lookAgain(earlier, look);
    if (found !== undefined) return await confirm(key, found);
    await write(key, earlier === undefined ? 'attempted' : 'repeated');
    return await confirm(key, await make().catch((error: unknown) => leaveAttempted(key, error)));
  }

  /** GitHub may show what was made only a while after it was made. */
  async function lookAgain<T>({ ageMs }: Attempt, look: Effect<T>['look']): Promise<T | undefined> {
    await sleep(Math.max(0, deps.settleMs - ageMs));
    return await look();
  }

  /** A failed call may have had its effect, as late as now: making may begin with a long wait for a turn. */
  async function leaveAttempted(key: string, error: unknown): Promise<never> {
    await write(key, 'attempted').catch(() => undefined); // what failed first is what matters
    throw error;
  }

  async function readConfirmed(key: string): Promise<{ remote: unknown } | undefined> {
    const statement = `select remote from backend.effects where job_id = $1 and key = $2 and state = 'confirmed'`;
    const [row] = await sql(statement, [claim.jobId, key]);
    return row === undefined ? undefined : { remote: fromJson(row['remote']) };
  }

  async function confirm<T>(key: string, remote: T): Promise<T> {
    await write(key, 'confirmed', remote);
    return remote;
  }

  async function write(key: string, step: EffectStep, remote?: unknown): Promise<Attempt | undefined> {
    const values = [claim.jobId, claim.epoch, key, stateAfter(step), toJson(remote), step === 'repeated'];
    const [row] = (await sql(writeEffect, values)) as readonly { state: string; age_ms: number }[];
    if (row === undefined) throw fenced(claim);
    return row.state === 'attempted' ? { ageMs: row.age_ms } : undefined;
  }
}

/** `repeated`: attempted although there was an earlier attempt. */
type EffectStep = 'planned' | 'attempted' | 'repeated' | 'confirmed';

function stateAfter(step: EffectStep): string {
  return step === 'repeated' ? 'attempted' : step;
}

/**
 * Locks the job's row meanwhile, so that no newer claim can begin between the check and the write. Planning leaves an earlier attempt
 * as it is and gives it. Times are the database's; an earlier claim's attempt may have gone on until this claim began.
 */
const writeEffect = `
  with held as (select id, claimed_at from backend.jobs where ${heldForEffects} for share)
  insert into backend.effects as e (job_id, key, state, remote, epoch, at, repeated)
  select id, $3, $4, $5::json, $2, clock_timestamp(), $6 from held
  on conflict (job_id, key) do update set
    state = case when excluded.state = 'planned' then e.state else excluded.state end,
    at = case when excluded.state <> 'planned' or e.state <> 'attempted' then excluded.at
      when e.epoch < excluded.epoch then greatest(e.at, (select claimed_at from held)) else e.at end,
    remote = excluded.remote, epoch = excluded.epoch, repeated = e.repeated or excluded.repeated
  returning state, extract(epoch from clock_timestamp() - at)::float8 * 1000 as age_ms`;

/** How long after a repetition the first may still show up, in milliseconds. */
const repeatedMs = 60_000;

/** The effects of all jobs that may be there twice. See `Store.repeatedEffects`. */
export function createRepeats(sql: Sql): {
  repeatedEffects(): Promise<readonly RepeatedEffect[]>;
  settleRepeated(jobId: string, key: string): Promise<void>;
} {
  return {
    repeatedEffects: async () => {
      const rows = await sql(
        `select e.job_id, j.request, e.key, e.remote from backend.effects e join backend.jobs j on j.id = e.job_id
         where e.repeated and e.state = 'confirmed' and e.at < clock_timestamp() - $1 * interval '1 millisecond' order by e.at`,
        [repeatedMs],
      );
      const repeated = rows as readonly { job_id: string; request: WorkRequest; key: string; remote: unknown }[];
      return repeated.map(({ job_id: jobId, request, key, remote }) => ({
        jobId,
        request,
        key,
        remote: fromJson(remote),
      }));
    },
    settleRepeated: async (jobId, key) => {
      await sql('update backend.effects set repeated = false where job_id = $1 and key = $2', [jobId, toText(key)]);
    },
  };
}
