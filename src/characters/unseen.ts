import { unseen, wellFormed } from './classes.ts';

const anyUnseen = new RegExp(unseen, 'gv');

/** Whether there is anything to look at more closely: lines that end in another way, and spaces that are none of the usual. */
const suspicious = new RegExp(String.raw`[\r\v\f\u2028\u2029]|(?![ \u3000])\p{Zs}|${unseen}`, 'v');

/**
 * In this order: what looks as if it were invisible and is part of an emoji or of a word; ends of lines; what looks like a space; and what
 * nobody sees, in which line and page feeds of old count as well.
 */
const parts = new RegExp(
  String.raw`(?<kept>${wellFormed})|(?<end>\r\n?|[\u2028\u2029])|(?<space>(?![ \u3000])\p{Zs})|[\v\f]|${unseen}`,
  'gv',
);

/** A text without the characters that nobody can see, and how many those were. Emoji and joined letters stay whole. */
export function cleanCharacters(text: string): { readonly text: string; readonly removed: number } {
  if (!suspicious.test(text)) return { text, removed: 0 };
  let removed = 0;
  const clean = text.replace(parts, (...found: unknown[]) => {
    const { kept, end, space } = found.at(-1) as Readonly<Record<string, string | undefined>>; // what `replace` hands over last
    if (kept !== undefined) return kept;
    if (end !== undefined) return '\n';
    if (space !== undefined) return ' ';
    removed += 1;
    return '';
  });
  return { text: clean, removed };
}

/** The same without exceptions, for what we write ourselves: an emoji that is made of several falls apart. Spaces stay. */
export function withoutUnseen(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replace(/[\v\f]/g, '')
    .replace(anyUnseen, '');
}
