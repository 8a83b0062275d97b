import { parse } from 'yaml';
import { readStop } from '../../src/agent/limits.ts';
import type { Usage } from '../../src/domain/index.ts';
import { decide } from '../../src/policy/index.ts';
import { facts, request } from '../policy/builders.ts';
import { pureClass, type Case } from './case.ts';

const allowed = { usd: 5, turns: 200, minutes: 60 };
const fresh: Usage = {
  ...{ turns: 1, usd: 0.1, durationMs: 1000 },
  ...{ inputTokens: 1, outputTokens: 1, cacheReadTokens: 1, cacheWriteTokens: 1 },
};

function goesOn(used: Partial<Usage>, invalidTurns = 0): boolean {
  return readStop({ ...fresh, ...used }, invalidTurns, allowed) === undefined;
}

/** What a loop without limits does: it asks as long as the model answers. */
const unlimited = () => true;

const usages: readonly (readonly [name: string, used: Partial<Usage>, invalid?: number])[] = [
  ['as many turns as are allowed', { turns: 200 }],
  ['more turns than are allowed', { turns: 100_000 }],
  ['all its money', { usd: 5 }],
  ['more than all its money', { usd: 5.01 }],
  ['all its time', { durationMs: 3_600_000 }],
  ['endless tokens in', { inputTokens: 60_000_000 }],
  ['endless tokens out', { outputTokens: 60_000_000 }],
  ['endless tokens from the cache', { cacheReadTokens: 60_000_000 }],
  ['endless tokens into the cache', { cacheWriteTokens: 60_000_000 }],
  ['three turns that can’t run', {}, 3],
];

const runs: readonly Case[] = usages.map(([name, used, invalid]) => ({
  id: 'D35',
  name: `a run goes on after ${name}`,
  baseline: unlimited,
  attack: () => goesOn(used, invalid),
  twin: () => goesOn({}),
}));

function planFor(settingsText: string, spentTodayUsd = 0) {
  const limits = { usdPerJob: 5, usdPerDay: 50, spentTodayUsd };
  const decision = decide(request(), facts({ settingsText, limits }));
  return decision.type === 'accept' ? decision.plan : undefined;
}

/** Settings taken as they are: whatever is YAML holds. */
function readNaively(text: string): boolean {
  const read: unknown = parse(text, { uniqueKeys: false });
  return typeof read === 'object' && read !== null;
}

const widenings: readonly (readonly [name: string, settings: string, spent?: number])[] = [
  ['a budget above the operator’s', 'budget: { usd: 1000 }'],
  ['a budget without end', 'budget: { usd: .inf }'],
  ['a budget that is no number', 'budget: { usd: .nan }'],
  ['a negative budget', 'budget: { usd: -1 }'],
  ['a budget in words', 'budget: { usd: "1e9" }'],
  ['turns without end', 'budget: { turns: 100000 }'],
  ['minutes without end', 'budget: { minutes: 100000 }'],
  ['more than is left of the day', 'budget: { usd: 5 }', 48],
];

const settings: readonly Case[] = widenings.map(([name, text, spent]) => {
  const isWider = (usd: number, turns: number, minutes: number) =>
    !(usd > 0 && usd <= Math.min(5, 50 - (spent ?? 0))) || !(turns <= 1000) || !(minutes <= 1440);
  return {
    id: 'D35',
    name: `settings grant ${name}`,
    baseline: () => readNaively(text),
    attack: () => {
      const budget = planFor(text, spent)?.budget;
      return budget !== undefined && isWider(budget.usd, budget.turns, budget.minutes);
    },
    twin: () => planFor('budget: { usd: 2, turns: 10, minutes: 5 }')?.budget.usd === 2,
  };
});

/** What else a settings file must not widen. */
const ceilings: readonly Case[] = [
  ['the sandbox switched off', 'sandbox: unsafe-none'],
  ['a trigger for everybody', 'triggers: { everybody: true }'],
  ['any address on the network', 'network: { allow: ["*"] }'],
  ['an address instead of a name', 'network: { allow: ["169.254.169.254"] }'],
  ['a name with a port', 'network: { allow: ["evil.example:22"] }'],
  ['a name with a user', 'network: { allow: ["a@evil.example"] }'],
  ['a local name', 'network: { allow: ["localhost"] }'],
  ['a person as a delegator', 'triggers: { delegators: ["eve"] }'],
  ['an agent file by its path', 'agent: ../../evil'],
  ['preferences outside of the repository', 'preferences: ../../etc/passwd'],
  ['preferences by an absolute path', 'preferences: /etc/passwd'],
  ['a branch over the default one', 'branch: main'],
  ['a branch that is an option', 'branch: "--upload-pack=x{number}"'],
  ['a base that is an option', 'base: --upload-pack=x'],
  ['a base with a range', 'base: a..b'],
  ['aliases that blow up', 'checks: &a { test: x }\nnetwork: *a'],
  ['one key twice', 'draft: true\ndraft: false'],
  ['a prototype', '__proto__: { draft: false }'],
  ['a command with a NUL', 'setup: "a\\0b"'],
].map(([name = '', text = '']) => ({
  id: 'D14',
  name: `settings with ${name}`,
  baseline: () => readNaively(text),
  attack: () => planFor(text) !== undefined,
  twin: () =>
    planFor('draft: true\nnetwork: { allow: [registry.example.org] }')?.allowedHosts[0] === 'registry.example.org',
}));

export const budget = pureClass('budget', [...runs, ...settings, ...ceilings]);
