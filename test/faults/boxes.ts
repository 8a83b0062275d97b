import { setTimeout as sleep } from 'node:timers/promises';
import { sweepBoxKills, type KillRow } from '../sandbox/kill-sweep.ts';
import { attempt, type Options, type Result } from './result.ts';

/** Each process once at each of the moments. */
const roundsAtOnce = 12;
/** They take some three seconds: a call that has not ended by now never does. */
const limitMs = 60_000;

/** Each process of a box is killed, while the box opens, in a call and between two. */
export async function runBoxKills({ quick, tell }: Options): Promise<Result> {
  return await attempt(async () => {
    const rows: KillRow[] = [];
    for (let times = quick ? 1 : 25; times > 0; times -= 1) {
      const some = await Promise.race([sweepBoxKills(roundsAtOnce), sleep(limitMs, undefined, { ref: false })]);
      if (some === undefined)
        throw new Error(
          `after a kill something never ended (between kill ${rows.length + 1} and ${rows.length + roundsAtOnce})`,
        );
      rows.push(...some);
    }
    const heard = Object.entries(Object.groupBy(rows, (row) => row.heard)).map(
      ([what, those]) => `${those?.length ?? 0} heard ${what}`,
    );
    const said = `${heard.join(', ')}; at most ${Math.max(...rows.map(({ ms }) => ms))} ms after the kill`;
    tell(said);
    return { injected: rows.length, notes: [said] };
  });
}
