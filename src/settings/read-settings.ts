import { LineCounter, parseDocument, visit } from 'yaml';
import type { Document } from 'yaml';
import type { UnreadFile } from '../domain/index.ts';
import { describeIssue, describeSyntaxError, renderProblem, startOf } from './settings-problems.ts';
import type { Problem } from './settings-problems.ts';
import { Settings, TriggerWords } from './settings.ts';

/** The settings, or what is wrong with them; then what starts work is still told, as far as it could be read. */
export type SettingsReading =
  { readonly settings: Settings } | { readonly problems: readonly string[]; readonly triggers: TriggerWords };

const maxBytes = 64 * 1024;

/** A link may point anywhere, a submodule to somebody else's repository: who may change those is not who may change the settings. */
const unreadProblems: Readonly<Record<UnreadFile['unread'], string>> = {
  symlink: '`.github/backend.yml` is a link, or `.github` is one; please put the file itself there.',
  submodule: '`.github/backend.yml` is a submodule, or `.github` is one; please put the file itself there.',
  dir: '`.github/backend.yml` is a folder; please put a file there.',
  large: 'The file is larger than 64 KiB; settings fit in far less.',
};

/**
 * The settings in the text of `.github/backend.yml`; undefined, an empty file and comments alone mean that everything stays as it is by
 * default. Never throws. Each problem is one sentence or two of Markdown with line and column (from 1) and what is right.
 */
export function readSettings(text: string | UnreadFile | undefined): SettingsReading {
  if (text === undefined) return { settings: Settings.parse({}) };
  if (typeof text !== 'string') return refuse(text);
  if (Buffer.byteLength(text) > maxBytes) return refuse({ unread: 'large' });
  const lines = new LineCounter();
  // The parser's own search for keys given twice takes quadratic time; findForbidden looks for them instead.
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
  });
  const read = readDocument(document);
  if ('settings' in read) return read;
  const problems = new Set(read.problems.map((problem) => renderProblem(problem, lines)));
  return { problems: [...problems], triggers: readTriggers(document) };
}

function refuse({ unread }: UnreadFile): SettingsReading {
  return { problems: [unreadProblems[unread]], triggers: TriggerWords.parse({}) };
}

function readDocument(document: Document.Parsed): { settings: Settings } | { problems: readonly Problem[] } {
  const [syntaxError] = [...document.errors, ...document.warnings];
  if (syntaxError) return { problems: [describeSyntaxError(syntaxError)] };
  const forbidden = findForbidden(document);
  if (forbidden.length > 0) return { problems: forbidden };
  const { success, data, error } = Settings.safeParse(document.toJS() ?? {});
  return success ? { settings: data } : { problems: error.issues.flatMap((issue) => describeIssue(issue, document)) };
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

/** Each word on its own: one that is missing or wrong is the usual one. */
function readTriggers(document: Document): TriggerWords {
  const { label, command, mention } = TriggerWords.shape;
  return {
    label: label.catch('backend').parse(document.getIn(['triggers', 'label'])),
    command: command.catch('/backend').parse(document.getIn(['triggers', 'command'])),
    mention: mention.catch(true).parse(document.getIn(['triggers', 'mention'])),
  };
}
