/** One part of a pull request that is ours to rebuild. An empty `content` is left out, or emptied where it was. */
export interface Section {
  readonly name: string;
  readonly heading?: string;
  /** Other headings of a template that mean the same, in lower case, with `|` between them. */
  readonly alsoCalled?: string;
  readonly content: string;
}

const begin = (name: string): string => `<!-- backend:begin ${name} -->`;
const end = (name: string): string => `<!-- backend:end ${name} -->`;

/**
 * Puts our sections into a body: what stands between the markers of a section is replaced, everything outside is kept as people
 * left it, and sections that are missing are added in their order. Pure; doing it twice changes nothing more.
 */
export function mergeBody(existing: string, sections: readonly Section[]): string {
  return sections.reduce((body, section, index) => {
    const place = findBlock(body, section.name);
    if (place) return body.slice(0, place.start) + block(section) + body.slice(place.end);
    if (section.content === '') return body;
    const before = sections.slice(0, index).reverse();
    return insertAfter(body, before, section);
  }, existing);
}

/** Same text, whatever line ends GitHub's editor gave it. */
export function isSameText(left: string, right: string): boolean {
  return left.replaceAll('\r\n', '\n').trim() === right.replaceAll('\r\n', '\n').trim();
}

function block({ name, content }: Section): string {
  // A marker inside the content would end the section early.
  const inner = content.replace(/<!--(?=\s*backend:)/gi, '<! --');
  return `${begin(name)}\n${inner}\n${end(name)}`;
}

function textOf(section: Section): string {
  return `${section.heading === undefined ? '' : `## ${section.heading}\n`}${block(section)}`;
}

function findBlock(body: string, name: string): { readonly start: number; readonly end: number } | undefined {
  const start = body.indexOf(begin(name));
  const stop = start === -1 ? -1 : body.indexOf(end(name), start);
  return stop === -1 ? undefined : { start, end: stop + end(name).length };
}

function insertAfter(body: string, before: readonly Section[], section: Section): string {
  const previous = before.map(({ name }) => findBlock(body, name)).find((place) => place !== undefined);
  if (before.length === 0) return body === '' ? textOf(section) : `${textOf(section)}\n\n${body}`;
  const at = previous?.end ?? body.length;
  const [head, tail] = [body.slice(0, at), body.slice(at)];
  return `${head}${head === '' ? '' : '\n\n'}${textOf(section)}${tail}`;
}

/**
 * A new body. The first section stands on top; then comes the repository's template, with our text right below each heading that
 * means the same as one of ours and the template's own text kept; then the sections the template has no heading for.
 */
export function startBody(template: string, sections: readonly Section[]): string {
  const [first, ...others] = sections.filter(({ content }, index) => index === 0 || content !== '');
  const open = new Set(others);
  const filled = fillTemplate(template, open);
  const top = first && first.content !== '' ? block(first) : '';
  return [top, filled, ...[...open].map(textOf)].filter(Boolean).join('\n\n');
}

/** Takes the sections that found their heading out of `open`. */
function fillTemplate(template: string, open: Set<Section>): string {
  let fence: string | undefined;
  let isComment = false;
  const lines = template
    .replace(/\r\n?/g, '\n')
    .replace(/<!--(?=\s*backend:)/gi, '<! --')
    .split('\n');
  const out = lines.flatMap((line) => {
    const isText = fence === undefined && !isComment;
    fence = fenceAfter(line, fence);
    isComment = isCommentAfter(line, isComment);
    const section = isText ? [...open].find((candidate) => isHeadingOf(line, candidate)) : undefined;
    if (!section) return [line];
    open.delete(section);
    return [line, block(section)];
  });
  return out.join('\n').trimEnd();
}

function fenceAfter(line: string, fence: string | undefined): string | undefined {
  const run = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
  if (run === undefined) return fence;
  if (fence === undefined) return run;
  return run.startsWith(fence) ? undefined : fence;
}

function isCommentAfter(line: string, isComment: boolean): boolean {
  const [opened, closed] = [line.lastIndexOf('<!--'), line.lastIndexOf('-->')];
  return opened === closed ? isComment : opened > closed;
}

function isHeadingOf(line: string, { heading, alsoCalled = '' }: Section): boolean {
  const title = /^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$/.exec(line)?.[1];
  if (title === undefined || heading === undefined) return false;
  const plain = title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} ]/gu, '')
    .trim();
  return plain !== '' && [heading.toLowerCase(), ...alsoCalled.split('|')].includes(plain);
}

const templateFolders = ['.github/', '', 'docs/'];

/** The repository's pull request template by GitHub's rules: in `.github`, the root or `docs`, in any case; of a folder, the first. */
export function findTemplate(paths: readonly string[]): string | undefined {
  const sorted = paths.toSorted();
  const patterns = [/^pull_request_template(?:\.md|\.txt)?$/, /^pull_request_template\/[^/]+\.(?:md|txt)$/];
  for (const pattern of patterns) {
    for (const folder of templateFolders) {
      const found = sorted.find((path) => {
        const lower = path.toLowerCase();
        return lower.startsWith(folder) && pattern.test(lower.slice(folder.length));
      });
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
