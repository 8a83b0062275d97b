/** Whether there is anything to look at more closely. */
const suspicious =
  /(?![\n\t])\p{Cc}|[\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\u{1d159}]/u;

/** Scripts in which a joiner between two letters changes how they are written. */
const joining =
  'Arabic,Syriac,Devanagari,Bengali,Gurmukhi,Gujarati,Oriya,Tamil,Telugu,Kannada,Malayalam,Sinhala,Mongolian'
    .split(',')
    .map((script) => String.raw`\p{Script=${script}}`)
    .join('');

/**
 * In this order: what looks as if it were invisible and is part of an emoji or of a word; ends of lines; what looks like a space; and what
 * nobody sees: controls, format, private, unassigned and lone surrogate code points, variation selectors, fillers, the empty braille cell.
 */
const parts = new RegExp(
  [
    String.raw`(?<kept>\p{RGI_Emoji}|(?<=[${joining}])[\u200c\u200d](?=[${joining}]))`,
    String.raw`(?<end>\r\n?|[\u2028\u2029])`,
    String.raw`(?<space>(?![ \u3000])\p{Zs})`,
    String.raw`(?![\n\t])\p{Cc}|[\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800\u{1d159}]`,
  ].join('|'),
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
