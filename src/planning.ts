import { runAgent } from './agent/index.ts';
import type { AgentRun, Job, Outcome } from './domain/index.ts';
import { decideStillWanted } from './policy/index.ts';
import { renderProposal } from './proposal/index.ts';
import { ensureProposal } from './publish/index.ts';
import type { Desk } from './deps.ts';
import { gatherFacts } from './facts.ts';
import { openReading } from './ground.ts';
import type { Reporter } from './reporter.ts';
import { gatherSteeringNotes, openSteering } from './steering.ts';

/** Writes a plan into the thread, in one comment, where it waits for a person. Changes nothing, and is safe to start again like the main line. */
export async function plan(job: Job, reporter: Reporter, desk: Desk): Promise<Outcome> {
  const { run, notes } = await draft(job, reporter, desk);
  const proposal = run.submission?.proposal;
  if (proposal === undefined) return { type: 'failed', step: 'plan', reason: run.stopDetail };
  const facts = await gatherFacts(job.request, desk);
  const standing = decideStillWanted(job.request, facts);
  if (!standing.wanted) return { type: 'declined', reason: standing.reason };
  const { htmlUrl: home } = facts.repository;
  const command = job.plan.command ?? '/backend';
  const text = renderProposal(proposal, { job, run, command, home, notes });
  const commentId = await ensureProposal(job.request, text, desk);
  return { type: 'planned', commentId, url: `${home}/issues/${job.request.subject.number}#issuecomment-${commentId}` };
}

async function draft(job: Job, reporter: Reporter, desk: Desk) {
  await using reading = await openReading(job, reporter, desk, 'plan');
  await reporter.step('plan');
  const steering = await openSteering(job, desk);
  const run: AgentRun = await runAgent({ ...reading.agent, attempt: 1 }, { ...desk, spent: reporter.spent, steering });
  return { run, notes: [...desk.settings.warnings, ...reading.notes, ...(await gatherSteeringNotes(desk))] };
}
