import { race } from '../store/race.ts';
import type { Options, Result } from './result.ts';

const processes = 4;

/** Processes race for a thousand jobs on one PostgreSQL: each is run exactly once. */
export async function runRace({ quick }: Options): Promise<Result> {
  const { jobs, runs, twice, lost, winners } = await race({ processes, jobs: quick ? 100 : 1_000 });
  return {
    injected: jobs,
    lost,
    duplicated: twice,
    violations:
      lost + twice > 0 || runs !== jobs ? [`of ${jobs} jobs ${twice} were run twice and ${lost} got lost`] : [],
    resumes: [],
    notes: [`${winners} of ${processes} processes got jobs`],
  };
}
