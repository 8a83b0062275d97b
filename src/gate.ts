import { setTimeout as pause } from 'node:timers/promises';
import { BotError } from './domain/index.ts';
import type { Claim, Store } from './store/index.ts';

/** A longer wait than this is not sat out: the job goes back into the queue and its place in the worker is free. */
const longestWaitMs = 120_000;

/**
 * The last thing before a write leaves for GitHub: it waits for its turn among all our processes, goes out only for whoever holds
 * the job now, and not after the job was stopped. Throws `github-limited`, `fenced`, or why the signal was aborted.
 */
export async function passGate(
  { content }: { readonly content: boolean },
  claim: Claim,
  { store, signal }: { readonly store: Store; readonly signal: AbortSignal },
): Promise<void> {
  if (content) await awaitTurn(store, signal);
  await store.requireHeld(claim);
  requireGoing(signal);
}

/** GitHub asks for a second between writes that people get to see, and for at most 80 of them a minute and 500 an hour. */
export async function awaitTurn(store: Store, signal: AbortSignal): Promise<void> {
  const turn = await store.takeTurn(longestWaitMs);
  if ('refusedUntil' in turn) {
    const reason = 'As many comments and pull requests were written as GitHub allows in an hour.';
    throw new BotError('github-limited', reason, { retryAt: turn.refusedUntil });
  }
  await pause(turn.waitMs, undefined, { signal }).catch(() => undefined);
  requireGoing(signal);
}

function requireGoing(signal: AbortSignal): void {
  if (!signal.aborted) return;
  if (signal.reason instanceof BotError) throw signal.reason;
  throw new BotError('aborted', 'The work was interrupted before a write to GitHub.', { cause: signal.reason });
}

/** How long nobody asks the model after its account's spend limit was reached; then one job tries. */
const spendPauseMs = 15 * 60_000;
const modelScope = 'model';

/** Throws `model-spend-limit` while the queue is paused for it. */
export async function requireModel(store: Store): Promise<void> {
  const paused = await store.pausedUntil(modelScope);
  if (paused) throw new BotError('model-spend-limit', paused.reason, { retryAt: paused.until });
}

/**
 * Pauses the queue after the spend limit was met; true when it was not paused before. A job that only met the pause must not prolong
 * it, or a queue that is asked often would never go on.
 */
export async function pauseModel(store: Store, reason: string, now: number): Promise<boolean> {
  if (await store.pausedUntil(modelScope)) return false;
  return store.pause(modelScope, now + spendPauseMs, reason);
}
