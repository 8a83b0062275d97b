import type { Document } from 'yaml';
import type { z } from 'zod';
import type { OrganisationFile, UnreadFile } from '../domain/index.ts';
import { shortCode } from '../markdown/index.ts';
import { findWidening, merge } from './merge-settings.ts';
import { Settings, TriggerWords } from './settings.ts';
import { readFile } from './settings-file.ts';

/** The settings, or what is wrong with them; then what starts work is still told, as far as it could be read. */
export type SettingsReading =
  { readonly settings: Settings } | { readonly problems: readonly string[]; readonly triggers: TriggerWords };

/**
 * The settings in the text of `.github/backend.yml`; undefined, an empty file and comments alone mean that everything stays as it is by
 * default, which is what the organisation's file says, and below it the schema. Never throws. Each problem is one sentence or two of
 * Markdown with line and column (from 1) and what is right; one in the organisation's file begins with where that stands.
 */
export function readSettings(own: string | UnreadFile | undefined, organisation?: OrganisationFile): SettingsReading {
  const [ours, theirs] = [readFile(own), readFile(organisation?.text)];
  const where = shortCode(organisation?.repository ?? '');
  const problems = [
    ...theirs.problems.map((problem) => `In the organisation’s ${where}: ${problem}`),
    ...ours.problems,
    ...findWidening(ours, { file: theirs, where }),
  ];
  if (problems.length > 0) return { problems, triggers: readTriggers([ours.document, theirs.document]) };
  const settings = Settings.parse(merge(theirs.data, ours.data));
  const protect = [theirs.data, ours.data].flatMap((data) => data.protect ?? []);
  return { settings: { ...settings, protect: [...new Set(protect)] } };
}

/** Each word on its own, from the first file that has it right: one that is missing or wrong everywhere is the usual one. */
function readTriggers(documents: readonly (Document | undefined)[]): TriggerWords {
  const { label, command, mention } = TriggerWords.shape;
  return {
    label: readWord(label, 'label', documents),
    command: readWord(command, 'command', documents),
    mention: readWord(mention, 'mention', documents),
  };
}

function readWord<T extends z.ZodType>(
  schema: T,
  key: string,
  documents: readonly (Document | undefined)[],
): z.output<T> {
  const said = documents.map((document) => document?.getIn(['triggers', key]));
  return schema.parse(said.find((word) => word !== undefined && schema.safeParse(word).success));
}
