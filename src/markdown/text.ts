import { withoutUnseen } from '../characters/index.ts';

/** What a reader can see of a text, with plain line ends. */
export function visible(text: string): string {
  return withoutUnseen(text);
}

/** A code block whose fence is longer than any run of backticks inside it, so that nothing in it can end it. */
export function fenced(text: string, info = ''): string {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}${info}\n${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${fence}`;
}

/** How many turns of the model, in words. */
export function countTurns(turns: number): string {
  return turns === 1 ? '1 turn' : `${turns} turns`;
}

/** Code within a line, whatever it holds. */
export function codeSpan(text: string): string {
  const line = visible(text).replace(/\s+/g, ' ');
  const fence = '`'.repeat(longestRun(line) + 1);
  const pad = line === '' || /^`|`$|^ .* $/.test(line) ? ' ' : '';
  return `${fence}${pad}${line}${pad}${fence}`;
}

/** How much of a stranger's words is quoted where they are only named. */
const longestQuote = 80;

/** The same, cut to a length that a sentence bears; a blank for nothing. */
export function shortCode(text: string): string {
  const line = visible(text.slice(0, 1_000)).replace(/\s+/g, ' ').trim();
  return codeSpan(line.length > longestQuote ? `${line.slice(0, longestQuote).toWellFormed()}…` : line || ' ');
}

/** Code within a cell of a table. */
export function codeCell(text: string): string {
  return codeSpan(text).replaceAll('|', '\\|');
}

function longestRun(text: string): number {
  return (text.match(/`+/g) ?? []).reduce((longest, run) => Math.max(longest, run.length), 0);
}

/** At most `limit` characters of a neutralised text, cut at the end of a line, with an open code block closed. */
export function cutMarkdown(text: string, limit: number): string {
  const remark = '\n\n… (shortened)';
  if (text.length <= limit) return text;
  const room = Math.max(0, limit - remark.length - 40);
  const cut = text.slice(0, room);
  const kept = cut.slice(0, Math.max(cut.lastIndexOf('\n'), 0)) || openSafe(cut);
  const fence = openFence(kept);
  return `${kept}${fence ? `\n${fence}` : ''}${remark}`;
}

/** A single line that is too long is cut before anything that could be halved. */
function openSafe(line: string): string {
  return line.replace(/[`[<&\\][^]*$/, '').toWellFormed();
}

function openFence(text: string): string | undefined {
  let open: string | undefined;
  for (const line of text.split('\n')) {
    const run = /^`{3,}/.exec(line)?.[0];
    if (run && open === undefined) open = run;
    else if (run && run === open && line === run) open = undefined;
  }
  return open;
}

/** The beginning and the end of a command's output: the cause is often in one of them. */
export function cutMiddle(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const half = Math.floor(limit / 2);
  const left = text.length - 2 * half;
  return `${text.slice(0, half)}\n… ${left} characters left out …\n${text.slice(text.length - half)}`.toWellFormed();
}

/** Words in a commit message that tell some CI system to look away. */
const skipCi = /\[(?:skip|no)[ -][\w -]{1,20}\]|\[[\w -]{1,20}[ -]skip\]|\*{3}NO_CI\*{3}/gi;
const trailer = /^[ \t]*(?:skip-checks|change-id|[\w-]{1,40}-by)[ \t]*:.*$/gim;
const closing = /(?<![\p{L}\p{N}])(close[sd]?|fix(?:e[sd])?|resolve[sd]?)([^\p{L}\p{N}]+?)(?:#|GH-)(\d)/giu;
const foreign = /([\w.-]{1,100}\/[\w.-]{1,100})#(\d)/g;

/**
 * A model's text for a commit message or a title, where Markdown protects nobody: mentions, closing words, references to other
 * repositories, addresses, trailers and "skip CI" marks lose what makes them work.
 */
export function plainText(text: string): string {
  let before = visible(text);
  for (;;) {
    const after = before
      .replace(skipCi, '')
      .replace(trailer, '')
      .replace(/[a-z][a-z0-9+.-]{0,30}:\/\//gi, '')
      .replace(foreign, '$1 $2')
      .replace(closing, '$1$2$3')
      .replace(/(?<![A-Za-z0-9])@(?=[A-Za-z0-9])/g, '');
    // What is left after a removal may spell the removed word again.
    if (after === before) return after.replace(/\n{3,}/g, '\n\n').trim();
    before = after;
  }
}

/** A title of at most 120 characters on one line; `fallback` when nothing is left of it. */
export function plainTitle(text: string, fallback: string): string {
  const line = plainText(text).replace(/\s+/g, ' ').trim();
  const characters = Array.from(line || fallback);
  return characters.length <= 120 ? characters.join('') : `${characters.slice(0, 119).join('').trimEnd()}…`;
}
