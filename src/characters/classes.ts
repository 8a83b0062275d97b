/**
 * The classes as ranges to build a character class from: `new RegExp('[' + bidiControls + ']', 'u')`. Sources: the Unicode
 * Character Database (Bidi_Control, Default_Ignorable_Code_Point) and UTS #39.
 */

/** Change the direction in which what follows is shown: code that reads differently from what runs. */
export const bidiControls = String.raw`\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069`;

/** A second alphabet that no program shows: whole sentences fit behind one visible character. */
export const tagCharacters = String.raw`\u{e0000}-\u{e007f}`;

/** Take no room, or look like a space while they count as a letter. */
export const invisibles = String.raw`\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\u{1d173}-\u{1d17a}\u{e0080}-\u{e0fff}`;

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
