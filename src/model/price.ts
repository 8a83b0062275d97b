import { lineOf } from './catalogue.ts';
import type { ModelLine } from './catalogue.ts';

/** US dollars for a million tokens. */
export interface Price {
  readonly line: ModelLine;
  /** The day the price was last looked at by whoever keeps this table. */
  readonly asOf: string;
  readonly input: number;
  readonly output: number;
}

/** List prices as known when this table was written; compare them with the provider's price page before relying on a budget to the cent. A line that isn't here is counted at the dearest price that is. */
export const prices: readonly Price[] = [
  { line: 'haiku', asOf: '2026-11-23', input: 1, output: 5 },
  { line: 'sonnet', asOf: '2026-11-23', input: 3, output: 15 },
  { line: 'opus', asOf: '2026-11-23', input: 5, output: 25 },
  { line: 'mythos', asOf: '2026-11-23', input: 25, output: 125 },
];

/** Writing a prompt into the cache for five minutes costs a quarter more than reading it in; reading it from there, a tenth. */
const cacheWriteFactor = 1.25;
const cacheReadFactor = 0.1;

/** Token counts of one answer; the three kinds of input add up to the whole prompt. */
export interface Tokens {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
}

/** The price of a model, and whether it is really its own: an unknown model is counted at the dearest price, never too low. */
export function priceOf(modelId: string): { price: Price; isKnown: boolean } {
  const line = lineOf(modelId);
  const own = prices.find((price) => price.line === line);
  return { price: own ?? dearest(), isKnown: own !== undefined };
}

function dearest(): Price {
  return prices.reduce((most, price) => (price.output > most.output ? price : most));
}

/** What an answer cost, in US dollars. */
export function costOf(modelId: string, tokens: Tokens): number {
  const { price } = priceOf(modelId);
  const input =
    tokens.inputTokens + tokens.cacheWriteTokens * cacheWriteFactor + tokens.cacheReadTokens * cacheReadFactor;
  return (input * price.input + tokens.outputTokens * price.output) / 1_000_000;
}
