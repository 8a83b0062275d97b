import { fromMarkdown } from 'mdast-util-from-markdown';
import { cleanCharacters } from '../characters/index.ts';
import { countOf, type Kind, type Ledger } from './hidden.ts';
import { readHtml, type Token } from './html.ts';

/** A page while it is read from top to bottom: raw HTML decides what of the rest is seen. */
export interface Page {
  /** The text as it is seen: nothing of it inside something hidden. */
  shown(text: string): string;
  /** What is seen of raw HTML; what it opens stays open for what comes after it. */
  html(raw: string): string;
  /** ` (address)` of a link; empty when GitHub would not open it. */
  address(url: string): string;
  /** Names something that is not shown. */
  leaveOut(kind: Kind, characters: number): void;
  /** The end of the page. Answers the sections that were shown and that a person has to unfold. */
  close(): readonly string[];
}

interface State {
  readonly ledger: Ledger;
  /** Names of all elements that something closes. */
  readonly closed: ReadonlySet<string>;
  /** A comment or a tag without an end. */
  open?: { readonly kind: Kind; readonly end: string; characters: number } | undefined;
  hidden?: { readonly name: string; depth: number; characters: number } | undefined;
  readonly folds: { readonly isFolded: boolean; characters: number }[];
  readonly links: string[];
  readonly folded: string[];
}

export function openPage(ledger: Ledger, closed: ReadonlySet<string>): Page {
  const state: State = { ledger, closed, folds: [], links: [], folded: [] };
  return {
    shown: (text) => show(text, state),
    html: (raw) => showHtml(raw, state),
    address: (url) => showAddress(url, state),
    leaveOut: (kind, characters) => {
      ledger.add(kind, characters);
    },
    close() {
      if (state.open) ledger.add(state.open.kind, state.open.characters);
      if (state.hidden) ledger.add('element', state.hidden.characters);
      while (state.folds.length > 0) unfold(state);
      return state.folded;
    },
  };
}

function show(text: string, state: State): string {
  const holder = state.open ?? state.hidden;
  if (holder) {
    holder.characters += text.length;
    return '';
  }
  const clean = cleanCharacters(text);
  if (clean.removed > 0) state.ledger.add('invisible', clean.removed);
  const fold = state.folds.findLast(({ isFolded }) => isFolded);
  if (fold) fold.characters += clean.text.length;
  return clean.text;
}

function showHtml(raw: string, state: State): string {
  return readHtml(closeOpen(raw, state))
    .map((token) => showToken(token, state))
    .join('');
}

/** What is left of raw HTML after the end of what was open before it. */
function closeOpen(raw: string, state: State): string {
  const { open } = state;
  if (!open) return raw;
  const at = raw.indexOf(open.end);
  open.characters += at === -1 ? raw.length : at + open.end.length;
  if (at === -1) return '';
  state.ledger.add(open.kind === 'open comment' ? 'long comment' : 'attributes', open.characters);
  state.open = undefined;
  return raw.slice(at + open.end.length);
}

function showToken(token: Token, state: State): string {
  switch (token.type) {
    case 'text':
      return show(decodeEntities(token.text), state);
    case 'start':
      return state.hidden ? openHidden(token.name, state.hidden) : showStart(token, state);
    case 'end':
      return state.hidden ? closeHidden(token.name, state.hidden, state) : showEnd(token, state);
    case 'open':
      state.open = { kind: token.kind, end: token.end, characters: token.length };
      return '';
    case 'comment':
      return leave(token.length < 1_000 ? 'comment' : 'long comment', token.length, state);
    case 'declaration':
      return leave('declaration', token.length, state);
  }
}

function leave(kind: Kind, characters: number, { ledger }: State): string {
  ledger.add(kind, characters);
  return '';
}

const entity = /&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});/giu;

/** Markdown knows the same entities; the ones in raw HTML it leaves to the browser. */
function decodeEntities(text: string): string {
  const known = new Map<string, string>();
  return text.replace(entity, (name) => {
    const found = known.get(name) ?? decodeEntity(name);
    known.set(name, found);
    return found;
  });
}

function decodeEntity(name: string): string {
  const [paragraph] = fromMarkdown(name).children;
  const [text] = paragraph?.type === 'paragraph' ? paragraph.children : [];
  return text?.type === 'text' ? text.value : name;
}

function openHidden(name: string, hidden: NonNullable<State['hidden']>): string {
  if (name === hidden.name) hidden.depth += 1;
  return '';
}

function closeHidden(name: string, hidden: NonNullable<State['hidden']>, state: State): string {
  if (name === hidden.name) hidden.depth -= 1;
  if (hidden.depth > 0) return '';
  state.ledger.add('element', hidden.characters);
  state.hidden = undefined;
  return '';
}

type Start = Extract<Token, { type: 'start' }>;

const empty = new Set('area base br col embed hr img input link meta param source track wbr'.split(' '));
/** Without an end, GitHub shows these tags as the text they are; nobody knows where else they would end. */
const literal = new Set('title textarea style xmp iframe noembed noframes script plaintext'.split(' '));
const unshown = new Set(
  'applet audio canvas datalist dialog head map math noscript object rp select svg template video'.split(' '),
);
const hidingAttributes = ['hidden', 'style', 'color', 'bgcolor', 'inert', 'popover', 'aria-hidden'];
const newLines =
  'br hr p div ul ol dl dt dd tr table thead tbody h1 h2 h3 h4 h5 h6 blockquote pre summary section center';
/** What stands in for a tag, so that words on both sides of it stay apart. */
const shownAs: ReadonlyMap<string, string> = new Map([
  ...newLines.split(' ').map((name) => [name, '\n'] as const),
  ['li', '\n- '],
  ['td', ' | '],
  ['th', ' | '],
]);

function showStart({ name, attributes }: Start, state: State): string {
  if (name === 'img') return leave('image', 0, state) || '[image]';
  nameAttributes(attributes, state);
  if (literal.has(name) && !state.closed.has(name)) return show(`<${name}>`, state);
  if (isHiding(name, attributes)) {
    state.hidden = { name, depth: 1, characters: 0 };
    return '';
  }
  if (name === 'a') state.links.push(attributes.get('href') ?? '');
  if (name === 'details') return fold(attributes.has('open'), state);
  return shownAs.get(name) ?? '';
}

function isHiding(name: string, attributes: ReadonlyMap<string, string>): boolean {
  if (empty.has(name)) return false;
  return literal.has(name) || unshown.has(name) || hidingAttributes.some((attribute) => attributes.has(attribute));
}

const plainAttributes = new Set(
  'align width height open colspan rowspan start type dir valign border checked disabled href'.split(' '),
);

function nameAttributes(attributes: ReadonlyMap<string, string>, state: State): void {
  const named = [...attributes].filter(([name, value]) => !plainAttributes.has(name) || isLong(name, value));
  if (named.length === 0) return;
  leave(
    'attributes',
    named.reduce((sum, [name, value]) => sum + name.length + value.length, 0),
    state,
  );
}

function isLong(name: string, value: string): boolean {
  return name !== 'href' && value.length > 12;
}

function fold(isOpen: boolean, state: State): string {
  state.folds.push({ isFolded: !isOpen, characters: 0 });
  return isOpen ? '\n' : '\n[A folded section begins]\n';
}

function showEnd({ name, rest }: Extract<Token, { type: 'end' }>, state: State): string {
  if (rest !== '') leave('attributes', rest.length, state);
  if (name === 'a') return showAddress(state.links.pop() ?? '', state);
  if (name === 'details') return unfold(state);
  return name === 'td' || name === 'th' || name === 'li' ? '' : (shownAs.get(name) ?? '');
}

function unfold(state: State): string {
  const last = state.folds.pop();
  if (!last?.isFolded) return '\n';
  state.folded.push(`a collapsed section (details) of ${countOf(last.characters)} characters`);
  return '\n[The folded section ends]\n';
}

const longestAddress = 200;

/** GitHub opens these; a longer one fits in no status line that a browser shows. */
function showAddress(url: string, state: State): string {
  if (url === '' || state.open || state.hidden) return '';
  const isOpened = /^(?:https?:|mailto:|[^:]*(?:[/?#]|$))/iu.test(url);
  if (isOpened && url.length <= longestAddress) return ` (${show(url, state)})`;
  state.ledger.add('address', url.length);
  return '';
}
