import { LineCounter, parseDocument, visit } from 'yaml';
import type { Document } from 'yaml';
import type { z } from 'zod';
import type { UnreadFile } from '../domain/index.ts';
import { describeIssue, describeSyntaxError, renderProblem, startOf } from './settings-problems.ts';
import type { Problem } from './settings-problems.ts';
import { Settings } from './settings.ts';

/** What one file says: nothing where it has a problem. */
export interface SettingsFile {
  readonly problems: readonly string[];
  readonly data: z.input<typeof Settings>;
  /** As far as it could be read; undefined when there is no text. */
  readonly document: Document | undefined;
  /** A problem at a place in this file, in Markdown. */
  readonly render: (problem: Problem) => string;
}

const maxBytes = 64 * 1024;

/** A link may point anywhere, a submodule to somebody else's repository: who may change those is not who may change the settings. */
const unreadProblems: Readonly<Record<UnreadFile['unread'], string>> = {
  symlink: '`.github/backend.yml` is a link, or `.github` is one; please put the file itself there.',
  submodule: '`.github/backend.yml` is a submodule, or `.github` is one; please put the file itself there.',
  dir: '`.github/backend.yml` is a folder; please put a file there.',
  large: 'The file is larger than 64 KiB; settings fit in far less.',
  encoding: 'The file is not UTF-8; please save it as UTF-8.',
};

/** Reads one file by itself. Never throws, and takes no long time whatever the text. */
export function readFile(text: string | UnreadFile | undefined): SettingsFile {
  if (text === undefined) return fileWithout([]);
  if (typeof text !== 'string') return fileWithout([unreadProblems[text.unread]]);
  if (Buffer.byteLength(text) > maxBytes) return fileWithout([unreadProblems.large]);
  return readText(text.replace(/^\uFEFF/u, ''));
}

function fileWithout(problems: readonly string[]): SettingsFile {
  return { problems, data: {}, document: undefined, render: ({ text }) => text };
}

function readText(text: string): SettingsFile {
  const lines = new LineCounter();
  // The parser's own search for keys given twice takes quadratic time; findForbidden looks for them instead.
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  const render = (problem: Problem) => renderProblem(problem, lines);
  const read = findNul(text) ?? readDocument(document);
  if ('data' in read) return { problems: [], data: read.data, document, render };
  return { problems: [...new Set(read.problems.map(render))], data: {}, document, render };
}

interface Wrong {
  readonly problems: readonly Problem[];
}

/** No text has one, except in UTF-16. */
function findNul(text: string): Wrong | undefined {
  const offset = text.indexOf('\0');
  if (offset < 0) return undefined;
  return { problems: [{ offset, text: 'Here is a NUL, which no text has; please save the file as UTF-8.' }] };
}

function readDocument(document: Document.Parsed): { readonly data: z.input<typeof Settings> } | Wrong {
  const [syntaxError] = [...document.errors, ...document.warnings];
  if (syntaxError) return { problems: [describeSyntaxError(syntaxError)] };
  const forbidden = findForbidden(document);
  if (forbidden.length > 0) return { problems: forbidden };
  const data: unknown = document.toJS() ?? {};
  const { success, error } = Settings.safeParse(data);
  if (success) return { data: data as z.input<typeof Settings> }; // what the schema just took
  return { problems: error.issues.flatMap((issue) => describeIssue(issue, document)) };
}

/** YAML that could make a short file large, or that says one thing twice. */
function findForbidden(document: Document): readonly Problem[] {
  const found: Problem[] = [];
  visit(document, {
    Alias: (_, alias) => {
      found.push({ offset: startOf(alias), text: 'Aliases (`*name`) are not taken here; please write the value out.' });
    },
    Map: (_, { items }) => {
      const seen = new Set<string>();
      for (const { key } of items) {
        const name = String(key);
        if (seen.has(name)) found.push({ offset: startOf(key), text: 'This key stands here twice; please keep one.' });
        seen.add(name);
      }
    },
  });
  return found;
}
