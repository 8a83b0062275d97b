import { BotError } from './domain/index.ts';
import { openJob } from './job/index.ts';
import { decide, repliesOnly } from './policy/index.ts';
import { ensureSeen, openStatus, removeTwins } from './publish/index.ts';
import type { Store } from './store/index.ts';
import { openDesk, type Deps } from './deps.ts';
import { gatherFacts } from './facts.ts';
import { awaitTurn } from './gate.ts';

interface When {
  readonly signal: AbortSignal;
}

type Stalled = Awaited<ReturnType<Store['stalled']>>[number];
type Waiting = Awaited<ReturnType<Store['waiting']>>[number];

/** A job that is taken up sooner says so itself. */
const patienceMs = 10_000;

/** How many are greeted in a round: each costs reads and two writes, out of the same limits as the work itself. */
const greetings = { withRoom: 3, without: 1 };

/** Tells people whose wish has to wait that it was heard, and how many jobs are before it. */
export async function greetWaiting(deps: Deps, { signal }: When): Promise<void> {
  const waiting = await deps.store.waiting(50);
  const patient = waiting.filter(
    ({ request, queuedAt, greeted, started }) =>
      request.via !== 'files' && // nobody asked, so nobody waits
      request.via !== 'dispatch' && // a comment of ours would count as a change of the issue, and nobody watches
      !repliesOnly.includes(request.verb) && // they have no status comment that would tell that they were greeted
      !greeted &&
      !started &&
      Date.parse(queuedAt) < deps.now() - patienceMs,
  );
  const count = (await deps.store.hasRoom()) ? greetings.withRoom : greetings.without;
  for (const entry of pickSome(patient, count)) {
    if (signal.aborted) return;
    await greet(entry, deps, signal).catch((error: unknown) => {
      deps.log.debug({ err: error, job: entry.jobId }, 'a waiting job was not greeted'); // it may have been taken up meanwhile
    });
  }
}

/** Any of them, so that those that will be declined, and so are never greeted, don't keep the others from it. */
function pickSome<T>(all: readonly T[], count: number): readonly T[] {
  const from = Math.floor(Math.random() * all.length);
  return [...all.slice(from), ...all.slice(0, from)].slice(0, count);
}

/** Under a claim that holds only as long as no worker has taken the job, so that nobody says the same beside us. */
async function greet({ jobId, request, position }: Waiting, deps: Deps, signal: AbortSignal): Promise<void> {
  await using desk = await openDesk({ jobId, request, epoch: 0 }, deps, signal);
  const decision = decide(request, await gatherFacts(request, desk));
  if (decision.type !== 'accept') return;
  await ensureSeen(request, desk);
  const place = { before: position, at: deps.now() };
  const status = await openStatus(openJob(jobId, request, decision.plan), desk, { place });
  await status[Symbol.asyncDispose]();
}

/** A job that was begun and that nobody has taken up again for this long is said to be paused. */
const stalledMs = 10 * 60_000;

/** Says so where no worker is free; whoever takes the job up again writes over it. */
export async function tellStalled(deps: Deps, { signal }: When): Promise<void> {
  for (const stalled of await deps.store.stalled(stalledMs)) {
    if (signal.aborted) return;
    await tellPaused(stalled, deps, signal).catch((error: unknown) => {
      deps.log.debug({ err: error, job: stalled.jobId }, 'a paused job was not told so'); // it may have been taken up meanwhile
    });
  }
}

async function tellPaused({ jobId, request, plan, epoch }: Stalled, deps: Deps, signal: AbortSignal): Promise<void> {
  if (plan === undefined) return;
  await using desk = await openDesk({ jobId, request, epoch }, deps, signal);
  const beforeWrite = async () => {
    await awaitTurn(deps.store, signal);
    const isStill = (await deps.store.stalled(stalledMs)).some(
      (other) => other.jobId === jobId && other.epoch === epoch,
    );
    if (!isStill) throw new BotError('fenced', `Job ${jobId} was taken up again; nothing was written.`);
  };
  const client = deps.github.repository(request.repository, { name: `job ${jobId}/${epoch}`, signal, beforeWrite });
  await using status = await openStatus(openJob(jobId, request, plan), { ...desk, client, effects: unrecorded });
  await status.finish({ type: 'paused' });
}

/** Nobody holds a stalled job, so nothing about it can be recorded: its comment is there, and an edit repeated is the same edit. */
const unrecorded = {
  ensure: async <T>(_: string, { look, make }: { look: () => Promise<T | undefined>; make: () => Promise<T> }) =>
    (await look()) ?? (await make()),
};

/** A comment that GitHub did not show when it was looked for was made again: once both are shown, one goes. */
export async function removeAllTwins(deps: Deps, { signal }: When): Promise<void> {
  const bot = await deps.github.identity();
  for (const { jobId, request, key, remote } of await deps.store.repeatedEffects()) {
    if (signal.aborted) return;
    const client = deps.github.repository(request.repository, {
      name: `job ${jobId}`,
      signal,
      beforeWrite: () => awaitTurn(deps.store, signal),
    });
    if (typeof remote === 'number')
      await removeTwins({ key, keep: remote, number: request.subject.number }, { client, bot });
    await deps.store.settleRepeated(jobId, key);
  }
}
