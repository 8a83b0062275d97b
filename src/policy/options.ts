import { optionNames, type CommandOption, type OptionName, type Plan } from '../domain/index.ts';
import { shortCode } from '../markdown/index.ts';
import { findNearest, Settings } from '../settings/index.ts';
import type { Facts } from './facts.ts';

/** What a command chose, for this one job. */
export interface Choice {
  readonly base?: string;
  /** US dollars. */
  readonly budget?: number;
  readonly agents?: readonly string[];
  readonly model?: string;
  readonly draft?: boolean;
  readonly plan?: Settings['plan'];
}

interface OptionRow {
  readonly name: OptionName;
  /** Completes “it takes …”. */
  readonly takes: string;
  readonly example: string;
  /** undefined for a value that is not right. */
  readonly read: (value: string) => Choice | undefined;
}

const { base, model, plan, reviewers } = Settings.shape;
const [, agents] = reviewers.unwrap().options;

/** Every option of a command. docs/commands.md shows the same table. */
export const optionRows: readonly OptionRow[] = [
  {
    name: 'base',
    takes: 'the name of a branch to start from and to open the pull request against',
    example: 'base:release-2',
    read: (value) => as(base.unwrap().safeParse(value), (read) => ({ base: read })),
  },
  {
    name: 'budget',
    takes: 'US dollars, from 0.01 to 1000',
    example: 'budget:3',
    read: (value) => readBudget(value),
  },
  {
    name: 'agents',
    takes: 'names of agents with commas between them',
    example: 'agents:first-reviewer,second-reviewer',
    read: (value) => as(agents.safeParse(value.split(',')), (read) => ({ agents: read })),
  },
  {
    name: 'model',
    takes: 'an alias such as `opus`, or the id of a model',
    example: 'model:opus',
    read: (value) => as(model.unwrap().safeParse(value), (read) => ({ model: read })),
  },
  {
    name: 'draft',
    takes: '`true` or `false`',
    example: 'draft:false',
    read: (value) => (/^(?:true|false)$/iu.test(value) ? { draft: value.toLowerCase() === 'true' } : undefined),
  },
  {
    name: 'plan',
    takes: '`auto`, `always` or `never`',
    example: 'plan:always',
    read: (value) => as(plan.unwrap().safeParse(value.toLowerCase()), (read) => ({ plan: read })),
  },
];

/** What the options of a command choose, or what is wrong with them: each problem is a sentence or two of Markdown. */
export type OptionsReading = { readonly choice: Choice } | { readonly problems: readonly string[] };

/** Reads the options that a verb takes. Never throws. */
export function readOptions(options: readonly CommandOption[], taken: readonly OptionName[]): OptionsReading {
  const problems = [...options.flatMap((option) => findProblem(option, taken)), ...findContradictions(options)];
  if (problems.length > 0) return { problems };
  const choices = options.map(({ name, value }) => optionRows.find((row) => row.name === name)?.read(value));
  return { choice: Object.assign({}, ...choices) as Choice }; // of the rows' own choices
}

function findProblem({ name, value }: CommandOption, taken: readonly OptionName[]): readonly string[] {
  const row = optionRows.find((each) => each.name === name);
  if (row === undefined) return [renderUnknown(name)];
  if (!taken.includes(row.name)) return [`${shortCode(`${name}:`)} means nothing to this command.`];
  if (row.read(value) !== undefined) return [];
  return [`${shortCode(`${name}:${value}`)} is not right: it takes ${row.takes}, such as ${shortCode(row.example)}.`];
}

function renderUnknown(name: string): string {
  const nearest = findNearest(name, optionNames);
  const hint = nearest === undefined ? '' : ` Did you mean ${shortCode(`${nearest}:`)}?`;
  const all = optionNames.map((known) => shortCode(`${known}:`)).join(', ');
  return `${shortCode(`${name}:`)} is not an option I know.${hint} I know ${all}; words that only look like one go on a line of their own below the command.`;
}

function findContradictions(options: readonly CommandOption[]): readonly string[] {
  const twice = options.filter(({ name, value }) =>
    options.some((other) => other.name === name && other.value !== value),
  );
  return [...new Set(twice.map(({ name }) => name))].map(
    (name) => `${shortCode(`${name}:`)} is given more than once, and not alike.`,
  );
}

function as<T>(
  parsed: { readonly success: boolean; readonly data?: T },
  toChoice: (read: T) => Choice,
): Choice | undefined {
  return parsed.success && parsed.data !== undefined ? toChoice(parsed.data) : undefined;
}

function readBudget(value: string): Choice | undefined {
  const [, digits] = /^\$?(\d{1,6}(?:\.\d{1,4})?)$/u.exec(value) ?? [];
  const usd = Number(digits);
  return usd >= 0.01 && usd <= 1_000 ? { budget: usd } : undefined;
}

/** The repository's settings, and what the command chose over them. */
export interface Wanted {
  readonly settings: Settings;
  readonly choice: Choice;
}

/** What a job on that ground is to keep to; no wish goes beyond what the operator allows. */
export function toPlan(
  { settings, choice }: Wanted,
  place: Pick<Plan, 'base' | 'branch' | 'stackedOn'>,
  limits: Facts['limits'],
): Plan {
  const { agent, budget, setup, checks, image, network, protect, preferences } = settings;
  const model = choice.model ?? settings.model;
  const usd = Math.min(choice.budget ?? budget.usd, limits.usdPerJob, limits.usdPerDay - limits.spentTodayUsd);
  return {
    ...place,
    agent,
    ...(model !== 'inherit' && { model }),
    command: settings.triggers.command,
    budget: { ...budget, usd },
    draft: choice.draft ?? settings.draft,
    ...(setup !== undefined && { setup }),
    checks: {
      ...(checks.test !== undefined && { test: checks.test }),
      ...(checks.lint !== undefined && { lint: checks.lint }),
      ...(checks.types !== undefined && { types: checks.types }),
    },
    ...(image !== undefined && { image }),
    allowedHosts: network.allow,
    protectedPaths: protect,
    preferencesPath: preferences,
  };
}
