import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { readSettings, Settings, settingsFields } from '../../src/settings/index.ts';

const repository = 'acme/.github';
const read = (own: string | undefined, text: string) => readSettings(own, { repository, text });

function settingsOf(own: string | undefined, text: string): Settings {
  const reading = read(own, text);
  if ('problems' in reading) throw new Error(reading.problems.join('\n'));
  return reading.settings;
}

function problemsOf(own: string | undefined, text: string): readonly string[] {
  const reading = read(own, text);
  return 'problems' in reading ? reading.problems : [];
}

describe('the settings of an organisation', () => {
  it('hold where the repository has no file, or an empty one', () => {
    const text = 'draft: false\nbudget: { usd: 2 }\nnetwork: { allow: [a.example.com] }';
    const wanted = { draft: false, budget: { usd: 2, turns: 200 }, network: { allow: ['a.example.com'] } };
    for (const own of [undefined, '', '# nothing']) expect(settingsOf(own, text)).toMatchObject(wanted);
  });

  it('give way key by key, in groups too, and a list as a whole', () => {
    const settings = settingsOf(
      'budget: { usd: 3 }\nchecks: { test: make test }\nreviewers: [b]\ntriggers: { files: false }',
      'budget: { usd: 2, turns: 9 }\nchecks: { lint: make lint, test: make }\nreviewers: [a, c]\ntriggers: { label: bot, files: { paths: [a], on: [push] } }',
    );
    expect(settings).toMatchObject({
      budget: { usd: 3, turns: 9, minutes: 60 },
      checks: { lint: 'make lint', test: 'make test' },
      reviewers: ['b'],
      triggers: { label: 'bot', files: false },
    });
  });

  it('go on protecting what they protect', () => {
    expect(settingsOf('protect: [b, a]', 'protect: [a, c]').protect).toEqual(['a', 'c', 'b']);
    expect(settingsOf('protect: []', 'protect: [a]').protect).toEqual(['a']);
  });

  it.each([
    [
      'a host',
      'draft: true\nnetwork:\n  allow:\n    - A.example.com\n    - evil.example.com',
      'network: { allow: [a.example.com] }',
      'Line 5, column 7: `network.allow` has `evil.example.com`, which the organisation’s `acme/.github` does not allow. It allows `a.example.com`.',
    ],
    [
      'a host where none is allowed',
      'network: { allow: [b.example.com] }',
      'network: { allow: [] }',
      'Line 1, column 20: `network.allow` has `b.example.com`, which the organisation’s `acme/.github` does not allow. It allows none.',
    ],
    [
      'an App that may command',
      'triggers: { delegators: ["b[bot]"] }',
      'triggers: { delegators: ["a[bot]"] }',
      'Line 1, column 26: `triggers.delegators` has `b[bot]`, which the organisation’s `acme/.github` does not allow. It allows `a[bot]`.',
    ],
  ])('are not widened by %s of the repository', (_, own, text, problem) => {
    expect(problemsOf(own, '')).toEqual([]);
    expect(problemsOf(own, text)).toEqual([problem]);
  });

  it('are narrowed by the repository', () => {
    const own = 'network: { allow: [b.example.com] }';
    expect(settingsOf(own, 'network: { allow: [a.example.com, b.example.com] }').network).toEqual({
      allow: ['b.example.com'],
    });
  });

  it('that are wrong are told with the file they stand in, beside what is wrong in the repository', () => {
    expect(problemsOf('plan: no', 'budget: { usd: 1 }\ndraft: maybe')).toEqual([
      expect.stringMatching(/^In the organisation’s `acme\/\.github`: Line 2, column 8: `draft` is `"maybe"`/u),
      expect.stringMatching(/^Line 1, column 7: `plan`/u),
    ]);
    expect(readSettings(undefined, { repository, text: { unread: 'symlink' } })).toMatchObject({
      problems: [expect.stringMatching(/^In the organisation’s `acme\/\.github`: .* is a link/u)],
    });
  });

  it('tell what starts work where the repository does not say it right', () => {
    const text = 'triggers: { label: bot, command: /be }\ndraft: maybe';
    expect(read('triggers: { command: 7, mention: false }', text)).toMatchObject({
      triggers: { label: 'bot', command: '/be', mention: false },
    });
    expect(readSettings({ unread: 'large' }, { repository, text })).toMatchObject({ triggers: { label: 'bot' } });
  });

  it('and any settings of a repository make settings that are right, or are refused in words', () => {
    const leaf = fc.constantFrom(...settingsFields.filter(({ takes }) => takes !== 'a group of keys'));
    const file = fc.uniqueArray(leaf, { selector: ({ key }) => key.split('.')[0] }).map((fields) =>
      fields
        .map(({ key, example }) => {
          const lines = key.split('.').map((part, depth) => `${'  '.repeat(depth)}${part}:`);
          return `${lines.join('\n')} ${example}\n`;
        })
        .join(''),
    );
    fc.assert(
      fc.property(file, file, (own, text) => {
        const settings = settingsOf(own, text);
        expect(Settings.parse(settings)).toEqual(settings);
        expect(settingsOf(own, own)).toEqual(settingsOf(own, ''));
      }),
      { numRuns: 100 },
    );
  });
});
