import { sweepCopies } from '../database/copy-sweep.ts';
import { attempt, type Options, type Result } from './result.ts';

/** The embedded database is copied while it is written, and what was acknowledged is looked for in the copy. */
export async function runCopies({ quick, tell }: Options): Promise<Result> {
  return await attempt(async () => {
    const { copies, acknowledged, missing } = await sweepCopies(quick ? 3 : 20);
    const said = `${acknowledged} jobs acknowledged; ${copies} copies opened, the last after kill -9`;
    tell(said);
    const violations = missing.map((job) => `job ${job} was acknowledged and is not in the copy`);
    return { injected: copies, lost: missing.length, violations, notes: [said] };
  });
}
