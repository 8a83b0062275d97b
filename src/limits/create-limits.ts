import { toText } from '../database/index.ts';
import type { Database } from '../database/index.ts';
import type { Limits, Pace } from './limits.ts';
import { createPacer } from './pacer.ts';

/**
 * What GitHub asks of apps that create content: at least one second between two calls, at most 80 a minute and 500 an hour. The tenth
 * on top of the second is for calls that leave a little late.
 */
export const defaultPace: Pace = { gapMs: 1_100, perMinute: 80, minuteMs: 60_000, perHour: 500, hourMs: 3_600_000 };

/** `now` is this process's clock, in milliseconds since 1970: points in time come in and go out by it, and are kept by the database's. */
export function createLimits(database: Database, deps: { readonly pace: Pace; readonly now: () => number }): Limits {
  const { sql } = database;
  return {
    ...createPacer(database, deps),
    takeDuty: async (name, everyMs) => {
      const rows = await sql(
        `insert into backend.duties (name, started_at) values ($1, clock_timestamp())
         on conflict (name) do update set started_at = clock_timestamp()
           -- not excluded.started_at: that was read before waiting for another process's turn at the row
           where duties.started_at <= clock_timestamp() - $2 * interval '1 millisecond'
             or duties.started_at > clock_timestamp() -- the clock was set back
         returning floor(extract(epoch from started_at) * 1000)::float8 as started, done_ms`,
        [toText(name), everyMs],
      );
      const [row] = rows as readonly { started: number; done_ms: number | null }[];
      return row && { startedAt: row.started, since: row.done_ms ?? undefined };
    },
    endDuty: async (name, { startedAt }) => {
      await sql('update backend.duties set done_ms = $2 where name = $1', [toText(name), startedAt]);
    },
    pause: async (scope, until, reason) => {
      const rows = await sql(
        `insert into backend.pauses (scope, until, reason, prolonged)
         values ($1, clock_timestamp() + $2 * interval '1 millisecond', $3, false)
         on conflict (scope) do update set prolonged = pauses.until > clock_timestamp(),
           until = greatest(pauses.until, excluded.until),
           reason = case when excluded.until > pauses.until then excluded.reason else pauses.reason end
         returning not prolonged and until > clock_timestamp() as is_new`,
        [toText(scope), Math.ceil(until - deps.now()), toText(reason)],
      );
      return rows[0]?.['is_new'] === true;
    },
    pausedUntil: async (scope) => {
      const rows = await sql(
        `select ${msUntil('until')} as ms, reason from backend.pauses where scope = $1 and until > clock_timestamp()`,
        [toText(scope)],
      );
      const [row] = rows as readonly { ms: number; reason: string }[];
      return row === undefined ? undefined : { until: deps.now() + row.ms, reason: row.reason };
    },
  };
}

function msUntil(column: string): string {
  return `ceil(extract(epoch from ${column} - clock_timestamp()) * 1000)::float8`;
}
