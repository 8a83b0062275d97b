import type { CheckRun, Job, Outcome, Refusal } from './domain/index.ts';
import { decideStillWanted } from './policy/index.ts';
import { renderReport } from './account/index.ts';
import { ensureReply } from './publish/index.ts';
import { runBaseline } from './verify/index.ts';
import type { Desk } from './deps.ts';
import { gatherFacts } from './facts.ts';
import { openBench } from './ground.ts';
import type { Reporter } from './reporter.ts';

/** Runs the repository's checks on a pull request's newest commit and reports in one reply. No model is asked; safe to start again. */
export async function test(job: Job, reporter: Reporter, desk: Desk): Promise<Outcome> {
  await reporter.step('verify');
  const found = await desk.journal.once('report', () => runChecks(job, desk));
  const standing = decideStillWanted(job.request, await gatherFacts(job.request, desk));
  if (!standing.wanted) return { type: 'declined', reason: standing.reason };
  await ensureReply(job.request, renderReport(job.plan.base.sha, { ...found, notes: desk.settings.warnings }), desk);
  return { type: 'answered' };
}

interface Found {
  readonly runs: CheckRun[];
  readonly refusals: Refusal[];
}

async function runChecks(job: Job, desk: Desk): Promise<Found> {
  const refusals: Refusal[] = [];
  await using bench = await openBench(job, desk, async (refusal) => {
    refusals.push(refusal);
  });
  return { runs: [...(await runBaseline(bench.means))], refusals };
}
