import type { Definition, Nodes, RootContent, Table, TableCell } from 'mdast';
import { fenced } from '../markdown/index.ts';
import { withoutHidingFormulas } from './formulas.ts';
import type { Page } from './page.ts';

/** What a document is read with. */
export interface Reading {
  readonly page: Page;
  /** By identifier. */
  readonly definitions: ReadonlyMap<string, Definition>;
  /** Identifiers of footnotes, in the order in which the page refers to them: it shows their numbers only. */
  readonly cited: string[];
}

interface Place extends Reading {
  readonly depth: number;
}

/** Deeper than any document that people write, and not so deep that recursion is a danger. */
const deepest = 100;

/** Blocks as they are seen, an empty line between two. */
export function showBlocks(nodes: readonly RootContent[], reading: Reading): string {
  return joinBlocks(nodes, { ...reading, depth: 0 }, '\n\n');
}

function joinBlocks(nodes: readonly Nodes[], place: Place, between: string): string {
  return nodes
    .map((node) => (node.type === 'html' ? showNode(node, place).trim() : showNode(node, place)))
    .filter((text) => text.trim() !== '')
    .join(between);
}

function showInline(nodes: readonly Nodes[], place: Place): string {
  return nodes.map((node) => showNode(node, place)).join('');
}

type Show<T extends Nodes['type']> = (node: Extract<Nodes, { type: T }>, place: Place) => string;

const shows: { readonly [T in Nodes['type']]?: Show<T> } = {
  paragraph: ({ children }, place) => withoutHidingFormulas(showInline(children, place), place.page),
  heading: ({ depth, children }, place) => prefixed(`${'#'.repeat(depth)} `, '', showInline(children, place)),
  thematicBreak: () => '---',
  blockquote: ({ children }, place) => prefixed('> ', '> ', joinBlocks(children, place, '\n\n')),
  list: ({ children, ordered, start, spread }, place) =>
    children
      .map((item, index) => showItem(item, ordered ? `${(start ?? 1) + index}. ` : '- ', place))
      .filter(Boolean)
      .join(spread ? '\n\n' : '\n'),
  listItem: (item, place) => showItem(item, '- ', place),
  code: ({ value, lang, meta }, place) => showCode(value, `${lang ?? ''} ${meta ?? ''}`.trim(), place),
  table: showTable,
  html: ({ value }, { page }) => page.html(value),
  text: ({ value }, { page }) => page.shown(value),
  inlineCode: ({ value }, { page }) => asCode(page.shown(value)),
  emphasis: ({ children }, place) => wrapped('*', showInline(children, place)),
  strong: ({ children }, place) => wrapped('**', showInline(children, place)),
  delete: ({ children }, place) => wrapped('~~', showInline(children, place)),
  break: (_, { page }) => page.shown('\n'),
  link: ({ children, url, title }, place) => showLink(showInline(children, place), { url, title }, place.page),
  linkReference: showReference,
  image: ({ url, title, alt }, { page }) => showImage([url, title, alt], page),
  imageReference: ({ alt }, { page }) => showImage([alt], page),
  footnoteReference: showCitation,
  definition: () => '',
  footnoteDefinition: () => '',
};

function showNode(node: Nodes, place: Place): string {
  if (place.depth === deepest) {
    place.page.leaveOut('nesting', 0);
    return '';
  }
  const show = shows[node.type] as ((node: Nodes, place: Place) => string) | undefined; // the table's key is the node's type
  return show?.(node, { ...place, depth: place.depth + 1 }) ?? '';
}

function prefixed(first: string, others: string, text: string): string {
  if (text.trim() === '') return '';
  return `${first}${text.replaceAll(/\n(?!\n)/gu, `\n${others}`).replaceAll(/\n(?=\n)/gu, `\n${others.trimEnd()}`)}`;
}

function wrapped(mark: string, text: string): string {
  return text.trim() === '' ? text : `${mark}${text}${mark}`;
}

function showItem(item: Extract<Nodes, { type: 'listItem' }>, marker: string, place: Place): string {
  const text = joinBlocks(item.children, place, item.spread ? '\n\n' : '\n');
  const box = typeof item.checked === 'boolean' ? `[${item.checked ? 'x' : ' '}] ` : '';
  return prefixed(marker + box, ' '.repeat(marker.length), text);
}

/** Kinds of code blocks that GitHub draws instead of showing them. */
const maps = new Set(['geojson', 'topojson', 'stl']);
const undrawn = /^\s*(?:%%|style\b|classDef\b|linkStyle\b|click\b|accTitle\b|accDescr\b|link\b|links\b)/u;

function showCode(value: string, info: string, { page }: Place): string {
  const [language = ''] = /^[\w+#.-]{1,20}(?=\s|$)/u.exec(info) ?? [];
  if (info.length > language.length) page.leaveOut('info', info.length - language.length);
  if (maps.has(language.toLowerCase())) {
    page.leaveOut('diagram', value.length);
    return page.shown(`[${language}]`);
  }
  const drawn = language.toLowerCase() === 'mermaid' ? showDrawn(value, page) : value;
  const text = page.shown(drawn);
  const isHidden = text === '' && drawn !== '';
  return isHidden ? '' : withoutHidingFormulas(fenced(text, language), page, language.toLowerCase() === 'math');
}

function showDrawn(value: string, page: Page): string {
  const lines = value.split('\n');
  const drawn = lines.filter((line) => !undrawn.test(line));
  if (drawn.length < lines.length) page.leaveOut('diagram', value.length - drawn.join('\n').length);
  return drawn.join('\n');
}

/** Of a row, GitHub shows as many cells as the first one has. */
function showTable({ children }: Table, place: Place): string {
  const width = children[0]?.children.length ?? 0;
  const rows = children.map((row) => {
    for (const cell of row.children.slice(width)) place.page.leaveOut('cell', lengthOf(cell));
    return `| ${row.children
      .slice(0, width)
      .map((cell) => showCell(cell, place))
      .join(' | ')} |`;
  });
  const line = `|${' --- |'.repeat(width)}`;
  return rows.every((row) => /^[|\s]*$/u.test(row)) ? '' : [rows[0], line, ...rows.slice(1)].join('\n');
}

function showCell({ children }: TableCell, place: Place): string {
  const text = withoutHidingFormulas(showInline(children, place), place.page);
  return text.replaceAll('\n', ' ').replaceAll('|', '\\|');
}

function lengthOf({ position }: Nodes): number {
  return (position?.end.offset ?? 0) - (position?.start.offset ?? 0);
}

function asCode(text: string): string {
  if (text === '') return '';
  const longest = (text.match(/`+/gu) ?? []).reduce((most, run) => Math.max(most, run.length), 0);
  const fence = '`'.repeat(longest + 1);
  const pad = /^`|`$/u.test(text) ? ' ' : '';
  return `${fence}${pad}${text}${pad}${fence}`;
}

function showLink(
  label: string,
  { url, title }: { readonly url: string; readonly title?: string | null | undefined },
  page: Page,
): string {
  if (title) page.leaveOut('title', title.length);
  if (label.trim() === '') {
    page.leaveOut('address', url.length);
    return label;
  }
  const isSame = [url, `https://${url}`].some((same) =>
    [label, `mailto:${label}`, `http://${label}`, `https://${label}`].includes(same),
  );
  return isSame ? label : `${label}${page.address(url)}`;
}

function showReference(node: Extract<Nodes, { type: 'linkReference' }>, place: Place): string {
  const { children, identifier, label, referenceType } = node;
  if (referenceType === 'full') place.page.leaveOut('label', (label ?? identifier).length);
  const definition = place.definitions.get(identifier);
  return showLink(showInline(children, place), { url: definition?.url ?? '', title: definition?.title }, place.page);
}

/** Nobody who looks at a picture reads its description. */
function showImage(unseen: readonly (string | null | undefined)[], page: Page): string {
  page.leaveOut('image', unseen.join('').length);
  return page.shown('[image]');
}

/** The page shows a number instead of the name. */
function showCitation({ identifier }: Extract<Nodes, { type: 'footnoteReference' }>, { page, cited }: Place): string {
  if (identifier.length > 12 && !cited.includes(identifier)) page.leaveOut('footnote name', identifier.length);
  return page.shown(`[^${numberOf(identifier, cited)}]`);
}

function numberOf(identifier: string, cited: string[]): number {
  if (!cited.includes(identifier)) cited.push(identifier);
  return cited.indexOf(identifier) + 1;
}
