import { sweepBoxKills } from '../sandbox/kill-sweep.ts';
import { attempt, type Options, type Result } from './result.ts';

/** Each process of a box is killed, while the box opens, in a call and between two. */
export async function runBoxKills({ quick, tell }: Options): Promise<Result> {
  return await attempt(async () => {
    const rows = await sweepBoxKills(quick ? 12 : 300);
    const slowest = Math.max(...rows.map(({ ms }) => ms));
    const heard = Object.entries(Object.groupBy(rows, (row) => row.heard)).map(
      ([what, those]) => `${those?.length ?? 0} heard ${what}`,
    );
    const said = `${heard.join(', ')}; at most ${slowest} ms after the kill`;
    tell(said);
    return { injected: rows.length, notes: [said] };
  });
}
