import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { z } from 'zod';
import { readSettings, Settings, settingsFields } from '../../src/settings/index.ts';

function problemsOf(text: string): readonly string[] {
  const reading = readSettings(text);
  return 'problems' in reading ? reading.problems : [];
}

describe('settings that are right', () => {
  it.each([
    ['no file', undefined],
    ['an empty file', ''],
    ['comments alone', '# nothing yet\n'],
    ['a byte order mark', '\uFEFF'],
    ['Windows line ends', '# a\r\n\r\n'],
    ['an empty group', 'budget: {}\r\n'],
    ['the line that tells editors the schema', '# yaml-language-server: $schema=https://example.com/a.json\n'],
  ])('are the usual ones for %s', (_, text) => {
    expect(readSettings(text)).toEqual({ settings: Settings.parse({}) });
  });

  it('reads every key with the example that the documentation gives', () => {
    for (const { key, example } of settingsFields) {
      const lines = key.split('.').map((part, depth) => `${'  '.repeat(depth)}${part}:`);
      const text = `${lines.join('\n')} ${example}`;
      expect(problemsOf(text), text).toEqual([]);
    }
  });

  it('keeps what the file says and fills in the rest', () => {
    const reading = readSettings('triggers:\n  label: false\nbudget:\n  usd: 0.5\nreviewers: [qa-engineer]\n');
    expect(reading).toMatchObject({
      settings: {
        triggers: { label: false, command: '/backend' },
        budget: { usd: 0.5, turns: 200 },
        reviewers: ['qa-engineer'],
      },
    });
  });

  it('has words for every key of the schema and for no other', () => {
    expect(settingsFields.map(({ key }) => key).toSorted()).toEqual(
      keysOf(z.toJSONSchema(Settings, { io: 'input' })).toSorted(),
    );
  });
});

/** Dotted names of all properties, groups included; the groups inside unions are described as a whole. */
function keysOf(schema: z.core.JSONSchema.BaseSchema, prefix = ''): readonly string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => [
    prefix + name,
    ...(typeof inner === 'object' ? keysOf(inner, `${prefix}${name}.`) : []),
  ]);
}

/** Written out, it would fill all memory there is. */
const billionLaughs = [
  'a0: &a0 [ha]',
  ...Array.from({ length: 40 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n}, `.repeat(9)}*a${n}]`),
].join('\n');

describe('settings that are wrong', () => {
  it.each([
    ['an unknown key', 'draft: true\nbudgt: 1', 'Line 2, column 1: `budgt` is not a setting. Did you mean `budget`?'],
    [
      'an unknown key in a group',
      'budget:\n  dollars: 1',
      'Line 2, column 3: `budget.dollars` is not a setting. There are `usd`, `turns`, `minutes`.',
    ],
    [
      'a wrong type',
      'budget: { usd: five }',
      'Line 1, column 16: `budget.usd` is `"five"`. It takes US dollars, from 0.01 to 1000, for example `usd: 5`.',
    ],
    [
      'an item of a wrong type',
      'network:\n  allow:\n    - a.example.com\n    - 7',
      'Line 4, column 7: `network.allow` is `7`.',
    ],
    ['an empty value', 'setup:\n', '`setup` is empty.'],
    ['a list at the top', '- a', 'Line 1, column 1: The file is not a group of keys.'],
    ['a word at the top', 'hello', 'Line 1, column 1: The file is not a group of keys.'],
    [
      'a group that is a word',
      'triggers: backend',
      'Line 1, column 11: `triggers` is `"backend"`. It takes a group of keys',
    ],
    [
      'a list for a group',
      'draft: true\r\nbudget: [1]',
      'Line 2, column 9: `budget` is a list. It takes a group of keys',
    ],
    ['a group for a value', 'plan: { a: 1 }', 'Line 1, column 7: `plan` is a group of keys. It takes `auto`'],
    ['a NUL', 'draft: true\nplan: a\0', 'Line 2, column 8: Here is a NUL'],
    ['UTF-16', Buffer.from('draft: true', 'utf16le').toString(), 'Line 1, column 2: Here is a NUL'],
    ['a mistake after a byte order mark', '\uFEFFdraft: 1', 'Line 1, column 8: `draft` is `1`'],
    ['a value that holds itself', 'checks: &x { test: *x }', 'Line 1, column 20: Aliases'],
    ['a group taken in by its name', 'budget: &x { usd: 1 }\nchecks: { <<: *x }', 'Line 2, column 15: Aliases'],
    ['a short text for a long one', billionLaughs, 'Line 2, column 10: Aliases'],
    ['a key given twice', 'draft: true\ndraft: false', 'Line 2, column 1: This key stands here twice'],
    ['an alias', 'setup: &a npm ci\nchecks: { test: *a }', 'Line 2, column 17: Aliases'],
    ['a second document', 'draft: true\n---\ndraft: false', 'Line 2, column 1: A second document'],
    ['an unknown tag', 'setup: !run x', 'Line 1, column 8: This is not valid YAML'],
    ['bad syntax', 'checks: { test: npm test', 'This is not valid YAML'],
    ['a tab', 'checks:\n\ttest: npm test', 'This is not valid YAML'],
    ['a file that is too large', `# ${'x'.repeat(70_000)}`, 'larger than 64 KiB'],
    ['a file too deep to read', '['.repeat(60_000), 'This is not valid YAML'],
    ['a key that every object has', '__proto__: { draft: true }', '`__proto__` is not a setting.'],
    ['another', 'constructor: 1', '`constructor` is not a setting.'],
  ])('says where and what is right for %s', (_, text, problem) => {
    expect(problemsOf(text)[0]).toContain(problem);
  });

  it.each([
    ['budget: { usd: 0 }'],
    ['budget: { usd: -1 }'],
    ['budget: { usd: 1e9 }'],
    ['budget: { usd: .inf }'],
    ['budget: { usd: .nan }'],
    ['budget: { turns: 1.5 }'],
    ['budget: { minutes: 0 }'],
    ['branch: backend/{slug}'],
    ['branch: "{number} x"'],
    ['branch: -{number}'],
    ['base: "a..b"'],
    ['base: "-x"'],
    ['base: "a b"'],
    ['base: x.lock'],
    ['base: ""'],
    ['preferences: ../x'],
    ['preferences: /etc/passwd'],
    ['preferences: a/../../x'],
    ['protect: ["../x"]'],
    ['network: { allow: [localhost] }'],
    ['network: { allow: [10.0.0.1] }'],
    ['network: { allow: ["https://a.example"] }'],
    ['network: { allow: ["a.example:80"] }'],
    ['network: { allow: ["*.example"] }'],
    ['triggers: { command: backend }'],
    ['triggers: { command: /a/b }'],
    ['triggers: { label: true }'],
    ['triggers: { delegators: [octocat] }'],
    ['triggers: { files: true }'],
    ['agent: ../x'],
    ['setup: ""'],
    ['setup: "  "'],
    ['setup: "a\\0b"'],
    ['checks: { test: 1 }'],
    ['model: "a b"'],
    ['reviewers: all'],
    ['plan: sometimes'],
  ])('refuses %s with the key in words', (text) => {
    const [key = ''] = text.split(':');
    const [problem, ...more] = problemsOf(text);
    expect(problem).toMatch(
      new RegExp(`^Line 1, column \\d+: \`${key}[^\`]*\` is .+\\. It takes .+, for example`, 'u'),
    );
    expect(more).toEqual([]);
  });

  it('still tells what starts work, as far as it can be read', () => {
    expect(readSettings('triggers: { label: bot, command: 7 }\ndraft: maybe')).toMatchObject({
      triggers: { label: 'bot', command: '/backend' },
    });
    expect(readSettings('triggers:\n  label: bot\nchecks: { test')).toMatchObject({ triggers: { label: 'bot' } });
    expect(readSettings('hello')).toMatchObject({ triggers: { label: 'backend', command: '/backend' } });
  });

  it('names every problem of a file at once', () => {
    expect(problemsOf('draft: 1\nplan: 2\nnope: 3')).toHaveLength(3);
  });
});

describe('any settings', () => {
  const piece = fc.constantFrom(
    'triggers',
    'budget',
    'usd',
    ':',
    ': ',
    '\n',
    '  ',
    '- ',
    '[',
    ']',
    '{',
    '}',
    '&a ',
    '*a',
    '!!int',
    '? ',
    '"',
    "'",
    '|',
    '>',
    '#',
    '%',
    '---',
    '<<',
    '__proto__',
    '1',
    'null',
    ',',
    '\t',
    '@',
  );

  it('read without throwing, and are either right or have a problem in words', () => {
    const texts = fc.oneof(
      fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join('')),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const reading = readSettings(text);
        if ('problems' in reading) expect(reading.problems[0]).toMatch(/\S/u);
        else expect(Settings.parse(reading.settings)).toEqual(reading.settings);
      }),
      { numRuns: 500 },
    );
  });

  it.each(['a: &x [*x]\n', 'k: 1\n', '? ', '- ', '{a: ', '"', '! ', 'a:\n', '&a ', '*a ', ' \n'])(
    'read 64 KiB of %j',
    (unit) => {
      expect(readSettings(unit.repeat(60_000 / unit.length))).toBeTypeOf('object');
    },
  );
});
