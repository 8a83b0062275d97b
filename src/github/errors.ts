import { BotError, type ErrorCode } from '../domain/index.ts';
import type { Call } from './calls.ts';

/** The parts of Octokit's RequestError that we read; whatever else was thrown counts as "no answer". */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  readonly documentationUrl: string;
}

interface Row {
  readonly matches: (refusal: Refusal) => boolean;
  readonly code: ErrorCode;
  readonly say: (refusal: Refusal, call: Call) => string;
}

/** GitHub's refusals, first match wins. Sources: "Troubleshooting the REST API" and "Rate limits for the REST API". */
const rows: readonly Row[] = [
  {
    matches: (refusal) => refusal.status >= 500 || refusal.status === 0 || refusal.status === 408,
    code: 'github-unavailable',
    say: (refusal) => `GitHub did not answer as it should (${refusal.status || 'no answer'}: ${refusal.message})`,
  },
  {
    matches: isRateLimit,
    code: 'github-unavailable',
    say: (refusal) => `GitHub’s rate limit is reached; it can be tried again in ${waitSeconds(refusal)} s`,
  },
  {
    matches: (refusal) => refusal.status === 401,
    code: 'github-forbidden',
    say: () =>
      'GitHub does not accept our credentials; check APP_ID and PRIVATE_KEY, and that the App is still installed',
  },
  {
    matches: (refusal) => refusal.status === 403 && /archived/i.test(refusal.message),
    code: 'github-gone',
    say: () => 'the repository is archived and so cannot be written to; unarchive it and ask again',
  },
  {
    matches: (refusal) => refusal.status === 403 && /suspended/i.test(refusal.message),
    code: 'github-gone',
    say: () => 'the App’s installation is suspended; unsuspend it in the repository owner’s settings',
  },
  {
    matches: (refusal) => refusal.status === 403,
    code: 'github-forbidden',
    say: sayMissing,
  },
  {
    matches: (refusal) => refusal.status === 404 || refusal.status === 410,
    code: 'github-gone',
    say: (refusal) =>
      `GitHub says it does not exist, or that the App cannot see it (${refusal.status}: ${refusal.message})`,
  },
  {
    matches: (refusal) => refusal.status === 422 && /fast.?forward/i.test(refusal.message),
    code: 'branch-moved',
    say: () => 'somebody pushed to the branch in the meantime; it is left as it is',
  },
];

/**
 * The one place where GitHub's refusals become errors of ours: the code decides what happens next, the sentence says
 * what could not be done, why, and what is right.
 */
export function translate(error: unknown, call: Call, where: string): BotError {
  if (error instanceof BotError) return error;
  const refusal = readRefusal(error);
  const row = rows.find((candidate) => candidate.matches(refusal));
  const reason = row ? row.say(refusal, call) : `GitHub refused it (${refusal.status}: ${refusal.message})`;
  return new BotError(row?.code ?? 'github-rejected', `Could not ${call.doing} in ${where}: ${reason}.`, {
    cause: error,
  });
}

/** The refusal of a token. What may be asked for again is passed on as it is. */
export function translateMint(error: unknown, call: Call, where: string): unknown {
  const refusal = readRefusal(error);
  if (refusal.status !== 422) return error;
  const isGone = /repository that does not exist|not accessible to the parent/i.test(refusal.message);
  const reason = isGone ? 'the repository is gone, or the App has no access to it any more' : sayMissing(refusal, call);
  const code = isGone ? 'github-gone' : 'github-forbidden';
  return new BotError(code, `Could not ${call.doing} in ${where}: ${reason}.`, { cause: error });
}

function sayMissing(refusal: Refusal, call: Call): string {
  const fix = 'grant it in the App’s settings and accept it for the installation';
  return `the App needs the permission “${call.needs}”${accepted(refusal)}; ${fix} (GitHub said: ${refusal.message})`;
}

interface Thrown {
  readonly status?: number;
  readonly response?: {
    readonly headers: Refusal['headers'];
    readonly data?: { readonly message?: string; readonly documentation_url?: string };
  };
}

/** Status 0 means that no answer came at all. */
export function readRefusal(error: unknown): Refusal {
  const { status, response } = (error ?? {}) as Thrown; // Octokit's RequestError, or anything else without these fields
  if (!response) return { status: 0, message: detail(undefined, error), headers: {}, documentationUrl: '' };
  const { headers, data } = response;
  return {
    status: status ?? 0,
    message: detail(data?.message, error),
    headers,
    documentationUrl: data?.documentation_url ?? '',
  };
}

/** GitHub lists what is wrong with each field beside the message; Octokit's own message holds both. */
function detail(said: unknown, error: unknown): string {
  const full = error instanceof Error ? error.message.replace(/ - https?:\/\/\S+$/, '') : String(error);
  return typeof said === 'string' && !full.startsWith(said) ? said : full.slice(0, 500);
}

/** A primary limit has no calls remaining, a secondary one says when to retry, or only that it is one. */
export function isRateLimit({ status, headers, documentationUrl, message }: Refusal): boolean {
  if (status !== 403) return status === 429;
  const isSpent = String(headers['x-ratelimit-remaining']) === '0' || headers['retry-after'] !== undefined;
  return isSpent || /rate-limit/.test(documentationUrl) || /secondary rate limit/i.test(message);
}

/** Seconds until GitHub wants to hear from us again; a minute where it does not say (its own rule). */
export function waitSeconds({ headers }: Refusal, now = Date.now()): number {
  const retryAfter = Number(headers['retry-after']);
  if (headers['retry-after'] !== undefined && Number.isFinite(retryAfter)) return Math.max(0, retryAfter);
  const reset = Number(headers['x-ratelimit-reset']);
  const isSpent = String(headers['x-ratelimit-remaining']) === '0';
  return isSpent && Number.isFinite(reset) ? Math.max(1, Math.ceil(reset - now / 1000)) : 60;
}

function accepted({ headers }: Refusal): string {
  const list = headers['x-accepted-github-permissions'];
  return list ? ` (GitHub accepts ${String(list)})` : '';
}
