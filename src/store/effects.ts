import type { Database } from '../database/index.ts';
import { fromJson, toJson, toText } from '../database/index.ts';
import { fenced, heldBy, iso } from './jobs.ts';
import type { Claim, Effects } from './store.ts';

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

/**
 * The effects of the claim's job. An effect's row is written before it is tried, so that a crash between making and
 * recording leaves `attempted`, and whoever comes next looks before making. Looking comes first even then when nothing
 * was attempted: after a restore from an older backup our rows know less than GitHub does.
 */
export function createEffects(database: Database, claim: Claim, deps: { inTurn: InTurn; now: () => number }): Effects {
  const { sql } = database;
  return {
    ensure: (key, effect) => deps.inTurn(`${claim.jobId} ${key}`, () => ensure(toText(key), effect)),
  };

  async function ensure<T>(key: string, { look, make }: Effect<T>): Promise<T> {
    const confirmed = await readConfirmed(key);
    if (confirmed !== undefined) return confirmed.remote as T; // what an earlier look or make of the same key gave
    await write(key, 'planned');
    const found = await look();
    if (found !== undefined) return await confirm(key, found);
    await write(key, 'attempted');
    return await confirm(key, await make());
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

  /** Locks the job's row meanwhile, so that no newer claim can begin between the check and the write. */
  async function write(key: string, state: 'planned' | 'attempted' | 'confirmed', remote?: unknown): Promise<void> {
    const written = await sql(
      `with held as (select id from backend.jobs where ${heldBy} for share)
       insert into backend.effects (job_id, key, state, remote, epoch, at)
       select id, $3, $4, $5::json, $2, $6 from held
       on conflict (job_id, key) do update set
         state = case when excluded.state = 'planned' then effects.state else excluded.state end,
         remote = excluded.remote, epoch = excluded.epoch, at = excluded.at
       returning key`,
      [claim.jobId, claim.epoch, key, state, toJson(remote), iso(deps.now())],
    );
    if (written.length === 0) throw fenced(claim);
  }
}
