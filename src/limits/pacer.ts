import type { Database, Row } from '../database/index.ts';
import type { Limits, Pace } from './limits.ts';

/** Any number will do, as long as all our processes use the same one, and for nothing else. */
const lockKey = 0x70616365;

/**
 * Turns at creating content. A turn is a row with the moment it is for, written before it comes; a window holds no more rows than it
 * may. Both windows are a gap longer than GitHub's, because a call may leave up to a gap late and the first one of the next on time.
 */
export function createPacer(
  database: Database,
  { pace, now }: { readonly pace: Pace; readonly now: () => number },
): Pick<Limits, 'takeTurn' | 'hasRoom'> {
  const windows = [pace.minuteMs + pace.gapMs, pace.hourMs + pace.gapMs] as const;
  return {
    takeTurn: (longestWaitMs) =>
      database.transaction(async (sql) => {
        await sql(`select pg_advisory_xact_lock(${lockKey})`);
        const values = [pace.gapMs, pace.perMinute - 1, windows[0], pace.perHour - 1, windows[1], longestWaitMs];
        const { wait_ms: waitMs, granted } = toTurn(await sql(reserve, values));
        if (!granted) return { refusedUntil: now() + waitMs };
        await sql("delete from backend.write_turns where at < clock_timestamp() - $1 * interval '1 millisecond'", [
          windows[1],
        ]);
        return { waitMs };
      }),
    hasRoom: async () => {
      const [row] = await database.sql(
        `select count(*) filter (where at > clock_timestamp() - $1 * interval '1 millisecond') < $2
           and count(*) filter (where at > clock_timestamp() - $3 * interval '1 millisecond') < $4 as has_room
         from backend.write_turns`,
        [windows[0], Math.ceil(pace.perMinute / 2), windows[1], Math.ceil(pace.perHour / 2)],
      );
      return row?.['has_room'] === true;
    },
  };
}

/** The first moment that keeps the gap and lets no window overflow; kept unless it is too far away. */
const reserve = `
  with clock as (select clock_timestamp() as now),
  next as (
    select now, greatest(now,
      (select max(at) + $1 * interval '1 millisecond' from backend.write_turns),
      (select at + $3 * interval '1 millisecond' from backend.write_turns order by at desc offset $2 limit 1),
      (select at + $5 * interval '1 millisecond' from backend.write_turns order by at desc offset $4 limit 1)) as at
    from clock),
  granted as (
    insert into backend.write_turns (at) select at from next where at <= now + $6 * interval '1 millisecond' returning at)
  select ceil(extract(epoch from next.at - next.now) * 1000)::float8 as wait_ms, exists (select from granted) as granted
  from next`;

/** The one row that `reserve` gives. */
function toTurn(rows: readonly Row[]): { readonly wait_ms: number; readonly granted: boolean } {
  const [row] = rows as readonly { wait_ms: number; granted: boolean }[];
  return row ?? { wait_ms: 0, granted: false };
}
