import { BotError, type ErrorCode } from '../domain/index.ts';
import type { Asking } from './calls.ts';

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
  readonly say: (refusal: Refusal, call: Asking) => string;
}

/** GitHub's refusals, first match wins. Sources: "Troubleshooting the REST API" and "Rate limits for the REST API". */
const rows: readonly Row[] = [
  {
    matches: (refusal) => refusal.status >= 500 || refusal.status === 0 || refusal.status === 408,
    code: 'github-unavailable',
    say: (refusal) => `GitHub did not answer as it should (${refusal.status || 'no answer'}: ${refusal.message})`,
  },
  {
    matches: ({ status, message }) => status === 401 || (status === 404 && isWrongApp(message)),
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
    say: () => 'the App’s installation is suspended; unsuspend it in the repository owner’s settings and ask again',
  },
  { matches: ({ status }) => status === 403, code: 'github-forbidden', say: sayMissing },
  {
    matches: (refusal) => refusal.status >= 300 && refusal.status < 400,
    code: 'github-gone',
    say: () => 'it was moved to another repository; ask again there, if the App is installed for it',
  },
  {
    matches: ({ status }) => status === 404,
    code: 'github-gone',
    say: () => 'it is not there, or the App cannot see it; give the App access to the repository and ask again',
  },
  {
    matches: ({ status }) => status === 410,
    code: 'github-gone',
    say: ({ message }) => `it is not there any more (410: ${message})`,
  },
  {
    matches: (refusal) => refusal.status === 422 && /already exists/i.test(refusal.message),
    code: 'github-taken',
    say: () => 'it exists already, and is left as it is',
  },
  {
    matches: (refusal) => refusal.status === 422 && /fast.?forward/i.test(refusal.message),
    code: 'branch-moved',
    say: () => 'somebody pushed to the branch in the meantime; it is left as it is',
  },
];

/** Refusals of a token. GitHub answers 422 when more is asked for than the installation was granted, or a repository it has not. */
const mintRows: readonly Row[] = [
  {
    matches: ({ status, message }) => status === 404 && !isWrongApp(message),
    code: 'github-gone',
    say: () => 'the App is not installed there any more; install it again and ask again',
  },
  {
    matches: ({ status, message }) => status === 422 && /repository that does not exist|not accessible/i.test(message),
    code: 'github-gone',
    say: () => 'the repository is gone, or the App has no access to it any more; give it access and ask again',
  },
  { matches: ({ status }) => status === 422, code: 'github-forbidden', say: sayMissing },
  {
    matches: ({ status, message }) => status === 403 && !/suspended/i.test(message),
    code: 'github-gone',
    say: ({ message }) => `GitHub gives the App no token for it (403: ${message}); see in the App’s installation why`,
  },
];

/**
 * The one place where GitHub's refusals become errors of ours: the code decides what happens next, the sentence says
 * what could not be done, why, and what is right. (Rate limits are met where calls are sent.)
 */
export function translate(error: unknown, call: Asking, where: string, table = rows): BotError {
  if (error instanceof BotError) return error;
  const refusal = readRefusal(error);
  const row = table.find((candidate) => candidate.matches(refusal));
  const reason = row ? row.say(refusal, call) : `GitHub refused it (${refusal.status}: ${refusal.message})`;
  return new BotError(row?.code ?? 'github-rejected', `Could not ${call.doing} in ${where}: ${reason}.`, {
    cause: error,
  });
}

/** The same for the refusal of a token that the call needed. */
export function translateMint(error: unknown, call: Asking, where: string): BotError {
  return translate(error, call, where, [...mintRows, ...rows]);
}

/** What GitHub says of an App's id that it does not know. */
function isWrongApp(message: string): boolean {
  return /integration not found/i.test(message);
}

function sayMissing({ headers, message }: Refusal, { needs }: Asking): string {
  const accepted = headers['x-accepted-github-permissions'];
  const named = accepted ? `“${needs}” (GitHub accepts ${String(accepted)})` : `“${needs}”`;
  const fix = 'grant it in the App’s settings and accept it for the installation';
  return `the App needs the permission ${named}; ${fix} (GitHub said: ${message})`;
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
  const documentationUrl = data?.documentation_url ?? '';
  return { status: status ?? 0, message: detail(data?.message, error), headers, documentationUrl };
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
