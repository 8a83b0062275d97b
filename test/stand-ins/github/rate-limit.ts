import type { Actor } from './route.ts';
import { ApiError } from './api-error.ts';
import { iso } from './world.ts';

export interface RateLimitOptions {
  /** Calls of one installation in `primaryMs`; 5,000 in an hour on GitHub. */
  readonly perHour: number;
  readonly primaryMs: number;
  /** Calls of the App that make content, in `minuteMs` and in `hourMs`; GitHub documents 80 and 500. */
  readonly contentPerMinute: number;
  readonly contentPerHour: number;
  /** How far apart such calls must arrive; GitHub asks for a second. */
  readonly gapMs: number;
  /** Length of the minute and of the hour of content limits: shorter ones for tests that can't wait. */
  readonly minuteMs: number;
  readonly hourMs: number;
}

/** A limit that a caller ran into, and GitHub's answer to it. */
export interface Refusal {
  readonly limit: 'primary' | 'content';
  readonly answer: ApiError;
}

/** What has a primary limit of its own. */
export type Resource = 'core' | 'graphql';

export interface RateLimits {
  /** Counts a call; says so when a limit is used up. A call that is refused counts as well. */
  readonly count: (actor: Actor, creates: boolean, resource?: Resource) => Refusal | undefined;
  readonly headers: (actor: Actor, resource?: Resource) => Record<string, string>;
  readonly state: (
    actor: Actor,
    resource?: Resource,
  ) => { limit: number; used: number; remaining: number; reset: number };
  /** From now on nothing of the actor is answered until then. */
  readonly close: (actor: Actor, forMs: number, resource?: Resource) => void;
  readonly open: () => void;
}

/** Two clocks: `now` is what answers show and tests may set; limits are kept by `steady`, which only goes forward. */
export interface Clocks {
  readonly now: () => number;
  readonly steady: () => number;
}

interface Bucket {
  used: number;
  resetAt: number;
}

export const unlimited: RateLimitOptions = {
  perHour: 5_000,
  primaryMs: 3_600_000,
  contentPerMinute: Infinity,
  contentPerHour: Infinity,
  gapMs: 0,
  minuteMs: 60_000,
  hourMs: 3_600_000,
};

export function createRateLimits({ now, steady }: Clocks, options: RateLimitOptions): RateLimits {
  const buckets = new Map<string, Bucket>();
  const closed = new Map<string, number>();
  const contents = new Map<string, Content>();

  function bucketOf(actor: Actor, resource: Resource): Bucket {
    const key = bucketKey(actor, resource);
    const known = buckets.get(key);
    if (known !== undefined && known.resetAt > steady()) return known;
    const fresh: Bucket = { used: 0, resetAt: steady() + options.primaryMs };
    buckets.set(key, fresh);
    return fresh;
  }

  function contentOf(actor: Actor): Content {
    const key = actor.type === 'user' ? keyOf(actor) : 'app';
    const content = contents.get(key) ?? { made: [] };
    contents.set(key, content);
    return content;
  }

  function closedUntil(actor: Actor, resource: Resource): number | undefined {
    const until = closed.get(bucketKey(actor, resource));
    return until !== undefined && until > steady() ? until : undefined;
  }

  /** A time of the steady clock as answers show it. */
  const shown = (time: number) => time + now() - steady();

  function state(actor: Actor, resource: Resource = 'core') {
    const until = closedUntil(actor, resource);
    const bucket = bucketOf(actor, resource);
    const used = until === undefined ? Math.min(bucket.used, options.perHour) : options.perHour;
    const reset = Math.ceil(shown(until ?? bucket.resetAt) / 1000);
    return { limit: options.perHour, used, remaining: options.perHour - used, reset };
  }

  return {
    state,
    headers: (actor, resource = 'core') => ({
      ...rateHeaders(state(actor, resource)),
      'x-ratelimit-resource': resource,
    }),
    count: (actor, creates, resource = 'core') => {
      const bucket = bucketOf(actor, resource);
      const until = closedUntil(actor, resource) ?? (bucket.used >= options.perHour ? bucket.resetAt : undefined);
      if (until !== undefined) {
        return { limit: 'primary', answer: primaryLimit(keyOf(actor), shown(until), now()) };
      }
      bucket.used += 1;
      if (!creates) return undefined;
      const answer = countContent(contentOf(actor), steady(), options);
      return answer === undefined ? undefined : { limit: 'content', answer };
    },
    close: (actor, forMs, resource = 'core') => {
      closed.set(bucketKey(actor, resource), steady() + forMs);
    },
    open: () => {
      closed.clear();
    },
  };
}

/** The answer when the hourly limit is used up. */
export function primaryLimit(who: string, resetAt: number, now: number, status = 403): ApiError {
  return new ApiError(
    status,
    `API rate limit exceeded for ${who}. If you reach out to GitHub Support for help, please include the request ID and timestamp ${iso(now)}.`,
    {
      headers: {
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': String(Math.ceil(resetAt / 1000)),
      },
    },
  );
}

/** The answer when content is made too fast. `retryAfter` in seconds. */
export function secondaryLimit(retryAfter: number | undefined, status = 403): ApiError {
  const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
  return new ApiError(
    status,
    'You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you reach out to GitHub Support for help, please include the request ID.',
    { headers },
  );
}

/** When an account made content, refused calls included. The App is one account, wherever it is installed. */
interface Content {
  made: number[];
}

function countContent(content: Content, now: number, options: RateLimitOptions): ApiError | undefined {
  const { gapMs, minuteMs, hourMs } = options;
  const made = content.made.filter((time) => time > now - hourMs);
  content.made = [...made, now];
  const last = made.at(-1);
  // The machine's clock may step back; without a gap that is no limit.
  if (gapMs > 0 && last !== undefined && now - last < gapMs) return secondaryLimit(Math.ceil(gapMs / 1000));
  const minute = made.filter((time) => time > now - minuteMs);
  if (minute.length >= options.contentPerMinute) return secondaryLimit(Math.ceil(minuteMs / 1000));
  return made.length >= options.contentPerHour ? secondaryLimit(undefined) : undefined;
}

function bucketKey(actor: Actor, resource: Resource): string {
  return `${keyOf(actor)} ${resource}`;
}

function keyOf(actor: Actor): string {
  if (actor.type === 'installation') return `installation ID ${actor.installation.id}`;
  return actor.type === 'user' ? `user ID ${actor.user.id}` : actor.type;
}

function rateHeaders(state: ReturnType<RateLimits['state']>): Record<string, string> {
  return {
    'x-ratelimit-limit': String(state.limit),
    'x-ratelimit-remaining': String(state.remaining),
    'x-ratelimit-used': String(state.used),
    'x-ratelimit-reset': String(state.reset),
  };
}
