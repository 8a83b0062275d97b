import { toBotError, type Job, type Outcome, type Step } from './domain/index.ts';
import { openStatus } from './publish/index.ts';
import type { Desk } from './deps.ts';

/** Says what a job is doing, to everybody at once: the status comment, the database, whoever watches. */
export interface Reporter extends AsyncDisposable {
  step(step: Step): Promise<void>;
  /** Adds what a model call cost to what people see; the journal has put it on the account. */
  spent(usd: number): void;
  finish(outcome: Outcome): Promise<void>;
  /** Says that the job rests until then (milliseconds since 1970). */
  park(reason: string, until: number): Promise<void>;
}

/** Finds or makes the status comment; what the job cost before a restart counts on. */
export async function openReporter(job: Job, desk: Desk): Promise<Reporter> {
  const { store, claim, report, log } = desk;
  const { repository, subject, seen } = job.request;
  report({ type: 'accepted', repository, subject, title: seen.title });
  const status = await openStatus(job, desk, { usd: (await store.run(job.id))?.usd ?? 0 });
  return {
    async step(step) {
      await store.setStep(claim, step);
      log.info({ step }, 'step reached');
      report({ type: 'step', step });
      status.step(step);
    },
    spent(usd) {
      status.spent(usd);
    },
    async finish(outcome) {
      await status.finish(outcome).catch((error: unknown) => {
        // GitHub may refuse the comment for good (archived by now, a permission taken away): the outcome stands all the same.
        if (toBotError(error).retryable) throw error;
        log.warn({ err: error }, 'the last state could not be shown');
      });
      report({ type: 'outcome', outcome });
    },
    park: (reason, until) => status.finish({ type: 'parked', reason, until }),
    [Symbol.asyncDispose]: () => status[Symbol.asyncDispose](),
  };
}
