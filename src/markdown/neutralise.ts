import { codeSpan, fenced, visible } from './text.ts';

interface Scan {
  /** Address of the repository; links into it stay links. */
  readonly home: string | undefined;
  /** A table's cells are split before code spans are read, so a `|` inside code has to be escaped there. */
  readonly hasTable: boolean;
  /** The last word so far, across lines and emphasis: is what follows a reference that GitHub would close? */
  word: string;
  isWordOpen: boolean;
  /** The last character that was written: a mention begins where no letter or digit stands before it. */
  before: string;
}

interface Rule {
  readonly pattern: RegExp;
  readonly emit: (match: RegExpExecArray, scan: Scan) => string | undefined;
}

/** At the end of a word: what is glued to its front on the page may stand apart for GitHub. */
const closingWord = /(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)$/i;
/** GitHub draws these from text, with links and scripts of their own. */
const drawn = new Set(['mermaid', 'geojson', 'topojson', 'stl', 'math', 'suggestion']);

/** Longer texts are cut: the patterns below are bounded, but not free. */
const longestText = 60_000;
/** Escapes of these show the bare character, which GitHub's filters then read as if it had never been escaped. */
const unescaped = /[@#/:._`<&-]/;

/** What may stand at one place of prose (code spans are taken out before), first match wins; undefined means "not this one". */
const rules: readonly Rule[] = [
  { pattern: /\\([!"$%'()*+,;=>?[\]^{|}~\\])/y, emit: ([pair]) => pair },
  { pattern: /\\/y, emit: () => '\\\\' },
  { pattern: /`/y, emit: () => '&#96;' },
  { pattern: /</y, emit: () => '&lt;' },
  { pattern: /&/y, emit: () => '&amp;' },
  { pattern: /!(?=\[)/y, emit: () => '&#33;' },
  {
    pattern: /\[([^[\]\n]{0,300})\]\(\s{0,9}<?([^\s()<>`|\\[\]]{1,2000})>?[^()\n]{0,300}\)/y,
    emit: ([, label = '', url = ''], scan) => link(label, url, scan),
  },
  { pattern: /[[\]]/y, emit: ([bracket]) => `\\${bracket}` },
  {
    pattern: /(?:[a-z0-9][a-z0-9+.-]{0,30}:\/\/|www\.)[^\s<>`|\\[\]]{0,2000}[^\s<>`|\\[\].,;:!?'")\]*_~]/iy,
    emit: ([url], scan) => (isHome(url, scan) && !isClosing(scan) ? `<${url}>` : codeSpan(url)),
  },
  {
    pattern: /[\w.-]{1,100}\/[\w.-]{1,100}(?:#\d+|@[0-9a-f]{7,40})/iy,
    emit: ([reference], scan) => (isOwn(reference, scan) && !isClosing(scan) ? undefined : codeSpan(reference)),
  },
  { pattern: /(?:#|GH-)\d+/iy, emit: ([reference], scan) => (isClosing(scan) ? codeSpan(reference) : undefined) },
  {
    pattern: /@[a-z0-9][a-z0-9-]{0,100}(?:\/[\w.-]{1,100})?/iy,
    emit: ([name], scan) => (/[A-Za-z0-9]/.test(scan.before) ? undefined : codeSpan(name)),
  },
  { pattern: /[A-Za-z0-9]+|[^]/uy, emit: ([text]) => text },
];

/**
 * A model's Markdown made harmless for the people, bots and automations that will read it: no mention, no
 * closing word that works, no image, no HTML, no link but into the repository, no command at the start of a line, no heading that
 * could pass for one of our sections, no hidden character. Code blocks stay as they are. `home` is the repository's address.
 */
export function neutralise(text: string, home?: string): string {
  const lines = visible(text.slice(0, longestText)).split('\n');
  const scan: Scan = { home, hasTable: lines.some(isTableRuler), word: '', isWordOpen: false, before: '' };
  const out: string[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    const fence = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})\s*([\w+#-]{0,30})/.exec(line);
    if (!fence) {
      out.push(safeLine(line, scan));
      continue;
    }
    const end = endOfFence(lines, index, fence[1] ?? '');
    const info = fence[2] ?? '';
    out.push(fenced(lines.slice(index + 1, end).join('\n'), drawn.has(info.toLowerCase()) ? '' : info));
    index = end;
  }
  return out.join('\n').trim();
}

/** The same for text that has to stay on one line of ours, such as an item of a list. */
export function neutraliseLine(text: string, home?: string): string {
  const line = visible(text.slice(0, longestText)).replace(/\s+/g, ' ').trim();
  return scanText(line, { home, hasTable: false, word: '', isWordOpen: false, before: '' });
}

/** Index of the closing fence, or past the last line when there is none. */
function endOfFence(lines: readonly string[], start: number, fence: string): number {
  const char = fence.charAt(0);
  const isEnd = (line: string): boolean => {
    const run = line.trim();
    return /^ {0,3}\S/.test(line) && run.length >= fence.length && run === char.repeat(run.length);
  };
  const length = lines.slice(start + 1).findIndex(isEnd);
  return length === -1 ? lines.length : start + 1 + length;
}

function isTableRuler(line: string): boolean {
  return /^[\s>|:*+\-\d.)]+$/.test(line) && line.includes('-') && /[|:]/.test(line);
}

/** Without the escapes at its beginning that the scan would take away later: what is behind them would then begin a line unseen. */
function withoutEscapes(line: string): string {
  const [start = ''] = /^(?:\s|>|\\?[-*+]\s|\d{1,9}\\?[.)]\s)*(?:\\(?=[#/-]))?/.exec(line) ?? [];
  return start.replace(/\\(?=[-.]|$)/g, '') + line.slice(start.length);
}

function safeLine(escaped: string, scan: Scan): string {
  const line = withoutEscapes(escaped);
  const prefix = /^(?:\s|>|[-*+]\s|\d{1,9}[.)]\s)*/.exec(line)?.[0] ?? '';
  const rest = line.slice(prefix.length);
  feed('\n', scan);
  scan.before = '';
  const heading = /^#{1,6}(?:\s+|$)/.exec(rest);
  if (heading) return `${prefix}#### ${scanText(rest.slice(heading[0].length), scan)}`;
  // A line of = or - would make a heading of the one above it.
  if (/^(?:=+|-+)\s*$/.test(rest)) return `${prefix}\\${rest}`;
  const command = /^\\?\/(?=\w)/.exec(rest);
  if (command) return `${prefix}\\/${scanText(rest.slice(command[0].length), scan)}`;
  return prefix + scanText(rest, scan);
}

function scanText(text: string, scan: Scan): string {
  return piecesOf(text).reduce((out, piece, index) => {
    const isCode = index % 2 === 1;
    const safe = isCode ? keepCode(piece, scan) : scanProse(piece, scan);
    if (isCode) feed(piece, scan);
    scan.before = safe.slice(-1) || scan.before;
    return join(out, safe);
  }, '');
}

/** Prose and code spans by turns, prose first. A span begins and ends on this line; a backtick left in prose opens nothing. */
function piecesOf(line: string): string[] {
  const pieces: string[] = [];
  let prose = '';
  for (const [raw, , code] of line.matchAll(/\\[^]|(`+)(?!`)(.*?[^`])\1(?!`)|`+|[^\\`]+|\\/g)) {
    if (code === undefined) {
      prose += raw.length === 2 && raw.startsWith('\\') && unescaped.test(raw.charAt(1)) ? raw.charAt(1) : raw;
      continue;
    }
    pieces.push(prose, code);
    prose = '';
  }
  return [...pieces, prose];
}

function scanProse(text: string, scan: Scan): string {
  let out = '';
  for (let at = 0; at < text.length;) {
    const [raw, safe] = next(text, at, scan);
    out = join(out, safe);
    scan.before = safe.slice(-1) || scan.before;
    feed(raw, scan);
    at += raw.length;
  }
  return out;
}

/** Two runs of backticks that touch would be read as one. */
function join(before: string, after: string): string {
  return before.endsWith('`') && after.startsWith('`') ? `${before} ${after}` : before + after;
}

function next(text: string, at: number, scan: Scan): readonly [raw: string, safe: string] {
  for (const { pattern, emit } of rules) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    const safe = match ? emit(match, scan) : undefined;
    if (match && safe !== undefined) return [match[0], safe];
  }
  return [text.charAt(at), ''];
}

function feed(raw: string, scan: Scan): void {
  for (const char of raw) {
    if (/[\p{L}\p{N}]/u.test(char)) {
      scan.word = (scan.isWordOpen ? scan.word + char : char).slice(-20);
      scan.isWordOpen = true;
    } else if (!/[*_~]/.test(char)) scan.isWordOpen = false;
  }
}

function isClosing({ word }: Scan): boolean {
  return closingWord.test(word);
}

function keepCode(code: string, { hasTable }: Scan): string {
  const bare = code.trim() || code;
  return codeSpan(hasTable ? bare.replace(/(?<!\\)\|/g, '\\|') : bare);
}

function link(label: string, url: string, scan: Scan): string {
  const isKept = isHome(url, scan) && !isClosing(scan);
  const text = scanText(label, scan);
  // The brackets stay visible: without them the label would grow together with what stands before it.
  return isKept ? `[${text}](<${url}>)` : `\\[${text}\\] (${codeSpan(url)})`;
}

function isHome(url: string, { home }: Scan): boolean {
  if (home === undefined || !URL.canParse(url)) return false;
  const [there, here] = [new URL(url), new URL(home)];
  const root = here.pathname.toLowerCase().replace(/\/$/, '');
  const path = there.pathname.toLowerCase();
  return there.origin === here.origin && there.username === '' && (path === root || path.startsWith(`${root}/`));
}

function isOwn(reference: string, { home }: Scan): boolean {
  const name = reference.replace(/[#@].*$/, '').toLowerCase();
  return home !== undefined && new URL(home).pathname.toLowerCase() === `/${name}`;
}
