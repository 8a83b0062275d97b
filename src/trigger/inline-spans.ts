/** Characters `start` (included) to `end` (excluded) of a paragraph. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** An escaped character, a run of backticks, or the start of an HTML comment: whichever comes first decides. */
const token = /\\.|`+|<!--/gsu;

/**
 * The code spans and HTML comments inside a paragraph, in order, not overlapping. A run of backticks ends at the next run of the same
 * length, a comment at `-->`; either is plain text when it has no end in the paragraph. Linear in the length.
 */
export function readSpans(paragraph: string): readonly Span[] {
  const runs = readRuns(paragraph);
  const lastCommentEnd = paragraph.lastIndexOf('-->');
  const spans: Span[] = [];
  let end = 0;
  for (const match of paragraph.matchAll(token)) {
    const [text] = match;
    if (match.index < end || text.startsWith('\\')) continue;
    const found = text === '<!--' ? endOfComment(match.index) : endOfCode(match.index + text.length, text.length);
    if (found === undefined) continue;
    end = found;
    spans.push({ start: match.index, end });
  }
  return spans;

  function endOfComment(start: number): number | undefined {
    return start + 2 <= lastCommentEnd ? paragraph.indexOf('-->', start + 2) + 3 : undefined;
  }

  function endOfCode(from: number, length: number): number | undefined {
    const starts = runs.get(length) ?? [];
    while ((starts.at(-1) ?? Infinity) < from) starts.pop();
    const closing = starts.at(-1);
    return closing === undefined ? undefined : closing + length;
  }
}

/** Where runs of backticks of each length start, last first, so that those left behind can be popped. */
function readRuns(paragraph: string): Map<number, number[]> {
  const runs = new Map<number, number[]>();
  for (const { 0: run, index } of [...paragraph.matchAll(/`+/gu)].reverse()) {
    const starts = runs.get(run.length) ?? [];
    starts.push(index);
    runs.set(run.length, starts);
  }
  return runs;
}
