import { BotError } from '../domain/index.ts';
import { readFailure, stoppedError, toModelError } from './failure.ts';
import type { Failure } from './failure.ts';

/** One policy for every call. A turn is tried for about two minutes; after that the job is parked, not lost. */
export const retryPolicy = {
  /** The first one included. */
  attempts: 8,
  firstDelayMs: 1_000,
  factor: 2,
  longestDelayMs: 60_000,
  /** A longer wait than this isn't sat out: the job is parked and its queue entry waits instead. */
  longestRetryAfterMs: 120_000,
  /** A delay is shortened by up to this share, so that many jobs don't come back at once. */
  jitter: 0.25,
};

export interface RetryTools {
  readonly now: () => number;
  /** Resolves after that many milliseconds, rejects when the signal aborts. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** From 0 to 1. */
  readonly random: () => number;
}

/**
 * Repeats the call as the policy says. What an attempt received before it failed is discarded.
 * Throws `model-unavailable`, `model-spend-limit` or `model-rejected`, with `retryAt` where the API said how long to wait; or, when
 * the signal aborts, its reason if that is an error of ours and `aborted` otherwise.
 */
export async function withRetries<T>(call: () => Promise<T>, signal: AbortSignal, tools: RetryTools): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    if (isStopped(signal)) throw stoppedError(signal);
    try {
      return await call();
    } catch (error) {
      if (isStopped(signal)) throw stoppedError(signal);
      if (error instanceof BotError) throw error;
      const failure = readFailure(error, tools.now);
      const delay = delayBefore(attempt + 1, failure, tools.random);
      if (delay === undefined)
        throw toModelError(error, failure, { attempts: attempt, retryAt: retryAt(failure, tools) });
      await pause(delay, signal, tools);
    }
  }
}

/** A signal changes while we wait, which the type checker can't know of a property. */
function isStopped(signal: AbortSignal): boolean {
  return signal.aborted;
}

async function pause(delay: number, signal: AbortSignal, tools: RetryTools): Promise<void> {
  try {
    await tools.wait(delay, signal);
  } catch (error) {
    throw isStopped(signal) ? stoppedError(signal) : error;
  }
}

/** Milliseconds to wait before that attempt, or undefined when there is none. What the API asks for is never undercut. */
function delayBefore(attempt: number, failure: Failure, random: () => number): number | undefined {
  if (failure.verdict !== 'retry' || attempt > retryPolicy.attempts) return undefined;
  const backoff = Math.min(retryPolicy.firstDelayMs * retryPolicy.factor ** (attempt - 2), retryPolicy.longestDelayMs);
  if (failure.retryAfterMs === undefined) return backoff * (1 - retryPolicy.jitter * random());
  if (failure.retryAfterMs > retryPolicy.longestRetryAfterMs) return undefined;
  return failure.retryAfterMs + retryPolicy.firstDelayMs * retryPolicy.jitter * random();
}

/** When whoever gets the error may ask again. An API that kept us waiting through all attempts is left alone for as long as we wait at most. */
function retryAt({ verdict, retryAfterMs }: Failure, { now, random }: RetryTools): number | undefined {
  if (retryAfterMs === undefined || verdict === 'rejected') return undefined;
  const wait = Math.max(retryAfterMs, retryPolicy.longestRetryAfterMs);
  return Math.ceil(now() + wait + retryPolicy.longestDelayMs * retryPolicy.jitter * random());
}
