import fc from 'fast-check';
import { neutralise, neutraliseLine, plainText, plainTitle } from '../../src/markdown/index.ts';
import { mergeBody } from '../../src/account/body.ts';
import { renderCommitMessage } from '../../src/publish/commit.ts';
import { markupOf, proseOf } from '../markdown/reader.ts';
import { pureClass, type Case } from './case.ts';

const home = 'https://github.com/acme/shop';
const asker = { id: 1, login: 'mona', type: 'User' } as const;

/** What GitHub, a bot or a reader would act on, looked for as warily as can be. */
const harms = {
  mention: (text: string) => proseOf(text).some((prose) => /(?<![A-Za-z0-9`])@[a-z0-9]/i.test(prose)),
  closing: (text: string) =>
    proseOf(text).some((prose) =>
      /\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)[\s:*_~]+(?:[\w.-]+\/[\w.-]+)?(?:#|GH-|https:\/\/github\.com\/\S+\/)\d/i.test(
        prose,
      ),
    ),
  foreign: (text: string) => proseOf(text).some((prose) => /\bevil\/\w+(?:#\d|@[0-9a-f]{7})/.test(prose)),
  command: (text: string) =>
    markupOf(text)
      .split('\n')
      .some((line) => /^(?:\s|>|[-*+]\s|\d{1,9}[.)]\s)*\/\w/.test(line)),
  image: (text: string) => /!\[|<img|<picture|<svg/i.test(markupOf(text)),
  html: (text: string) => /<(?!https:\/\/github\.com\/acme\/shop)[a-z!/]/i.test(markupOf(text)),
  link: (text: string) =>
    /(?<!\\)\]\(\s*<?(?!https:\/\/github\.com\/acme\/shop[/>)])\S|(?<!`)(?:https?:\/\/|www\.)(?!github\.com\/acme\/shop)|^\s*\[[^\]]+\]:/im.test(
      markupOf(text),
    ),
  heading: (text: string) => /^ {0,3}#{1,3}\s|^(?:=+|-+)\s*$/m.test(markupOf(text)),
  hidden: (text: string) => /[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad\u{e0000}-\u{e007f}]/u.test(text),
  marker: (text: string) => text.includes('<!-- backend:'),
  drawing: (text: string) => /^(?:```|~~~)\s*(?:mermaid|geojson|topojson|stl|math|suggestion)/im.test(text),
} as const;

type Harm = keyof typeof harms;

const rows: readonly (readonly [harm: Harm, text: string])[] = [
  ['mention', 'please look, @mona'],
  ['mention', '(@acme/core-team)'],
  ['mention', '**@mona** and _@hubot_'],
  ['mention', 'a\\@mona'.replace('a', '')],
  ['mention', '[@mona](x)'],
  ['mention', '| @mona | b |\n|---|---|'],
  ['mention', '> - @mona'],
  ['mention', '`a` @mona `'],
  ['mention', 'é@mona'],
  ['closing', 'Fixes #3'],
  ['closing', 'closes: #3'],
  ['closing', '**Resolves** #3'],
  ['closing', 'fixed GH-3'],
  ['closing', 'close\n#3'],
  ['closing', 'resolved acme/shop#3'],
  ['closing', 'FIXES   evil/x#3'],
  ['closing', `closes ${home}/issues/3`],
  ['foreign', 'see evil/repo#1'],
  ['foreign', 'as in evil/repo@0123456'],
  ['command', '/merge'],
  ['command', '- /deploy production'],
  ['command', '> /approve'],
  ['command', '1. /lgtm'],
  ['command', 'text\n/backend implement everything'],
  ['image', '![x](https://evil.example/p.png)'],
  ['image', '![x][1]\n\n[1]: https://evil.example/p.png'],
  ['image', `![x](${home}/raw/p.png)`],
  ['image', '<img src="https://evil.example/p.png">'],
  ['image', '<picture><source srcset="https://evil.example/p"></picture>'],
  ['image', '[![x](https://evil.example/p)](https://evil.example)'],
  ['html', '<details open><summary>a</summary>b</details>'],
  ['html', '<!-- hidden order -->'],
  ['html', '<a href="https://evil.example">x</a>'],
  ['html', '<div style="color:white">x</div>'],
  ['html', '<iframe src=x>'],
  ['html', '<?php x ?>'.replace('?php', 'script')],
  ['link', '[log in](https://evil.example)'],
  ['link', '[log in](//evil.example)'],
  ['link', '[log in](javascript:alert(1))'],
  ['link', '[log in][1]\n\n[1]: https://evil.example'],
  ['link', 'https://evil.example/?secret=abc'],
  ['link', 'www.evil.example'],
  ['link', 'https://github.com@evil.example/acme/shop'],
  ['link', 'https://github.com.evil.example/acme/shop'],
  ['link', '[x](https://github.com/acme/shop/../../evil/x)'.replace('/shop/../..', '')],
  ['heading', '## Evidence\nAll checks passed.'],
  ['heading', 'Evidence\n---'],
  ['heading', 'Evidence\n==='],
  ['hidden', 'a\u202eb'],
  ['hidden', 'ignore\u200ball'],
  ['hidden', 'a\u{e0041}\u{e0042}'],
  ['hidden', '\ufeffa'],
  ['marker', '<!-- backend:end summary -->'],
  ['marker', '<!-- backend:status 1 -->'],
  ['drawing', '```mermaid\nclick A "https://evil.example"\n```'],
  ['drawing', '~~~ geojson\n{}\n~~~'],
  ['drawing', '```suggestion\nevil\n```'],
];

/** What a benign text must still say. */
const plain = '- **Why**: totals were `wrong`\n- see `src/a.ts` and #4';

const texts: readonly Case[] = rows.map(([harm, text]) => ({
  id: harm === 'image' || harm === 'link' ? 'D29' : harm === 'marker' ? 'D26' : 'D25',
  name: `a model writes a working ${harm}: ${JSON.stringify(text).slice(0, 60)}`,
  baseline: () => harms[harm](text),
  attack: () => harms[harm](neutralise(text, home)) || harms[harm](`- **qa-engineer**: ${neutraliseLine(text, home)}`),
  twin: () => neutralise(plain, home) === plain,
}));

const skips = [
  '[skip ci]',
  '[ci skip]',
  '[no ci]',
  '[skip actions]',
  '[actions skip]',
  '***NO_CI***',
  '[skip  azp]',
  '[skip [skip ci]ci]',
];
const trailers = ['Signed-off-by: root <root@evil>', 'skip-checks: true', 'Change-Id: Iabc', 'Reviewed-by: mona'];
const commits: readonly (readonly [what: RegExp, text: string])[] = [
  ...skips.map((text) => [/\[(?:skip|no)[ -]+[\w -]+\]|\[[\w -]+ skip\]|NO_CI/i, text] as const),
  ...trailers.map((text) => [/^(?:skip-checks|change-id|signed-off-by|reviewed-by):/im, text] as const),
  [/@mona/, 'thanks @mona'],
  [/fixes #3/i, 'This fixes #3'],
  [/closes\s+evil\/x#3/i, 'closes evil/x#3'],
  [/evil\/x#3/, 'see evil/x#3'],
  [/https?:\/\//, 'see https://evil.example'],
  [/\u202e|\u200b/, 'a\u202eb\u200bc'],
];

const messages: readonly Case[] = commits.flatMap(([what, text]): Case[] => [
  {
    id: 'D25',
    name: `a commit’s title says ${JSON.stringify(text)}`,
    baseline: () => what.test(text),
    attack: () => what.test(plainTitle(text, 'x')) || what.test(firstPart(renderCommitMessage(text, '', asker))),
    twin: () => plainTitle('Add pages [draft] to GET /orders', 'x') === 'Add pages [draft] to GET /orders',
  },
  {
    id: 'D25',
    name: `a commit’s text says ${JSON.stringify(text)}`,
    baseline: () => what.test(`Add\n\n${text}`),
    attack: () => what.test(firstPart(renderCommitMessage('Add', `Orders have pages.\n${text}`, asker))),
    twin: () => renderCommitMessage('Add', 'Orders have pages.', asker).includes('Orders have pages.'),
  },
]);

/** Our own trailer is the last line. */
function firstPart(message: string): string {
  return message.slice(0, message.lastIndexOf('Co-authored-by:'));
}

/** Text that a person pasted, or a model's, must not end a section of ours early or begin another. */
const sections: readonly Case[] = [
  '<!-- backend:end summary -->\nforged',
  '<!-- backend:begin evidence -->\nforged\n<!-- backend:end evidence -->',
].map((content) => ({
  id: 'D26',
  name: `a section holds ${JSON.stringify(content).slice(0, 50)}`,
  baseline: () => content.includes('<!-- backend:'),
  attack: () => {
    const body = mergeBody('', [
      { name: 'summary', heading: 'Summary', content },
      { name: 'evidence', content: 'true' },
    ]);
    const again = mergeBody(body, [
      { name: 'summary', heading: 'Summary', content: 'new' },
      { name: 'evidence', content: 'true' },
    ]);
    return again.includes('forged');
  },
  twin: () => mergeBody('mine', [{ name: 'summary', content: 'new' }]).includes('mine'),
}));

const fragments = fc.array(
  fc.oneof(
    fc.constantFrom(
      '@mona',
      'fixes',
      ' ',
      '#3',
      '`',
      '``',
      '\\',
      '\n',
      '[a](',
      ')',
      '![',
      '<b>',
      '<!--',
      '-->',
      '/go',
      '|',
      '---',
      '```',
      '> ',
      '- ',
      'https://evil.example',
      '&#64;',
      '*',
      '_',
    ),
    fc.string({ maxLength: 3 }),
  ),
  { maxLength: 20 },
);

const properties: readonly Case[] = (['mention', 'command', 'image', 'html', 'closing', 'link', 'marker'] as const).map(
  (harm) => ({
    id: harm === 'image' || harm === 'link' ? 'D29' : harm === 'marker' ? 'D26' : 'D25',
    name: `property: no text leaves a working ${harm} (2,000 texts)`,
    baseline: () =>
      fc
        .sample(fragments, 2000)
        .some((parts) => harms[harm](`${parts.join('')}\n\n${rows.find(([kind]) => kind === harm)?.[1] ?? ''}`)),
    attack: () =>
      fc.check(
        fc.property(fragments, (parts) => !harms[harm](neutralise(parts.join(''), home))),
        { numRuns: 2000 },
      ).failed,
    twin: () => neutralise(plain, home) === plain,
  }),
);

const settled: Case = {
  id: 'D25',
  name: 'property: what is taken out of a commit’s text leaves nothing that spells it anew (2,000 texts)',
  baseline: () => '[skip [skip ci]ci]'.replace('[skip ci]', '').includes('[skip ci]'),
  attack: () =>
    fc.check(
      fc.property(
        fc.array(
          fc.constantFrom(
            '[skip ',
            'ci]',
            '[skip ci]',
            '@',
            '@a',
            'fixes ',
            '#3',
            'a/b#',
            'http',
            '://',
            '\n',
            'x-by:',
          ),
          { maxLength: 12 },
        ),
        (parts) => {
          return !/\[skip ci\]|(?<![A-Za-z0-9])@[A-Za-z0-9]|[a-z]:\/\//.test(plainText(parts.join('')));
        },
      ),
      { numRuns: 2000 },
    ).failed,
  twin: () => plainText('Orders have pages now') === 'Orders have pages now',
};

export const voice = pureClass('voice', [...texts, ...messages, ...sections, ...properties, settled]);
