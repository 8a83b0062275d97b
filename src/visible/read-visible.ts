import type { Definition, FootnoteDefinition, Nodes, Root } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { cleanCharacters } from '../characters/index.ts';
import { countOf, openLedger, type Ledger } from './hidden.ts';
import { showBlocks, type Reading } from './nodes.ts';
import { openPage } from './page.ts';

/** A text as a person sees it, and what in it nobody sees: short phrases for people, of our own words and numbers only. */
export interface VisibleText {
  readonly text: string;
  /** What was dropped. */
  readonly hidden: readonly string[];
  /** Of those, what a person should hear of: not the short comments that every issue template leaves behind. */
  readonly notable: readonly string[];
  /** What is part of the text, but seen only after a click. */
  readonly folded: readonly string[];
}

/**
 * What a person sees of an issue or a comment on GitHub, as Markdown; built from the parsed document, so what GitHub does not show is not
 * there in the first place. Never throws; what is so tangled that reading it takes long is not read at all, and named.
 */
export function readVisible(markdown: string): VisibleText {
  if (isTangled(markdown)) return refuse(markdown);
  try {
    return readTree(fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] }));
  } catch {
    return refuse(markdown); // the parser's own recursion has an end
  }
}

/** A title, which is no Markdown: one line without what nobody sees. */
export function readVisibleLine(line: string): VisibleText {
  const ledger = openLedger();
  const { text, removed } = cleanCharacters(line);
  if (removed > 0) ledger.add('invisible', removed);
  return { text: text.replace(/\s+/gu, ' ').trim(), hidden: ledger.names(), notable: ledger.notable(), folded: [] };
}

/** GitHub takes 65,536 characters. */
const longest = 200_000;

/** What takes the parser longer than in proportion, and far more of each than people write; at these numbers it takes about half a second. */
const tangles: readonly { readonly mark: RegExp; readonly most: number }[] = [
  { mark: /\*+|~+|(?<![\p{L}\p{N}_])_+|_+(?![\p{L}\p{N}_])/gu, most: 4_000 },
  { mark: /^[ \t]*[=-]/gmu, most: 4_000 },
  { mark: /\]:[ \t]*</gu, most: 4_000 },
  { mark: /\[\^/gu, most: 4_000 },
];

/** Of quotations and lists on one line, of brackets that are open at once, and of ones that close nothing. */
const deepest = { containers: 60, brackets: 1_000, strayBrackets: 1_000 };

/** Quotations and lists in quotations and lists, on one line. */
const containers = /^(?:[ \t]*(?:>|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t])))*/gmu;

function isTangled(markdown: string): boolean {
  return (
    markdown.length > longest ||
    tangles.some(({ mark, most }) => (markdown.match(mark)?.length ?? 0) > most) ||
    (markdown.match(containers) ?? []).some((start) => countMarkers(start) > deepest.containers) ||
    hasTangledBrackets(markdown)
  );
}

function countMarkers(lineStart: string): number {
  return lineStart.match(/[>+*.)-]/gu)?.length ?? 0;
}

function hasTangledBrackets(markdown: string): boolean {
  let [open, most, stray] = [0, 0, 0];
  for (const [bracket] of markdown.matchAll(/[[\]]|\n[ \t]*\n/gu)) {
    if (bracket === ']' && open === 0) stray += 1;
    open = bracket === '[' ? open + 1 : bracket === ']' ? Math.max(0, open - 1) : 0;
    most = Math.max(most, open);
  }
  return most > deepest.brackets || stray > deepest.strayBrackets;
}

function refuse(markdown: string): VisibleText {
  const hidden = [`all of its ${countOf(markdown.length)} characters, which are tangled too much to be read`];
  return { text: '', hidden, notable: hidden, folded: [] };
}

interface Found {
  readonly definitions: Map<string, Definition>;
  readonly footnotes: Map<string, FootnoteDefinition>;
  /** Identifiers that links and images use. */
  readonly used: Set<string>;
  /** Names of elements that something closes. */
  readonly closed: Set<string>;
}

function readTree(tree: Root): VisibleText {
  const ledger = openLedger();
  const found = survey(tree, ledger);
  const page = openPage(ledger, found.closed);
  const reading: Reading = { page, definitions: found.definitions, cited: [] };
  const text = [showBlocks(tree.children, reading), ...showFootnotes(found, reading)].filter(Boolean).join('\n\n');
  nameUnused(found, reading.cited, ledger);
  return { text: text.trim(), folded: page.close(), hidden: ledger.names(), notable: ledger.notable() };
}

/** What the page as a whole has to know before it is read. Of two definitions, the first counts. */
function survey(tree: Root, ledger: Ledger): Found {
  const found: Found = { definitions: new Map(), footnotes: new Map(), used: new Set(), closed: new Set() };
  for (const node of nodesOf(tree)) {
    if (node.type === 'definition')
      note(found.definitions, node, () => {
        ledger.add('definition', lengthOf(node));
      });
    if (node.type === 'footnoteDefinition')
      note(found.footnotes, node, () => {
        ledger.add('footnote', lengthOf(node));
      });
    if (node.type === 'linkReference' || node.type === 'imageReference') found.used.add(node.identifier);
    if (node.type === 'html')
      for (const [, name = ''] of node.value.matchAll(/<\/([a-z]+)/giu)) found.closed.add(name.toLowerCase());
  }
  return found;
}

function note<T extends { readonly identifier: string }>(known: Map<string, T>, node: T, again: () => void): void {
  if (known.has(node.identifier)) again();
  else known.set(node.identifier, node);
}

/** All of them in the order of the text, without recursion. */
function nodesOf(tree: Root): readonly Nodes[] {
  const nodes: Nodes[] = [];
  const waiting: Nodes[] = [tree];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    nodes.push(node);
    if ('children' in node) waiting.push(...node.children.toReversed());
  }
  return nodes;
}

/** A footnote may refer to others, which are shown as well. */
function showFootnotes({ footnotes }: Found, reading: Reading): readonly string[] {
  const shown: string[] = [];
  for (const identifier of reading.cited) {
    const text = showBlocks(footnotes.get(identifier)?.children ?? [], reading);
    if (text !== '') shown.push(`[^${shown.length + 1}]: ${text.replaceAll('\n', '\n    ')}`);
  }
  return shown;
}

function nameUnused({ definitions, footnotes, used }: Found, cited: readonly string[], ledger: Ledger): void {
  for (const [identifier, node] of definitions) if (!used.has(identifier)) ledger.add('definition', lengthOf(node));
  for (const [identifier, node] of footnotes) if (!cited.includes(identifier)) ledger.add('footnote', lengthOf(node));
}

function lengthOf({ position }: Nodes): number {
  return (position?.end.offset ?? 0) - (position?.start.offset ?? 0);
}
