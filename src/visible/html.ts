/** A piece of raw HTML. `open` ones have no end: whatever comes after them is inside. */
export type Token =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'start'; readonly name: string; readonly attributes: ReadonlyMap<string, string> }
  | { readonly type: 'end'; readonly name: string; readonly rest: string }
  | { readonly type: 'comment' | 'declaration'; readonly length: number }
  | {
      readonly type: 'open';
      readonly kind: 'open comment' | 'open tag';
      readonly end: '-->' | '>';
      readonly length: number;
    };

/** Raw HTML in pieces, as browsers cut it; where it is simpler than they are, it leaves more out. Never throws; linear. */
export function readHtml(raw: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < raw.length;) {
    const { token, end } = readToken(raw, at);
    tokens.push(token);
    at = end;
  }
  return tokens;
}

interface Step {
  readonly token: Token;
  readonly end: number;
}

const markupStart = /<(?=[a-z/!?])/giu;

function readToken(raw: string, at: number): Step {
  markupStart.lastIndex = at;
  const start = markupStart.exec(raw)?.index ?? raw.length;
  if (start > at) return { token: { type: 'text', text: raw.slice(at, start) }, end: start };
  if (raw.startsWith('<!--', at)) return readComment(raw, at);
  if (/^<(?:[!?]|\/[^a-z])/iu.test(raw.slice(at, at + 3))) return readDeclaration(raw, at);
  return readTag(raw, at);
}

/** `<!-->` and `<!--->` are whole comments. */
function readComment(raw: string, at: number): Step {
  const close = raw.indexOf('-->', at + 2);
  if (close === -1) return readOpen(raw, at, { kind: 'open comment', end: '-->' });
  return { token: { type: 'comment', length: close + 3 - at }, end: close + 3 };
}

function readDeclaration(raw: string, at: number): Step {
  const close = raw.indexOf('>', at);
  if (close === -1) return readOpen(raw, at, { kind: 'open tag', end: '>' });
  return { token: { type: 'declaration', length: close + 1 - at }, end: close + 1 };
}

function readOpen(raw: string, at: number, how: Pick<Extract<Token, { type: 'open' }>, 'kind' | 'end'>): Step {
  return { token: { type: 'open', ...how, length: raw.length - at }, end: raw.length };
}

function readTag(raw: string, at: number): Step {
  const close = findTagEnd(raw, at);
  if (close === -1) return readOpen(raw, at, { kind: 'open tag', end: '>' });
  const [, slash, name = '', rest = ''] = /^<(\/?)([^\s/>]+)(.*)$/su.exec(raw.slice(at, close)) ?? [];
  const token: Token =
    slash === '/'
      ? { type: 'end', name: name.toLowerCase(), rest: rest.trim() }
      : { type: 'start', name: name.toLowerCase(), attributes: readAttributes(rest) };
  return { token, end: close + 1 };
}

/** The `>` that no quoted value holds. */
function findTagEnd(raw: string, at: number): number {
  let quote = '';
  for (let index = at; index < raw.length; index += 1) {
    const character = raw.charAt(index);
    if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (character === '>') return index;
  }
  return -1;
}

const attribute = /([^\s=/"'>]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/gu;

/** The first of two of the same name counts. */
function readAttributes(text: string): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name = '', double, single, bare] of text.matchAll(attribute)) {
    const key = name.toLowerCase();
    if (!attributes.has(key)) attributes.set(key, double ?? single ?? bare ?? '');
  }
  return attributes;
}
