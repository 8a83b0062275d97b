import type { Actor } from './route.ts';
import { ApiError } from './api-error.ts';
import { iso } from './world.ts';

export interface RateLimitOptions {
  /** Calls an hour of one installation; 5,000 on GitHub. */
  readonly perHour: number;
  /** Creating calls of one installation in a minute and in an hour; GitHub documents 80 and 500. */
  readonly contentPerMinute: number;
  readonly contentPerHour: number;
}

export interface RateLimits {
  /** Counts a call; throws GitHub's answer when a limit is used up. */
  readonly count: (actor: Actor, creates: boolean) => void;
  readonly headers: (actor: Actor) => Record<string, string>;
  readonly state: (actor: Actor) => { limit: number; used: number; remaining: number; reset: number };
}

interface Bucket {
  used: number;
  resetAt: number;
  created: number[];
}

const hour = 3_600_000;

export function createRateLimits(now: () => number, options: RateLimitOptions): RateLimits {
  const buckets = new Map<string, Bucket>();

  function bucketOf(actor: Actor): Bucket {
    const key = keyOf(actor);
    const known = buckets.get(key);
    if (known !== undefined && known.resetAt > now()) return known;
    const fresh: Bucket = { used: 0, resetAt: now() + hour, created: known?.created ?? [] };
    buckets.set(key, fresh);
    return fresh;
  }

  function state(actor: Actor) {
    const bucket = bucketOf(actor);
    const remaining = Math.max(0, options.perHour - bucket.used);
    return { limit: options.perHour, used: bucket.used, remaining, reset: Math.ceil(bucket.resetAt / 1000) };
  }

  return {
    state,
    headers: (actor) => rateHeaders(state(actor)),
    count: (actor, creates) => {
      const bucket = bucketOf(actor);
      if (bucket.used >= options.perHour) throw primaryLimit(keyOf(actor), bucket.resetAt, now());
      bucket.used += 1;
      if (creates) countContent(bucket, now(), options);
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

function countContent(bucket: Bucket, now: number, options: RateLimitOptions): void {
  bucket.created = bucket.created.filter((time) => time > now - hour);
  const lastMinute = bucket.created.filter((time) => time > now - 60_000).length;
  if (lastMinute >= options.contentPerMinute) throw secondaryLimit(60);
  if (bucket.created.length >= options.contentPerHour) throw secondaryLimit(undefined);
  bucket.created.push(now);
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
    'x-ratelimit-resource': 'core',
  };
}
