import { isDeepStrictEqual } from 'node:util';
import { toBotError, type Job, type Outcome, type Refusal, type SpentBeside, type Step } from './domain/index.ts';
import { ensureEnded, openStatus } from './publish/index.ts';
import type { Desk } from './deps.ts';

/** Says what a job is doing, to everybody at once: the status comment, the database, whoever watches. */
export interface Reporter extends AsyncDisposable {
  step(step: Step): Promise<void>;
  /** What other jobs on the same issue and pull request cost until this one was taken up. */
  readonly beside: SpentBeside;
  /** Adds what a model call cost to what people see; the journal has put it on the account. */
  readonly spent: (usd: number) => void;
  /** Shows what an install step was refused on the network, from now on and after every restart. */
  refused(refusal: Refusal): Promise<void>;
  finish(outcome: Outcome): Promise<void>;
  /** Says that the job rests until then (milliseconds since 1970). */
  park(reason: string, until: number): Promise<void>;
}

/** Finds or makes the status comment; what the job cost and was refused before a restart is still in it. */
export async function openReporter(job: Job, desk: Desk): Promise<Reporter> {
  const { store, claim, journal, report, log } = desk;
  const { repository, subject, seen } = job.request;
  report({ type: 'accepted', repository, subject, title: seen.title });
  // Written below and nowhere else.
  const refusals = (await journal.entries('refused')).map(({ data }) => data as Refusal);
  const beside = await journal.once('spent beside', () => store.spentBeside(claim));
  const status = await openStatus(job, desk, { usd: (await store.run(job.id))?.usd ?? 0, refusals, beside });
  const show = async (outcome: Outcome) => {
    await status.finish(outcome);
    await ensureEnded(job.request, outcome, desk);
  };
  return {
    beside,
    async step(step) {
      await store.setStep(claim, step);
      log.info({ step }, 'step reached');
      report({ type: 'step', step });
      status.step(step);
    },
    spent(usd) {
      status.spent(usd);
    },
    async refused(refusal) {
      if (refusals.some((known) => isDeepStrictEqual(known, refusal))) return;
      await journal.append('refused', refusal);
      refusals.push(refusal);
      status.refused([...refusals]);
    },
    async finish(outcome) {
      await show(outcome).catch((error: unknown) => {
        // GitHub may refuse the comment for good (archived by now, a permission taken away): the outcome stands all the same. Not
        // so when it was cut off: whoever stopped it says how it ended.
        if (toBotError(error).retryable || desk.signal.aborted) throw error;
        log.warn({ err: error }, 'the last state could not be shown');
      });
      report({ type: 'outcome', outcome });
    },
    park: (reason, until) => status.finish({ type: 'parked', reason, until }),
    [Symbol.asyncDispose]: () => status[Symbol.asyncDispose](),
  };
}
