import { readSpans } from './inline-spans.ts';

/** What the line before leaves open: a block that hides lines until it ends, or text that the next line goes on with. */
type Open = Hidden | { readonly type: 'nothing' | 'text' | 'quote' };

interface Hidden {
  readonly type: 'hidden';
  /** Columns a line must be indented by to stay in the list item that holds the block; 0 outside lists. */
  readonly indent: number;
  /** Takes the line without that indentation. */
  readonly endsAt: (line: string) => boolean;
}

interface Step {
  readonly spoken: boolean;
  readonly open: Open;
}

const nothing: Open = { type: 'nothing' };
const unspoken: Step = { spoken: false, open: nothing };

const listMarkers = /^(?: {0,3}(?:[-*+]|\d{1,9}[.)])[ \t]+)+/u;
const fenceStart = /^ {0,3}(?:(`{3,})[^`]*|(~{3,}).*)$/su;
const fenceEnd = /^ {0,3}(`+|~+)[ \t]*$/u;
const commentStart = /^ {0,3}<!--/u;
/** Raw HTML whose content is shown as code or as a quotation, or not at all. */
const tagStart = /^ {0,3}<(pre|code|blockquote|script|style|textarea)(?=[\s>]|$)/iu;
const quoteStart = /^ {0,3}>/u;
const indentedCode = /^(?: {4}| {0,3}\t)/u;
/** Starts a block of its own, so it does not go on with a quotation above it. */
const blockStart = /^ {0,3}(?:#{1,6}[ \t]|[-*+][ \t]|1[.)][ \t])/u;

/** A comment's lines without their ends; a byte order mark at its start is dropped. */
export function toLines(markdown: string): readonly string[] {
  return markdown.replace(/^\uFEFF/u, '').split(/\r\n|\n|\r/u);
}

/**
 * Which lines of a comment its writer says, as GitHub shows them: not quoted (nor going on with a quotation without an empty line
 * between), not in a code block or span, not in an HTML comment. What is opened and never closed runs to the end.
 * Never throws; linear in the length. Follows CommonMark; where it is simpler, it leaves a line out rather than takes one in.
 */
export function findSpokenLines(lines: readonly string[]): readonly number[] {
  const paragraphs: number[][] = [[]];
  let open: Open = nothing;
  for (const [index, line] of lines.entries()) {
    const step = readLine(line, open);
    open = step.open;
    if (step.spoken) paragraphs.at(-1)?.push(index);
    else if (paragraphs.at(-1)?.length !== 0) paragraphs.push([]);
  }
  return paragraphs.flatMap((paragraph) => startingOutsideSpans(paragraph, lines));
}

function readLine(line: string, before: Open): Step {
  const open = before.type === 'hidden' && leavesList(line, before.indent) ? nothing : before;
  if (open.type === 'hidden') return { spoken: false, open: open.endsAt(line.slice(open.indent)) ? nothing : open };
  if (isBlank(line)) return unspoken;
  const markers = listMarkers.exec(line)?.[0] ?? '';
  const content = line.slice(markers.length);
  return openHidden(content, markers.length) ?? openQuote(content) ?? goOn(line, open);
}

function openHidden(content: string, indent: number): Step | undefined {
  const endsAt = openFence(content) ?? openHtml(content);
  if (endsAt === 'same line') return unspoken;
  return endsAt && { spoken: false, open: { type: 'hidden', indent, endsAt } };
}

function openFence(content: string): Hidden['endsAt'] | undefined {
  const match = fenceStart.exec(content);
  const fence = match?.[1] ?? match?.[2];
  if (fence === undefined) return undefined;
  return (line) => fenceEnd.exec(line)?.[1]?.startsWith(fence) ?? false;
}

function openHtml(content: string): Hidden['endsAt'] | 'same line' | undefined {
  const start = commentStart.exec(content) ?? tagStart.exec(content);
  if (start === null) return undefined;
  const end = start[1] === undefined ? '-->' : `</${start[1].toLowerCase()}>`;
  const endsAt = (line: string) => line.toLowerCase().includes(end);
  return endsAt(content.slice(start[0].length)) ? 'same line' : endsAt;
}

function openQuote(content: string): Step | undefined {
  if (!quoteStart.test(content)) return undefined;
  const isEmpty = !/[^> \t]/u.test(content);
  return { spoken: false, open: isEmpty ? nothing : { type: 'quote' } };
}

function goOn(line: string, open: Open): Step {
  if (open.type === 'quote' && !blockStart.test(line)) return { spoken: false, open };
  if (open.type !== 'text' && indentedCode.test(line)) return unspoken;
  return { spoken: true, open: { type: 'text' } };
}

function leavesList(line: string, indent: number): boolean {
  return indent > 0 && !isBlank(line) && (/^ */u.exec(line)?.[0].length ?? 0) < indent && !line.startsWith('\t');
}

function isBlank(line: string): boolean {
  return !/[^ \t]/u.test(line);
}

/** Lines of one paragraph whose first character is in no code span and in no comment that began on a line above. */
function startingOutsideSpans(paragraph: readonly number[], lines: readonly string[]): readonly number[] {
  const texts = paragraph.map((index) => lines[index] ?? '');
  const spans = readSpans(texts.join('\n'));
  let next = 0;
  let offset = 0;
  return paragraph.filter((_, position) => {
    const start = offset;
    offset += (texts[position] ?? '').length + 1;
    while ((spans[next]?.end ?? Infinity) <= start) next += 1;
    return (spans[next]?.start ?? Infinity) >= start;
  });
}
