import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readSettings, renderSchema, Settings, settingsFields } from '../../src/settings/index.ts';

const published = readFileSync('docs/backend.schema.json', 'utf8');
const configuration = readFileSync('docs/configuration.md', 'utf8');
const schema = JSON.parse(published) as { readonly $id: string };
const takes = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true }).compile(schema);

describe('docs/backend.schema.json', () => {
  it('is what `npm run --silent backend -- schema > docs/backend.schema.json` writes', () => {
    expect(published).toBe(renderSchema());
  });

  it('is named at the beginning of the example in the documentation, which it takes', () => {
    const [, example = ''] = /```yaml\n([^]*?)```/u.exec(configuration) ?? [];
    expect(example.split('\n')[0]).toBe(`# yaml-language-server: $schema=${schema.$id}`);
    expect(takes(parse(example)), JSON.stringify(takes.errors)).toBe(true);
    expect(readSettings(example)).toHaveProperty('settings');
  });

  it('takes what holds by default, and every example', () => {
    expect(takes(JSON.parse(JSON.stringify(Settings.parse({})))), JSON.stringify(takes.errors)).toBe(true);
    for (const { key, example } of settingsFields) {
      const value = key.split('.').reduceRight<unknown>((inner, part) => ({ [part]: inner }), parse(example));
      expect(takes(value), `${key}: ${JSON.stringify(takes.errors)}`).toBe(true);
    }
  });

  it('says of every key what it takes', () => {
    const said = [...published.matchAll(/"description": "Takes /gu)].length;
    expect(said).toBe(settingsFields.length);
  });

  it.each([
    ['draft: maybe'],
    ['budgt: { usd: 1 }'],
    ['budget: { dollars: 1 }'],
    ['budget: { usd: 0 }'],
    ['budget: [1]'],
    ['plan: sometimes'],
    ['base: "a..b"'],
    ['branch: backend/{slug}'],
    ['network: { allow: ["*.example.com"] }'],
    ['protect: ["../x"]'],
    ['protect: a'],
    ['triggers: { label: true }'],
    ['triggers: { files: { path: [a] } }'],
    ['setup: "  "'],
    ['- a'],
  ])('refuses %s, as the app does', (text) => {
    expect(takes(parse(text))).toBe(false);
    expect(readSettings(text)).toHaveProperty('problems');
  });

  it.each([['triggers: { command: /Be }'], ['branch: Team/{number}'], ['network: { allow: [Packages.Example.COM] }']])(
    'takes %s, as the app does',
    (text) => {
      expect(takes(parse(text))).toBe(true);
      expect(readSettings(text)).toHaveProperty('settings');
    },
  );
});
