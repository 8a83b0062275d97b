/**
 * THE TABLE: which characters nobody sees, and which only look like something else, as pieces to build patterns from. Sources: the
 * Unicode Character Database (General_Category, Bidi_Control, Default_Ignorable_Code_Point), UTS #39 and UTS #51.
 */

/**
 * Nobody sees these, as an alternative for a pattern with the flag `v`: controls but for white space, format, private, unassigned and lone
 * surrogate code points, variation selectors, fillers, the empty braille cell, the null notehead. A space is something one sees.
 */
export const unseen = String.raw`(?![\t-\r])\p{Cc}|[\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800\u{1d159}]`;

/** Scripts in which a joiner between two letters changes how they are written. */
const joining =
  'Arabic,Syriac,Devanagari,Bengali,Gurmukhi,Gujarati,Oriya,Tamil,Telugu,Kannada,Malayalam,Sinhala,Mongolian'
    .split(',')
    .map((script) => String.raw`\p{Script=${script}}`)
    .join('');

/** What holds characters of the class above and is seen as a whole: emoji, and joiners within words. For the flag `v`. */
export const wellFormed = String.raw`\p{RGI_Emoji}|(?<=[${joining}])[\u200c\u200d](?=[${joining}])`;

/** Change the direction in which what follows is shown: code that reads differently from what runs. */
export const bidiControls = String.raw`\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069`;

/** A second alphabet that no program shows: whole sentences fit behind one visible character. */
export const tagCharacters = String.raw`\u{e0000}-\u{e007f}`;

/** The only emoji that are made with tag characters: the flags of England, Scotland and Wales. */
const taggedFlags =
  /\u{1f3f4}(?:\u{e0067}\u{e0062}(?:\u{e0065}\u{e006e}\u{e0067}|\u{e0073}\u{e0063}\u{e0074}|\u{e0077}\u{e006c}\u{e0073}))\u{e007f}/gu;

/** Takes the emoji out that are made with tag characters, so that what is left of those is hidden text. */
export function withoutTaggedFlags(text: string): string {
  return text.replace(taggedFlags, '');
}

/** What is worth a remark in code. Joiners and variation selectors are not: emoji and whole languages are written with them. */
const hidden =
  /[\u034f\u115f\u1160\u200b\u2060-\u2065\u206a-\u206f\u3164\uffa0\ufff0-\ufff8\u{e0080}-\u{e00ff}\u{e01f0}-\u{e0fff}]/u;

/** Whether a text has characters that nobody sees and that are no part of writing in any language. */
export function hasHidden(text: string): boolean {
  return hidden.test(text);
}
