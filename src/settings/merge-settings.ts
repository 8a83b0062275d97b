import { shortCode } from '../markdown/index.ts';
import { startOf } from './settings-problems.ts';
import type { SettingsFile } from './settings-file.ts';

/** What the second says goes before the first, key by key; in groups too. A list is a value: it takes the other's place as a whole. */
export function merge(below: unknown, above: unknown): unknown {
  if (!isGroup(below) || !isGroup(above)) return above;
  const both = Object.keys(above).map((key) => [key, key in below ? merge(below[key], above[key]) : above[key]]);
  return { ...below, ...Object.fromEntries(both) };
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Lists that let somebody in: from the organisation's, a repository can only take. */
const ceilings = [
  { path: ['network', 'allow'], listOf: ({ data }: SettingsFile) => data.network?.allow },
  { path: ['triggers', 'delegators'], listOf: ({ data }: SettingsFile) => data.triggers?.delegators },
] as const;

/** What a repository's file would let in beyond the organisation's, at its place and with what is right. */
export function findWidening(
  own: SettingsFile,
  organisation: { readonly file: SettingsFile; readonly where: string },
): readonly string[] {
  return ceilings.flatMap(({ path, listOf }) => {
    const most = listOf(organisation.file);
    if (most === undefined) return [];
    const allowed =
      most.length === 0 ? 'It allows none.' : `It allows ${most.map((each) => shortCode(each)).join(', ')}.`;
    return (listOf(own) ?? []).flatMap((name, index) => {
      if (most.some((each) => each.toLowerCase() === name.toLowerCase())) return [];
      const offset = startOf(own.document?.getIn([...path, index], true));
      const key = shortCode(path.join('.'));
      const text = `${key} has ${shortCode(name)}, which the organisation’s ${organisation.where} does not allow. ${allowed}`;
      return [own.render({ offset, text })];
    });
  });
}
