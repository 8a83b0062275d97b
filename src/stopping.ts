import { setTimeout as pause } from 'node:timers/promises';
import { BotError, type Outcome, type WorkRequest } from './domain/index.ts';
import { openJob } from './job/index.ts';
import { decide, renderNothingToStop } from './policy/index.ts';
import { ensureReply, ensureSeen } from './publish/index.ts';
import type { Desk } from './deps.ts';
import { gatherFacts } from './facts.ts';
import { openReporter } from './reporter.ts';

/** A stop is obeyed within ten seconds: this, a call to GitHub, and the end of what was under way. */
const lookEveryMs = 2_000;

/** Looks for wishes to stop the desk's job and aborts `stop` with the reason once one counts. Ends when disposed. */
export function watchForStop(desk: Desk, stop: AbortController): AsyncDisposable {
  const closed = new AbortController();
  const watching = watch(desk, stop, closed.signal);
  return {
    async [Symbol.asyncDispose]() {
      closed.abort();
      await watching;
    },
  };
}

/** Never rejects: what cannot be asked now is asked again. */
async function watch(desk: Desk, stop: AbortController, closed: AbortSignal): Promise<void> {
  const settled = new Set<string>();
  while (!closed.aborted && !desk.signal.aborted) {
    await look(desk, stop, settled).catch((error: unknown) => {
      desk.log.warn({ err: error }, 'a wish to stop could not be looked into');
    });
    await pause(lookEveryMs, undefined, { signal: closed, ref: false }).catch(() => undefined);
  }
}

async function look(desk: Desk, stop: AbortController, settled: Set<string>): Promise<void> {
  const wishes = await desk.store.stopWishes(desk.claim);
  for (const wish of wishes.filter(({ intention }) => !settled.has(intention))) {
    if (await counts(wish, desk)) stop.abort(new StoppedError(wish.sender.login));
    settled.add(wish.intention);
  }
}

/** Live state decides, as for every request: a label that is on again stops nothing. */
async function counts(wish: WorkRequest, desk: Desk): Promise<boolean> {
  return decide(wish, await gatherFacts(wish, desk)).type === 'stop';
}

/** Why the signal of a stopped job is aborted. */
export class StoppedError extends BotError {
  readonly by: string;

  constructor(by: string) {
    super('stopped', `It was stopped by ${by}.`);
    this.by = by;
  }
}

/** A stop request that got its turn: what was under way has ended by now; what waits on the subject ends here, and a command is answered. */
export async function standDown(request: WorkRequest, desk: Desk): Promise<Outcome> {
  const { store, claim } = desk;
  const isAsked = request.via === 'command';
  if (isAsked) await ensureSeen(request, desk);
  const outcome: Outcome = { type: 'stopped', by: request.sender.login };
  for (const { job } of await store.withdraw(claim, outcome)) {
    if (!job.plan) continue;
    await using reporter = await openReporter(openJob(job.id, job.request, job.plan), desk);
    await reporter.finish(outcome);
  }
  if (isAsked && !(await hasStopped(request, desk))) await ensureReply(request, renderNothingToStop(), desk);
  return { type: 'answered' };
}

/** Whether something on the subject ended as stopped since it was asked. */
async function hasStopped({ requestedAt }: WorkRequest, { store, claim }: Desk): Promise<boolean> {
  const earlier = await store.earlier(claim);
  return earlier.some(
    ({ outcome, updatedAt }) => outcome?.type === 'stopped' && Date.parse(updatedAt) >= Date.parse(requestedAt),
  );
}
