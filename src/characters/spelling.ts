import { unseen, wellFormed } from './classes.ts';

const runs = new RegExp(String.raw`(?<kept>${wellFormed})|(?:${unseen})+`, 'gv');
const one = new RegExp(String.raw`^(?:${unseen})$`, 'v');

/** A longer run is hidden text rather than a mark that somebody needs. */
const longestRun = 40;

/**
 * A text of a file or a command in which each character that nobody sees is spelled out (`\u{200B}`); emoji and joined letters stay as
 * they are. So whoever reads it sees that something is there, and can name it exactly. At most about twice as long.
 */
export function spellUnseen(text: string): string {
  let count = 0;
  const spelled = text.replace(runs, (run: string, ...found: unknown[]) => {
    const { kept } = found.at(-1) as Readonly<Record<string, string | undefined>>; // what `replace` hands over last
    if (kept !== undefined) return run;
    const characters = Array.from(run);
    count += characters.length;
    return characters.length > longestRun ? note(characters.length) : characters.map(spell).join('');
  });
  if (spelled.length <= 2 * text.length + 4_000) return spelled;
  const rest = text.replace(runs, (_, kept: string | undefined) => kept ?? '');
  return `${rest}\n${note(count)}`;
}

function note(count: number): string {
  return `[${count} characters that nobody sees were left out here]`;
}

function spell(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16).toUpperCase() ?? ''}}`;
}

/** The text that such a spelling stands for. What is spelled that way and can be seen stays spelled. */
export function unspellUnseen(text: string): string {
  return text.replace(/\\u\{([0-9A-Fa-f]{1,6})\}/g, (spelled, digits: string) => {
    const point = Number.parseInt(digits, 16);
    const character = point > 0x10ffff ? spelled : String.fromCodePoint(point);
    return character.isWellFormed() && one.test(character) ? character : spelled;
  });
}
