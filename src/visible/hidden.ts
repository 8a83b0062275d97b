/** What may be in a text without being seen: how one of a kind is called, and several. */
const kinds = {
  comment: ['an HTML comment', 'HTML comments'],
  'long comment': ['a long HTML comment', 'long HTML comments'],
  'open comment': ['an HTML comment that nothing closes', 'HTML comments that nothing closes'],
  declaration: ['an HTML declaration', 'HTML declarations'],
  'open tag': ['an HTML tag that nothing closes', 'HTML tags that nothing closes'],
  attributes: ['attributes of an HTML tag', 'attributes of HTML tags'],
  element: ['a hidden HTML element', 'hidden HTML elements'],
  image: ['an image, with its address and description', 'images, with their addresses and descriptions'],
  title: ['the title of a link', 'titles of links'],
  label: ['the label of a link', 'labels of links'],
  address: [
    'a link’s address that GitHub does not open or that is too long',
    'addresses of links that GitHub does not open or that are too long',
  ],
  definition: ['a link definition that nothing uses', 'link definitions that nothing uses'],
  footnote: ['a footnote that nothing refers to', 'footnotes that nothing refers to'],
  'footnote name': ['the name of a footnote', 'names of footnotes'],
  info: ['words after the fence of a code block', 'words after the fences of code blocks'],
  cell: ['a table cell outside its table', 'table cells outside their table'],
  formula: ['a formula that can hide text', 'formulas that can hide text'],
  diagram: ['parts of a diagram that are not drawn', 'parts of diagrams that are not drawn'],
  nesting: ['text that is nested too deeply to be read', 'texts that are nested too deeply to be read'],
  invisible: ['an invisible character', 'invisible characters'],
} as const;

export type Kind = keyof typeof kinds;

/** Counts what was left out, and names it for people. */
export interface Ledger {
  add(kind: Kind, characters: number): void;
  names(): readonly string[];
  /** Without what every issue template leaves behind: short HTML comments. */
  notable(): readonly string[];
}

export function openLedger(): Ledger {
  const found = new Map<Kind, { count: number; characters: number }>();
  const named = (isNamed: (kind: Kind) => boolean) =>
    [...found].filter(([kind]) => isNamed(kind)).map(([kind, { count, characters }]) => name(kind, count, characters));
  return {
    add(kind, characters) {
      const before = found.get(kind) ?? { count: 0, characters: 0 };
      found.set(kind, { count: before.count + 1, characters: before.characters + characters });
    },
    names: () => named(() => true),
    notable: () => named((kind) => kind !== 'comment'),
  };
}

function name(kind: Kind, count: number, characters: number): string {
  const [one, many] = kinds[kind];
  if (kind === 'invisible') return characters === 1 ? one : `${countOf(characters)} ${many}`;
  const what = count === 1 ? one : `${countOf(count)} ${many}`;
  return characters === 0 ? what : `${what}: ${countOf(characters)} ${characters === 1 ? 'character' : 'characters'}`;
}

export function countOf(number: number): string {
  return number.toLocaleString('en-US');
}
