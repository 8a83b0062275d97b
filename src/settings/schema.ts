import { parse } from 'yaml';
import { z } from 'zod';
import { Settings } from './settings.ts';
import { settingsFields, type SettingsField } from './settings-fields.ts';

type Schema = z.core.JSONSchema.BaseSchema;

/** Where editors find it, under the address that app.yml gives the project. */
const address = 'https://raw.githubusercontent.com/backend-developer/backend-developer/main/docs/backend.schema.json';

/**
 * `.github/backend.yml` as JSON Schema (draft 7, which editors read), as text. It takes whatever readSettings takes; beyond it, a few rules
 * are checked only there.
 */
export function renderSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(Settings, { io: 'input', target: 'draft-7' });
  for (const field of settingsFields) describe(schema, field);
  const title = 'Settings of Backend Developer for a repository: .github/backend.yml';
  return `${JSON.stringify({ $schema, $id: address, title, ...schema }, null, 2)}\n`;
}

/** Puts words and an example where the key stands. */
function describe(schema: Schema, { key, takes, example, works }: SettingsField): void {
  const node = key.split('.').reduce<Schema | undefined>((group, part) => propertyOf(group, part), schema);
  if (node === undefined) return;
  node.description = `Takes ${takes.replaceAll('`', '')}.${works ? '' : ' No effect yet.'}`;
  node.examples = [parse(example)];
}

function propertyOf(group: Schema | undefined, part: string): Schema | undefined {
  const property = group?.properties?.[part];
  return typeof property === 'object' ? property : undefined;
}
