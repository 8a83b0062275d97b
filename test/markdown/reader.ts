/** Reads Markdown as GitHub would, roughly and warily: what is left here is what mentions, references and links are looked for in. */

/** Prose of a text as paragraphs, code blocks and code spans taken out, entities and escapes resolved as a browser would show them. */
export function proseOf(markdown: string): string[] {
  const paragraphs = paragraphsOf(markdown);
  const hasTable = paragraphs.some((lines) =>
    lines.some((line) => /^[\s>|:*+\-\d.)]+$/.test(line) && /-/.test(line) && /[|:]/.test(line)),
  );
  const joined = paragraphs.map((lines) => withoutSpans(lines.join('\n')));
  if (!hasTable) return joined.map(shown);
  const cells = paragraphs.flat().flatMap((line) => line.split(/(?<!\\)\|/));
  return [...joined, ...cells.map(withoutSpans)].map(shown);
}

/** The same with its Markdown characters, to look for links and HTML in. */
export function markupOf(markdown: string): string {
  return paragraphsOf(markdown)
    .map((lines) => withoutSpans(lines.join('\n')))
    .join('\n\n');
}

function paragraphsOf(markdown: string): string[][] {
  const paragraphs: string[][] = [[]];
  let fence: string | undefined;
  for (const line of markdown.split('\n')) {
    const run = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/.exec(line)?.[1];
    if (fence !== undefined) {
      if (run?.startsWith(fence) === true && line.trim() === run) fence = undefined;
    } else if (run !== undefined) {
      fence = run;
      paragraphs.push([]);
    } else if (line.trim() === '') paragraphs.push([]);
    else paragraphs.at(-1)?.push(line);
  }
  return paragraphs;
}

/** CommonMark: an escape outside of code, then the leftmost run of backticks that finds one of its own length. */
function withoutSpans(text: string): string {
  let out = '';
  for (let at = 0; at < text.length;) {
    if (text[at] === '\\') {
      out += text.slice(at, at + 2);
      at += 2;
      continue;
    }
    const run = /^`+/.exec(text.slice(at))?.[0];
    if (run === undefined) {
      out += text.charAt(at);
      at += 1;
      continue;
    }
    const rest = text.slice(at + run.length);
    const close = [...rest.matchAll(/`+/g)].find((match) => match[0].length === run.length);
    out += close ? '\u0000' : run;
    at += run.length + (close ? close.index + run.length : 0);
  }
  return out;
}

function shown(text: string): string {
  return text
    .replace(/<(https?:[^>\s]*)>/g, ' ')
    .replace(/\\([!-/:-@[-`{-~])/g, '$1')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&lt;/g, '<')
    .replace(/&amp;/g, '&');
}
