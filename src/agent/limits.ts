import type { Budget, StopReason, Usage } from '../domain/index.ts';

/** Means of a run; `tokens` bounds what a run may read and write in all, for servers whose prices we don't know. */
export type RunBudget = Budget & { readonly tokens?: number };

export interface Stop {
  readonly reason: StopReason;
  /** A sentence for people; empty for `submitted`. */
  readonly detail: string;
}

/** Every token of every call, cached ones too: far above what 200 turns in a full window take. */
const defaultTokens = 60_000_000;

/** Turns in a row with nothing but calls that can't run, until a run is given up. */
const maxInvalidTurns = 3;

const noticeShare = 0.8;

/** The one place that says whether a run may go on, asked before each model call. */
export function readStop(usage: Usage, invalidTurns: number, budget: RunBudget): Stop | undefined {
  const tokens = budget.tokens ?? defaultTokens;
  const minutes = usage.durationMs / 60_000;
  if (usage.turns >= budget.turns) return stop('turn-limit', `The agent used all ${budget.turns} turns of its budget.`);
  if (usage.usd >= budget.usd) return stop('budget', `The agent used up its budget of $${budget.usd.toFixed(2)}.`);
  if (minutes >= budget.minutes)
    return stop('time-limit', `The agent worked for ${budget.minutes} minutes, which is its limit.`);
  if (totalTokens(usage) >= tokens) return stop('token-limit', `The agent used its limit of ${tokens} tokens.`);
  if (invalidTurns < maxInvalidTurns) return undefined;
  return stop('no-progress', `The agent sent tool calls that can't run ${invalidTurns} times in a row.`);
}

/** What the model is told, once, when most of its means are used; undefined until then. */
export function readNotice(usage: Usage, budget: RunBudget): string | undefined {
  const shares = [
    { of: 'turns', share: usage.turns / budget.turns, left: `${budget.turns - usage.turns} of ${budget.turns} turns` },
    {
      of: 'budget',
      share: usage.usd / budget.usd,
      left: `$${(budget.usd - usage.usd).toFixed(2)} of $${budget.usd.toFixed(2)}`,
    },
    {
      of: 'time',
      share: usage.durationMs / 60_000 / budget.minutes,
      left: `${Math.floor(budget.minutes - usage.durationMs / 60_000)} of ${budget.minutes} minutes`,
    },
  ];
  const most = shares.toSorted((a, b) => b.share - a.share)[0];
  if (most === undefined || most.share < noticeShare) return undefined;
  return `Note from the host: ${most.left} are left. Finish what is needed, run the tests, and hand in with Submit; what is missing belongs in the recommendations.`;
}

function totalTokens(usage: Usage): number {
  return usage.inputTokens + usage.outputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
}

function stop(reason: StopReason, detail: string): Stop {
  return { reason, detail };
}
