import { runAgent } from './agent/index.ts';
import type { AgentRun, ChangeSet, Job, Outcome, Proof, WorkRequest } from './domain/index.ts';
import { changeSetKey, isWorthACommit, openJob, withoutNoise } from './job/index.ts';
import { decide, decideStillWanted } from './policy/index.ts';
import { ensureSeen, publishWork } from './publish/index.ts';
import { proveWork, renderFailure } from './verify/index.ts';
import { explain } from './answering.ts';
import { catchUp } from './catching-up.ts';
import { test } from './checking.ts';
import type { Desk } from './deps.ts';
import { gatherFacts } from './facts.ts';
import { openGround, type Ground } from './ground.ts';
import { plan } from './planning.ts';
import { reportMerge, requireResolved } from './rebasing.ts';
import { ensureReplies } from './replying.ts';
import { openReporter, type Reporter } from './reporter.ts';
import { settle } from './settling.ts';
import { gatherSteeringNotes } from './steering.ts';

/** How often the agent hands in before what still fails is published as a draft that says so. */
const maxAttempts = 3;

/** The work of a job: what the agent did and what running it showed. */
interface Work {
  readonly run: AgentRun;
  /** What of it is new: all of it, or what goes on top of a pull request. */
  readonly fresh: ChangeSet;
  readonly proof?: Proof;
}

/**
 * THE LINE: one request on its way to its outcome. Safe to start again from the top after any crash: a stage is re-derived from
 * GitHub, recorded in the journal, or an effect that looks before it makes.
 */
export async function carryOut(request: WorkRequest, desk: Desk): Promise<Outcome> {
  const decision = await desk.journal.once('decision', async () => decide(request, await gatherFacts(request, desk)));
  if (decision.type !== 'accept') return settle(decision, request, desk);
  const job = openJob(desk.claim.jobId, request, decision.plan);
  await desk.store.setPlan(desk.claim, job.plan);
  await ensureSeen(request, desk);
  await using reporter = await openReporter(job, desk);
  const outcome = await works[job.plan.work ?? 'implement'](job, reporter, desk);
  await reporter.finish(outcome);
  return outcome;
}

const works = { implement, revise: implement, explain, test, plan }; // by what a plan asks for

async function implement(job: Job, reporter: Reporter, desk: Desk): Promise<Outcome> {
  await using ground = await openGround(job, reporter, desk);
  const work = await workUntilProved(job, ground, { reporter, desk });
  if (!isWorthACommit(job.plan, work.run.changes, work.fresh)) return await endWithoutChanges(job, work.run, desk);
  requireResolved(ground.merge, work.run.changes);
  const standing = decideStillWanted(job.request, await gatherFacts(job.request, desk));
  if (!standing.wanted) return { type: 'declined', reason: standing.reason };
  const latest = await catchUp(job, work, { ground, prove: (run) => prove(run, ground, desk) }, desk);
  await reporter.step('publish');
  const notes = [...desk.settings.warnings, ...ground.notes, ...latest.notes, ...(await gatherSteeringNotes(desk))];
  const told = { workspace: ground.workspace, notes, beside: reporter.beside };
  const pull = await publishWork(latest.job, { ...latest.work, ...told }, desk);
  const report = await reportMerge(job, ground, pull.headSha);
  await ensureReplies(latest.job, { ...latest.work, report }, pull.headSha, desk);
  return { type: 'published', pullNumber: pull.pullNumber, url: pull.url, draft: pull.draft };
}

interface Watched {
  readonly reporter: Reporter;
  readonly desk: Desk;
}

/** Implement, verify, show what failed: the only loop of the line. */
async function workUntilProved({ plan }: Job, ground: Ground, { reporter, desk }: Watched): Promise<Work> {
  let feedback: string | undefined;
  for (let attempt = 1; ; attempt += 1) {
    await reporter.step('implement');
    const run = await runOnce({ attempt, feedback }, ground, { reporter, desk });
    const fresh = await ground.fresh(run.changes);
    if (!isWorthACommit(plan, run.changes, fresh)) return { run, fresh };
    await reporter.step('verify');
    const proof = await prove(run, ground, desk);
    if (proof.verdict !== 'failed' || run.stop !== 'submitted' || attempt === maxAttempts) return { run, fresh, proof };
    feedback = renderFailure(proof);
  }
}

/** One attempt of the agent; what the set-up step had left in its work tree is no part of its change. */
async function runOnce(
  { attempt, feedback }: { attempt: number; feedback: string | undefined },
  ground: Ground,
  { reporter, desk }: Watched,
): Promise<AgentRun> {
  const run = await runAgent(
    { ...ground.agent, attempt, ...(feedback !== undefined && { feedback }) },
    { ...desk, spent: reporter.spent, steering: ground.steering },
  );
  return { ...run, changes: withoutNoise(run.changes, ground.noise) };
}

/** The same tree is proved once, however often the line is started again. */
function prove(run: AgentRun, { means, baseline, workspace }: Ground, { journal }: Desk): Promise<Proof> {
  const key = changeSetKey(workspace.base.sha, run.changes);
  return journal.once(`proof ${key}`, () => proveWork({ ...means, baseline, changes: run.changes }));
}

/** Only the agent's own word makes it "nothing to change": a run that was cut short has simply not got there. */
async function endWithoutChanges(job: Job, run: AgentRun, desk: Desk): Promise<Outcome> {
  const { stop, stopDetail, submission } = run;
  if (stop !== 'submitted') return { type: 'failed', step: 'implement', reason: stopDetail };
  await ensureReplies(job, { run }, job.plan.continues?.headSha ?? '', desk);
  return { type: 'nothing-to-change', reason: submission?.nothingToChange ?? 'the agent handed in without a change' };
}
