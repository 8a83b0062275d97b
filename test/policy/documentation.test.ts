import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decide, optionRows, planFrom, signs, verbs } from '../../src/policy/index.ts';
import { readSettings, Settings, settingsFields } from '../../src/settings/index.ts';
import { command, facts } from './builders.ts';

const configuration = readFileSync('docs/configuration.md', 'utf8');
const commands = readFileSync('docs/commands.md', 'utf8');
const leaves = settingsFields.filter(({ takes }) => takes !== 'a group of keys');

/** The rows of the table under that heading of columns, each without its outer bars. */
function rowsOf(page: string, heading: string): readonly string[] {
  const [, after = ''] = page.split(`| ${heading} |\n`);
  const [table = ''] = after.split('\n\n');
  return table
    .split('\n')
    .slice(1)
    .filter(Boolean)
    .map((row) => row.slice(2, -2));
}

function renderDefault(key: string): string {
  const value = key
    .split('.')
    .reduce<unknown>((group, part) => (group as Record<string, unknown> | undefined)?.[part], Settings.parse({}));
  if (value === undefined) return '–';
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

describe('docs/configuration.md', () => {
  const rows = rowsOf(configuration, 'key | default | takes | meaning');

  it('has a row for every key with its default and what it takes, in the same order', () => {
    expect(rows.map((row) => row.split(' | ').slice(0, 3).join(' | '))).toEqual(
      leaves.map(({ key, takes }) => `\`${key}\` | ${renderDefault(key)} | ${takes}`),
    );
  });

  it('says of every key whether it has an effect', () => {
    const effects = leaves.map(({ key, works }) => [key, works]);
    expect(rows.map((row, index) => [leaves[index]?.key, !row.includes('**no effect yet**')])).toEqual(effects);
  });

  it('has a row for every sign by which a plan comes first, and what they have to weigh', () => {
    expect(rowsOf(configuration, 'it | in the title | in the text')).toEqual(
      signs.map(({ name, weight: { title, text } }) => `${name} | ${title === 0 ? '–' : title} | ${text}`),
    );
    expect(configuration).toContain(`together they have to weigh ${planFrom}:`);
  });

  it('shows a file that is right', () => {
    const [, example = ''] = /```yaml\n([^]*?)```/u.exec(configuration) ?? [];
    expect(example).toContain('triggers:');
    expect(readSettings(example)).toHaveProperty('settings');
  });

  it('names the variables that config.ts reads, and no others', () => {
    const named = rowsOf(configuration, 'name | default | meaning | example').flatMap(
      (row) => row.split(' | ')[0]?.match(/[A-Z][A-Z_]+/gu) ?? [],
    );
    const read = [...readFileSync('src/config.ts', 'utf8').matchAll(/^ {2}([A-Z][A-Z_]+): (?!')/gmu)].map(
      ([, name]) => name,
    );
    expect(named.filter((name) => name !== 'PRIVATE_KEY_PATH').toSorted()).toEqual(read.toSorted());
  });
});

describe('docs/commands.md', () => {
  const where = { issue: 'an issue', ours: 'a pull request of ours', theirs: 'any other pull request' };

  it('has a row for every verb, with where it may stand and what it does', () => {
    const rows = rowsOf(commands, 'verb | where | what it does').map((row) => row.split(' | '));
    expect(rows).toEqual(
      verbs.map(({ verb, rest, on, does, works }) => [
        `\`${verb}${rest}\``,
        on.length === 3 ? 'anywhere' : on.map((place) => where[place]).join(', '),
        `${does}${works ? '' : ' (**not yet**)'}`,
      ]),
    );
  });

  it('has a row for every option, with what it takes and the verbs that take it', () => {
    const rows = rowsOf(commands, 'option | takes | with').map((row) => row.split(' | '));
    expect(rows).toEqual(
      optionRows.map(({ name, takes, example }) => [
        `\`${example}\``,
        takes,
        verbs.flatMap(({ verb, options }) => (options.includes(name) ? [`\`${verb}\``] : [])).join(', '),
      ]),
    );
  });

  it('lists the verbs that help lists', () => {
    const help = JSON.stringify(decide(command({ verb: 'help' }), facts()));
    for (const { verb, does, works } of verbs)
      expect(new RegExp(`/backend ${verb}.*${does}`, 'u').test(help), verb).toBe(works);
  });
});
