import { BotError } from '../domain/index.ts';
import type { Asking } from './calls.ts';
import { isRateLimit, readRefusal, type Refusal } from './errors.ts';
import type { Limits } from '../quota/index.ts';

/** What all calls share. */
export interface Line {
  readonly limits: Limits;
  /** Milliseconds after which an unanswered call counts as failed. */
  readonly timeoutMs: number;
  /** Rejects when the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<unknown>;
  /** Milliseconds since some moment; never steps. */
  readonly elapsed: () => number;
}

/** One call and what to say of it. The answer counts against the first of `scopes`; all of them must be free. */
export interface Errand {
  readonly call: Asking;
  readonly where: string;
  readonly scopes: readonly [string, ...string[]];
  readonly signal?: AbortSignal | undefined;
}

export interface Answer<T> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  readonly data: T;
}

const maxSends = 4;
/** Over all waits of one errand. Longer ones are the worker's business, which can do something else meanwhile. */
const longestWaitMs = 60_000;

/**
 * Carries one errand out. A rate limit did nothing, so what it refused is sent again once that is allowed; a read also after an
 * answer that is missing or a 5xx, a few times; a write never: its first send may have worked. Throws the signal's reason once
 * that is aborted, `github-limited`, or what the last send threw.
 */
export async function carryOut<T>(line: Line, errand: Errand, attempt: (trip: Trip) => Promise<T>): Promise<T> {
  const trip = createTrip(line, errand);
  for (let sends = 1; ; sends++) {
    try {
      return await attempt(trip);
    } catch (error) {
      requireGoing(errand.signal);
      const pause = pauseBefore(error, errand.call);
      if (pause === 'never' || (sends >= maxSends && pause === 'backoff')) throw error;
      if (sends >= maxSends) throw await limited(line, errand, error);
      if (pause === 'backoff') await rest(line, 100 * 3 ** (sends - 1), errand.signal);
    }
  }
}

export type Trip = ReturnType<typeof createTrip>;

/** The sends of one errand. */
function createTrip(line: Line, errand: Errand) {
  const { limits, timeoutMs } = line;
  const { call, scopes, signal } = errand;
  let patienceMs = longestWaitMs;
  return {
    /** Resolves when nothing forbids sending; short waits are sat out, a longer one throws `github-limited`. */
    async ready(): Promise<void> {
      for (;;) {
        const wait = Math.ceil(await limits.wait(scopes));
        if (wait === 0) return;
        if (wait > patienceMs) throw await limited(line, errand);
        patienceMs -= wait;
        await rest(line, wait, signal);
      }
    },
    isBlocked: async (): Promise<boolean> => (await limits.wait(scopes)) > 0,
    /** Sends and learns from the answer. The signal ends a call that GitHub never answers. */
    async send<T>(start: (signal: AbortSignal) => Promise<Answer<T>>): Promise<Answer<T>> {
      requireGoing(signal);
      const timeout = AbortSignal.timeout(timeoutMs);
      const sent = start(signal ? AbortSignal.any([signal, timeout]) : timeout);
      const answer = await sent.catch(async (error: unknown) => {
        const refusal = readRefusal(error);
        await limits.noteAnswer(scopes[0], refusal.headers);
        if (isRateLimit(refusal)) await limits.noteLimit(limitedBy(refusal, scopes), call.kind, refusal);
        throw error;
      });
      await limits.noteAnswer(scopes[0], answer.headers);
      limits.noteSuccess(scopes[0], call.kind);
      return answer;
    },
  };
}

/** The primary limit of GraphQL leaves REST alone; every other one holds up everything. */
function limitedBy({ headers }: Refusal, scopes: readonly string[]): readonly string[] {
  const isOwn = headers['x-ratelimit-resource'] === 'graphql' && String(headers['x-ratelimit-remaining']) === '0';
  return isOwn ? scopes.slice(0, 1) : scopes;
}

/** The gate that every send passes knows how long a limit lasts. */
function pauseBefore(error: unknown, { kind }: Asking): 'never' | 'limit' | 'backoff' {
  if (error instanceof BotError) return 'never';
  const refusal = readRefusal(error);
  if (isRateLimit(refusal)) return 'limit';
  return kind === 'read' && (refusal.status === 0 || refusal.status >= 500) ? 'backoff' : 'never';
}

async function limited({ limits }: Line, { call, where, scopes }: Errand, cause?: unknown): Promise<BotError> {
  const wait = await limits.wait(scopes);
  const reason = `GitHub’s rate limit is reached; it can be tried again in ${Math.ceil(wait / 1000)} s`;
  const options = { retryAt: limits.moment(wait), cause };
  return new BotError('github-limited', `Could not ${call.doing} in ${where}: ${reason}.`, options);
}

async function rest({ sleep }: Line, ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, signal).catch(() => undefined);
  requireGoing(signal);
}

const maxPages = 300;

/** Every page of a list. `page` counts from 1; `cursor` is what the Link header of the page before said, for lists that go by cursor. */
export async function readPages<T>(
  read: (page: number, cursor: string | undefined) => Promise<Answer<T>>,
  isLast?: (page: T) => boolean,
): Promise<T[]> {
  const pages: T[] = [];
  let cursor: string | undefined;
  for (let page = 1; page <= maxPages; page++) {
    const { data, headers } = await read(page, cursor);
    pages.push(data);
    const next = /<([^>]*)>;\s*rel="next"/.exec(String(headers['link']))?.[1];
    if (next === undefined || isLast?.(data)) break;
    cursor = new URL(next).searchParams.get('cursor') ?? undefined;
  }
  return pages;
}

/** Throws why the signal was aborted, as one of ours. */
function requireGoing(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw interruption(signal);
}

function interruption({ reason }: AbortSignal): BotError {
  if (reason instanceof BotError) return reason;
  return new BotError('aborted', 'The work was interrupted during a call to GitHub.', { cause: reason });
}

/** The promise's result, or an interruption when the signal is aborted first: what several wait for goes on for the others. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => {
    reject(interruption(signal));
  };
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
