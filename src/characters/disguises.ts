import { bidiControls, tagCharacters, withoutTaggedFlags } from './classes.ts';

/** What a new version of a file shows otherwise than it is. */
export interface Disguises {
  /** Tag characters or direction controls that the version before did not have: a person must read the file with them shown. */
  readonly isBlocked: boolean;
  /** Words that mix Latin letters with Cyrillic or Greek ones that look the same; at most five. */
  readonly mixedWords: readonly string[];
}

interface Versions {
  readonly path: string;
  readonly text: string;
  /** The version that the change is a difference from; absent for a new file. */
  readonly before?: string | undefined;
}

/**
 * Compares a file's new text with what it was, line by line: only lines that the version before did not have count, so whoever
 * edits beside an old one is not blamed for it. Linear in the length of both.
 */
export function findDisguises({ path, text, before = '' }: Versions): Disguises {
  const known = new Set(linesOf(before));
  const added = [path, ...linesOf(text).filter((line) => !known.has(line))];
  const isProse = proseFiles.test(path);
  const isBlocked = added.some((line, index) => hasTags(line) || hasDirections(line, isProse && index > 0));
  return { isBlocked, mixedWords: isProse ? [] : findMixedWords(added) };
}

function linesOf(text: string): string[] {
  return text.split(/\r?\n/);
}

/** Files of sentences, in which people write every language: translations and documents. */
const proseFiles =
  /\.(?:po|pot|json|arb|xlf|xliff|resx|strings|stringsdict|ftl|properties|csv|tsv|md|mdx|markdown|rst|adoc|txt|srt|vtt)$/i;

const tags = new RegExp(`[${tagCharacters}]`, 'u');
const directions = new RegExp(`[${bidiControls}]`, 'u');
const overrides = /[\u202d\u202e]/u;
const rightToLeft = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

function hasTags(line: string): boolean {
  return tags.test(line) && tags.test(withoutTaggedFlags(line));
}

/** A sentence in a right-to-left language needs its marks and isolates; overrides, which re-order letters, none does. */
function hasDirections(line: string, isProse: boolean): boolean {
  if (!directions.test(line)) return false;
  return !isProse || !rightToLeft.test(line) || overrides.test(line);
}

const cyrillicTwins = 'АВЕЅІЈКМНОРСТУХЬаеорсухѕіјһӏԁԛԝґгпь';
const greekTwins = 'ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορυωϲϳ';
const twins = new RegExp(`[${cyrillicTwins}${greekTwins}]`, 'u');
const words = /[\p{L}\p{M}\p{N}_$]+/gu;
const latin = /[A-Za-z]/;
const cyrillic = new RegExp(`[${cyrillicTwins}]`, 'u');
/** Greek letters are names in formulas, so one counts only where it touches a Latin one: `α_max` is fine. */
const greekInLatin = new RegExp(`[A-Za-z][${greekTwins}]|[${greekTwins}][A-Za-z]`, 'u');

const mostWords = 5;

function findMixedWords(lines: readonly string[]): string[] {
  const candidates = lines.filter((line) => twins.test(line)).flatMap((line) => line.match(words) ?? []);
  const mixed = candidates.filter((word) => latin.test(word) && (cyrillic.test(word) || greekInLatin.test(word)));
  return [...new Set(mixed)].slice(0, mostWords);
}
