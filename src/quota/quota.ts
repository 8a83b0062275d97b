/** What of GitHub's answers and refusals we read. */
export type Headers = Readonly<Record<string, string | number | undefined>>;

/** Calls without a token: sixty an hour, none of which is worth keeping. */
export const anonymousScope = 'github:anonymous';

/** Until when nothing may be sent, by scope (`github:<installation id>`, `github:app`), for all our processes. */
export interface Blocks {
  /** Milliseconds since 1970 by our clock; undefined or past when there is no block. */
  until(scope: string): Promise<number | undefined>;
  /** Never shortens a block. */
  set(scope: string, until: number, reason: string): Promise<unknown>;
}

export interface LimitsOptions {
  /** Beside this process's own memory, which is asked in any case. */
  readonly blocks?: Blocks | undefined;
  /** Our clock: milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds since some moment; never steps. */
  readonly elapsed: () => number;
  readonly warn: (text: string) => void;
}

/** GitHub's limits and GitHub's time, as its answers tell them. */
export interface Limits {
  /** GitHub's time, so that a clock of ours that is wrong or steps changes nothing: the Date of its latest answer and what has passed since. */
  now(): number;
  /** Milliseconds until something may be sent in all of these scopes; 0 is now. */
  wait(scopes: readonly string[]): Promise<number>;
  /** Learns from an answer: the time, and whether so few calls are left that they are better kept. */
  noteAnswer(scope: string, headers: Headers): Promise<void>;
  /** A call of this kind was done: a row of secondary limits ends. */
  noteSuccess(scope: string, kind: string): void;
  /** Nothing goes out in these scopes for as long as GitHub wants it. */
  noteLimit(scopes: readonly string[], kind: string, refusal: { readonly headers: Headers }): Promise<void>;
  /** A moment that far from now by our clock. */
  moment(waitMs: number): number;
}

/** Calls that are left over for what runs into the limit all the same: answers under way, other processes. */
const keptCalls = 25;
const minuteMs = 60_000;
const longestSecondaryMs = 3_600_000;

export function createLimits({ blocks, now, elapsed, warn }: LimitsOptions): Limits {
  /** By GitHub's time. */
  const known = new Map<string, number>();
  /** How many secondary limits without a time came in a row. */
  const rows = new Map<string, number>();
  let answered: { readonly date: number; readonly at: number } | undefined;

  const githubNow = () => (answered ? answered.date + elapsed() - answered.at : now());

  /** A database that does not answer now must not hide what GitHub answered; this process remembers by itself. */
  async function block(scope: string, until: number, reason: string): Promise<void> {
    if (until <= Math.max(githubNow(), known.get(scope) ?? 0)) return;
    known.set(scope, until);
    await blocks?.set(scope, Math.ceil(now() + until - githubNow()), reason).catch((error: unknown) => {
      warn(`the block of ${scope} could not be shared: ${String(error)}`);
    });
  }

  async function waitOf(scope: string): Promise<number> {
    const shared = await blocks?.until(scope);
    return Math.max(0, (known.get(scope) ?? 0) - githubNow(), (shared ?? 0) - now());
  }

  return {
    now: githubNow,
    async wait(scopes) {
      return Math.max(...(await Promise.all(scopes.map(waitOf))));
    },
    async noteAnswer(scope, headers) {
      const date = Date.parse(String(headers['date']));
      if (Number.isFinite(date)) answered = { date, at: elapsed() };
      const [remaining, reset] = [Number(headers['x-ratelimit-remaining']), resetOf(headers)];
      if (remaining <= keptCalls && reset && scope !== anonymousScope)
        await block(scope, reset, `GitHub allows only ${remaining} more calls`);
    },
    noteSuccess(scope, kind) {
      rows.delete(`${scope} ${kind}`);
    },
    async noteLimit(scopes, kind, refusal) {
      const told = waitTold(refusal, githubNow());
      const row = `${scopes[0] ?? ''} ${kind}`;
      if (told === undefined) rows.set(row, (rows.get(row) ?? 0) + 1);
      const wait = told ?? Math.min(longestSecondaryMs, minuteMs * 2 ** ((rows.get(row) ?? 1) - 1));
      // At least what the Date header, which knows whole seconds only, may be off by.
      const until = githubNow() + Math.max(1000, wait);
      for (const scope of scopes) await block(scope, until, 'GitHub’s rate limit is reached');
    },
    moment: (waitMs) => Math.ceil(now() + waitMs),
  };
}

/** What GitHub says about how long to wait, in milliseconds; undefined when it says nothing: "at least a minute, then longer each time". */
function waitTold({ headers }: { readonly headers: Headers }, githubNow: number): number | undefined {
  const seconds = headers['retry-after'] === undefined ? NaN : Number(headers['retry-after']);
  if (Number.isFinite(seconds)) return seconds * 1000;
  const reset = String(headers['x-ratelimit-remaining']) === '0' ? resetOf(headers) : undefined;
  return reset && reset - githubNow;
}

/** Milliseconds since 1970 by GitHub's clock. */
function resetOf(headers: Headers): number | undefined {
  const reset = Number(headers['x-ratelimit-reset']);
  return Number.isFinite(reset) ? reset * 1000 : undefined;
}
