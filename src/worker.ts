import { toBotError, type Outcome } from './domain/index.ts';
import { openJob } from './job/index.ts';
import type { Claim } from './store/index.ts';
import { sweepJobs } from './workspace/index.ts';
import { openDesk, type Deps } from './deps.ts';
import { carryOut } from './pipeline.ts';
import { openReporter } from './reporter.ts';

/**
 * Takes jobs and carries them out until stopped. What a job throws goes to the queue, which tries it again when a later attempt
 * may succeed; a job that is given up is told to the person who asked.
 */
export async function startWorker(
  deps: Deps,
  concurrency: number,
): Promise<{ stop(timeoutMs: number): Promise<void> }> {
  const { store, settings } = deps;
  await sweepJobs(settings.dataDir, async (jobId) => (await store.run(jobId))?.state !== 'finished');
  return deps.store.work({
    concurrency,
    handle: (claim, signal) => handleClaim(claim, deps, signal),
    tellFailure: (claim, outcome) => tellFailure(claim, outcome, deps),
  });
}

async function handleClaim(claim: Claim, deps: Deps, signal: AbortSignal): Promise<void> {
  const desk = await openDesk(claim, deps, signal);
  try {
    const outcome = await carryOut(claim.request, desk);
    await deps.store.finish(claim, outcome);
    desk.log.info({ outcome: outcome.type }, 'job finished');
  } catch (thrown) {
    // The only catch-all: after it, every error is one of ours, with a code that says who hears of it.
    const error = toBotError(thrown);
    desk.log.warn({ code: error.code, err: error }, 'job interrupted');
    throw error;
  }
}

/** Says in the status comment that a job was given up. One that policy never accepted has no status comment and stays silent. */
async function tellFailure(claim: Claim, outcome: Outcome, deps: Deps): Promise<void> {
  const run = await deps.store.run(claim.jobId);
  if (!run?.job.plan) return;
  const desk = await openDesk(claim, deps, AbortSignal.timeout(30_000));
  await using reporter = await openReporter(openJob(claim.jobId, claim.request, run.job.plan), desk);
  await reporter.finish(outcome);
}
