import type { CheckRun, Job, Outcome, Refusal } from './domain/index.ts';
import { decideStillWanted } from './policy/index.ts';
import { ensureReply, renderReport } from './publish/index.ts';
import { describeRefusals } from './refusals/index.ts';
import { runBaseline } from './verify/index.ts';
import type { Desk } from './deps.ts';
import { gatherFacts } from './facts.ts';
import { openBench } from './ground.ts';
import type { Reporter } from './reporter.ts';

/** Runs the repository's checks on a pull request's newest commit and reports in one reply. No model is asked; safe to start again. */
export async function test(job: Job, reporter: Reporter, desk: Desk): Promise<Outcome> {
  await reporter.step('verify');
  const { runs, refusals } = await desk.journal.once('report', () => runChecks(job, desk));
  const standing = decideStillWanted(job.request, await gatherFacts(job.request, desk));
  if (!standing.wanted) return { type: 'declined', reason: standing.reason };
  const notes = [...desk.settings.warnings, ...describeRefusals(refusals)];
  await ensureReply(job.request, renderReport(job.plan.base.sha, runs, notes), desk);
  return { type: 'answered' };
}

interface Report {
  readonly runs: CheckRun[];
  readonly refusals: Refusal[];
}

async function runChecks(job: Job, desk: Desk): Promise<Report> {
  const refusals: Refusal[] = [];
  await using bench = await openBench(job, desk, async (refusal) => {
    refusals.push(refusal);
  });
  return { runs: [...(await runBaseline(bench.means))], refusals };
}
