import { asideVerbs, toBotError, type BotError, type Outcome } from './domain/index.ts';
import { openJob } from './job/index.ts';
import type { Claim } from './store/index.ts';
import { sweepJobs } from './workspace/index.ts';
import { openDesk, type Deps, type Desk } from './deps.ts';
import { wantsFiles } from './facts.ts';
import { pauseModel } from './gate.ts';
import { carryOut } from './pipeline.ts';
import { openReporter, type Reporter } from './reporter.ts';
import { StoppedError, watchForStop } from './stopping.ts';

/**
 * Takes jobs and carries them out until stopped. What a job throws goes to the queue, which tries it again when a later attempt
 * may succeed; a job that is given up is told to the person who asked.
 */
export async function startWorker(
  deps: Deps,
  concurrency: number,
): Promise<{ stop(timeoutMs: number): Promise<void> }> {
  await sweepFolders(deps);
  return deps.store.work({
    concurrency,
    handle: async (claim, signal) => {
      try {
        await handleClaim(claim, deps, signal);
      } finally {
        await sweepFolders(deps);
      }
    },
    tellFailure: (claim, outcome) => tell(claim, deps, (reporter) => reporter.finish(outcome)),
    tellParked: (claim, { reason, until }) => tell(claim, deps, (reporter) => reporter.park(reason, until)),
  });
}

/** Removes what jobs that are over left on this machine: those that were stopped, taken away, or killed with their process. */
async function sweepFolders({ store, settings, log }: Deps): Promise<void> {
  const isAlive = async (jobId: string) => (await store.run(jobId))?.state !== 'finished';
  await sweepJobs(settings.dataDir, isAlive).catch((error: unknown) => {
    log.warn({ err: error }, 'the folders of jobs that are over could not be removed now');
  });
}

async function handleClaim(claim: Claim, deps: Deps, signal: AbortSignal): Promise<void> {
  const stop = new AbortController();
  await using desk = await openDesk(claim, deps, AbortSignal.any([signal, stop.signal]));
  try {
    const outcome = await carryOutWatched(desk, stop);
    await deps.store.finish(claim, outcome);
    desk.log.info({ outcome: outcome.type }, 'job finished');
  } catch (thrown) {
    if (stop.signal.reason instanceof StoppedError) await finishStopped(stop.signal.reason, desk, deps);
    else throw await explain(thrown, desk);
  }
}

/** Only work that takes its time is worth watching. */
async function carryOutWatched(desk: Desk, stop: AbortController): Promise<Outcome> {
  const { request } = desk.claim;
  if (request.via === 'files' && !(await wantsFiles(request, desk)))
    return { type: 'ignored', reason: 'files are not looked at here' };
  if (request.verb === 'stop' || asideVerbs.includes(request.verb)) return carryOut(request, desk);
  await using watching = new AsyncDisposableStack();
  watching.use(watchForStop(desk, stop));
  return await carryOut(request, desk);
}

/** Where nothing can be said any more (the issue is gone, the App uninstalled), it is stopped all the same. */
async function finishStopped({ by }: StoppedError, desk: Desk, deps: Deps): Promise<void> {
  const outcome: Outcome = { type: 'stopped', by };
  await tell(desk.claim, deps, (reporter) => reporter.finish(outcome)).catch((error: unknown) => {
    if (toBotError(error).retryable) throw error;
    desk.log.info({ err: error }, 'a stop could not be shown');
  });
  await deps.store.finish(desk.claim, outcome);
  desk.log.info({ outcome: outcome.type }, 'job finished');
}

/** The only catch-all: after it, every error is one of ours, with a code that says who hears of it and whether the job is tried again. */
async function explain(thrown: unknown, { store, log, now }: Desk): Promise<BotError> {
  const error = toBotError(thrown);
  const isNews = error.code === 'model-spend-limit' && (await pauseModel(store, error.message, now()));
  if (isNews)
    log.error({ reason: error.message }, 'the queue is paused: nobody asks the model until its limit is raised');
  else if (error.code === 'secret-found') log.error({ code: error.code, err: error }, 'job ended: it had a secret');
  else log.warn({ code: error.code, err: error }, 'job interrupted');
  return error;
}

/** How long telling people may take, in milliseconds. */
const tellMs = 30_000;

/** Says something in the status comment. A job that policy never accepted has none and stays silent. */
async function tell(claim: Claim, deps: Deps, say: (reporter: Reporter) => Promise<void>): Promise<void> {
  const run = await deps.store.run(claim.jobId);
  if (!run?.job.plan) return;
  await using desk = await openDesk(claim, deps, AbortSignal.timeout(tellMs));
  await using reporter = await openReporter(openJob(claim.jobId, claim.request, run.job.plan), desk);
  await say(reporter);
}
