import { cleanCharacters } from '../characters/index.ts';

const controls = /[\p{Cc}\p{Zl}\p{Zp}\s]+/gu;

/** A delimiter has to be unguessable, and safe inside a tag and a regular expression. */
export const delimiterPattern = /^[A-Za-z0-9]{16,64}$/;

/**
 * Text of a stranger as a block of data. Whatever the text holds, it can't end the block: the delimiter is taken out of it
 * after everything invisible was.
 */
export function renderData(delimiter: string, source: string, text: string): string {
  const label = oneLine(visibleText(source), 200).replaceAll(/["<>]/g, "'");
  return `<data-${delimiter} from="${withoutDelimiter(label, delimiter)}">\n${withoutDelimiter(visibleText(text), delimiter)}\n</data-${delimiter}>`;
}

/** The text as a person sees it on the page: one kind of line end and of space, nothing invisible, no half characters. */
export function visibleText(text: string): string {
  return cleanCharacters(text.toWellFormed()).text;
}

/** At most about `limit` characters: beginning and end stay, and a note says how much is missing. */
export function cutMiddle(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const head = Math.floor(limit * 0.7);
  const tail = limit - head;
  const note = `\n[… ${text.length - limit} characters left out here …]\n`;
  return `${text.slice(0, head)}${note}${text.slice(-tail)}`.toWellFormed();
}

/** One line of at most `limit` characters without control characters: for progress, logs and lists. */
export function oneLine(text: string, limit: number): string {
  const line = visibleText(text.slice(0, limit * 4))
    .replaceAll(controls, ' ')
    .trim();
  return line.length <= limit ? line : `${line.slice(0, limit - 1).toWellFormed()}…`;
}

/** Text that the Messages API and the database take: never blank, no NUL, no half characters. */
export function soundText(text: string): string {
  const sound = text.toWellFormed().replaceAll('\u0000', '\uFFFD');
  return sound.trim() === '' ? '(no output)' : sound;
}

function withoutDelimiter(text: string, delimiter: string): string {
  return text.replaceAll(new RegExp(delimiter, 'gi'), '[removed]');
}
