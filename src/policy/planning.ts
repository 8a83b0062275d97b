import type { WorkRequest } from '../domain/index.ts';
import type { Settings } from '../settings/index.ts';
import { readVisible, readVisibleLine } from '../visible/index.ts';
import { findWaitingPlan } from './approval.ts';
import type { Facts } from './facts.ts';
import type { Choice } from './options.ts';
import * as texts from './texts.ts';

/** One sign that work is better planned first. */
interface Sign {
  /** What it is, as a part of “it …”. */
  readonly name: string;
  /** How much it weighs in the text below the title, and how much in the title. */
  readonly weight: { readonly text: number; readonly title: number };
  readonly holds: (text: string) => boolean;
}

/** Together this heavy, the signs ask for a plan. */
export const planFrom = 4;

const names = (pattern: RegExp) => (text: string) => pattern.test(text);
const size = (weight: number) => ({ text: weight, title: 0 });
const risk = { text: 1, title: 2 };

/**
 * When `plan: auto` puts a plan first: from size and risk, by what the issue and the command say outside of code. Of long texts and lists both
 * rows may hold. A title says what the work is about, so a risk weighs more there; a single word never suffices. docs/configuration.md shows
 * the same table.
 */
export const signs: readonly Sign[] = [
  { name: 'is more than 4,000 characters long', weight: size(2), holds: (text) => text.length > 4_000 },
  { name: 'is more than 10,000 characters long', weight: size(2), holds: (text) => text.length > 10_000 },
  { name: 'has more than 8 boxes to tick', weight: size(2), holds: (text) => countBoxes(text) > 8 },
  { name: 'has more than 16 boxes to tick', weight: size(2), holds: (text) => countBoxes(text) > 16 },
  {
    name: 'changes a database’s schema',
    weight: risk,
    holds: names(
      /\b(?:migrat(?:e|es|ing|ions?)|schema changes?|(?:drop|rename|alter) (?:a |the )?(?:tables?|columns?))\b/iu,
    ),
  },
  {
    name: 'is about who may do what',
    weight: risk,
    holds: names(
      /\b(?:authenticat(?:e|es|ion)|authoris?zation|authori[sz]ation|permissions?|sign-?in|log-?in|passwords?|sessions?|oauth\d?|sso)\b/iu,
    ),
  },
  {
    name: 'is about money',
    weight: risk,
    holds: names(/\b(?:payments?|billing|invoices?|refunds?|credit cards?|checkout|subscriptions?)\b/iu),
  },
  {
    name: 'breaks what others rely on',
    weight: risk,
    holds: names(/\b(?:breaking|backwards?[- ]incompatible|deprecat(?:e|es|ed|ion)|public api)\b/iu),
  },
  {
    name: 'deletes data',
    weight: risk,
    holds: names(
      /\b(?:(?:delet|eras|purg|remov|wip)(?:e|es|ing) (?:\w+ ){0,3}(?:data|records?|accounts?|users?)|gdpr)\b/iu,
    ),
  },
  {
    name: 'rebuilds a large part',
    weight: risk,
    holds: names(/\b(?:rewrite|re-?architect(?:ure)?|overhaul|from scratch|redesign|port (?:it |this )?to)\b/iu),
  },
];

/**
 * Why a plan comes before the work, as the end of a sentence; undefined when none does. Whoever asks for the work while a plan waits has seen
 * it, and wants the work.
 */
export function findReasonToPlan(
  request: WorkRequest,
  { place, earlier }: Pick<Facts, 'place' | 'earlier'>,
  { settings, choice }: { readonly settings: Pick<Settings, 'plan'>; readonly choice: Choice },
): string | undefined {
  const mode = choice.plan ?? settings.plan;
  if (mode === 'never' || place !== 'issue') return undefined;
  if (choice.plan === 'always') return texts.planWasAsked;
  if (findWaitingPlan(earlier) !== undefined) return undefined;
  if (mode === 'always') return texts.planIsTheRule;
  const found = findSigns(request);
  return found && texts.renderSigns(found);
}

/** The signs in a request, when they weigh enough for a plan. */
function findSigns({ seen, instruction }: Pick<WorkRequest, 'seen' | 'instruction'>): readonly string[] | undefined {
  const title = readVisibleLine(seen.title).text;
  const text = withoutCode(`${readVisible(seen.body).text}\n\n${readVisible(instruction).text}`);
  const found = signs.flatMap(({ name, weight, holds }) => {
    const weighs = holds(title) ? weight.title : holds(text) ? weight.text : 0;
    return weighs === 0 ? [] : [{ name, weighs }];
  });
  const sum = found.reduce((total, { weighs }) => total + weighs, 0);
  return sum < planFrom ? undefined : found.map(({ name }) => name);
}

/** Logs and listings are long, and name what nobody asked for. */
function withoutCode(text: string): string {
  return text.replace(/^ *(`{3,}|~{3,})[^]*?(?:^ *\1|$(?![^]))/gmu, '').replace(/`[^`\n]*`/gu, '');
}

function countBoxes(text: string): number {
  return text.match(/^ *(?:[-*+]|\d{1,9}[.)]) +\[[ x]\] /gimu)?.length ?? 0;
}
