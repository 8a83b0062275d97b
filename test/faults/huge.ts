import { monorepo, runMonorepo, type StepCost } from '../workspace/monorepo.ts';
import { attempt, type Options, type Result } from './result.ts';

/** 300,000 files and 5 GB of history; quick: a tenth of the files and a hundredth of the bytes. */
export async function runHuge({ quick, tell }: Options): Promise<Result> {
  return await attempt(async () => {
    const costs = await runMonorepo(quick ? { files: 30_000, commits: 10, blobBytes: 5_000_000 } : monorepo);
    const said = costs.map(renderCost).join('; ');
    tell(said);
    return { injected: costs.length, notes: [said] };
  });
}

function renderCost({ step, seconds, megabytes, said }: StepCost): string {
  return `${step}: ${seconds} s, ${megabytes} MB${said === undefined ? '' : ` (${said})`}`;
}
