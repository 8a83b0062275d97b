import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { neutralise, neutraliseLine } from '../../src/markdown/neutralise.ts';
import { markupOf, proseOf } from './reader.ts';

const runs = 1000;
const home = 'https://github.com/acme/shop';

describe('neutralise', () => {
  it.each([
    ['shows a mention as code', 'hi @mona!', 'hi `@mona`!'],
    ['shows a team as code', '(@acme/core)', '(`@acme/core`)'],
    ['keeps an address', 'mail a@b.example', 'mail a@b.example'],
    ['sees a mention behind emphasis and an accented letter', '**@a** é@b', '**`@a`** é`@b`'],
    ['sees a mention behind an escape or an entity', '\\@a &#64;b', '`@a` &amp;#64;b'],
    ['keeps code as it is', 'use `@Injectable()` here', 'use `@Injectable()` here'],
    ['never lets two code spans touch', '`x`@a', '`x` `@a`'],
    ['lets a lone backtick open nothing', 'a ` b @c\nd `` e', 'a &#96; b `@c`\nd &#96;&#96; e'],
    ['sees a mention right behind another', '@a@b', '`@a` `@b`'],
    ['takes the reference from a closing word', 'This fixes #3, see #4', 'This fixes `#3`, see #4'],
    ['sees a closing word through emphasis, colons and line ends', '**Closes**:\n#3', '**Closes**:\n`#3`'],
    ['knows every form of reference', 'resolves acme/shop#3 fixed GH-4', 'resolves `acme/shop#3` fixed `GH-4`'],
    ['knows addresses as references', `closes ${home}/issues/3`, `closes \`${home}/issues/3\``],
    ['keeps references to the own repository only', 'acme/shop#3 evil/x#4', 'acme/shop#3 `evil/x#4`'],
    ['makes images text', '![pixel](https://evil.example/p.png)', '&#33;\\[pixel\\] (`https://evil.example/p.png`)'],
    ['makes links elsewhere text', '[here](https://evil.example)', '\\[here\\] (`https://evil.example`)'],
    ['keeps links into the repository', `[file](${home}/blob/main/a)`, `[file](<${home}/blob/main/a>)`],
    ['is not fooled by an address that begins like the repository', `${home}-evil/x`, `\`${home}-evil/x\``],
    [
      'is not fooled by a user name in an address',
      'https://github.com@evil.example/acme/shop',
      '`https://github.com@evil.example/acme/shop`',
    ],
    ['makes bare addresses code', 'see www.evil.example/x.', 'see `www.evil.example/x`.'],
    ['escapes HTML', '<img src=x> <!-- backend:end summary -->', '&lt;img src=x> &lt;!-- backend:end summary -->'],
    ['escapes reference definitions and footnotes', '[a]: http://x.example', '\\[a\\]: `http://x.example`'],
    ['sees a command behind escapes', '\\- /go\n1\\. /go', '- \\/go\n1. \\/go'],
    ['sees a heading behind an escape', '\\# Evidence', '#### Evidence'],
    ['escapes a command at the start of a line', '/deploy\n- /merge now\na /b', '\\/deploy\n- \\/merge now\na /b'],
    ['lets no heading pass for ours', '# Evidence\nProved\n===', '#### Evidence\nProved\n\\==='],
    ['removes what nobody sees', 'a\u200bb\u202ec\u{e0041}d\u00ade\u0007f', 'abcdef'],
    ['keeps a code block, whatever is in it', '```ts\n@a <b> fixes #3\n```', '```ts\n@a <b> fixes #3\n```'],
    ['closes an open code block', '~~~js\nx', '```js\nx\n```'],
    ['makes a fence longer than what is inside', '````\n```\n````', '````\n```\n````'],
    ['draws no diagram', '```mermaid\nclick A "http://x"\n```', '```\nclick A "http://x"\n```'],
    ['escapes pipes in code where a table could split it', '| `a|@b` |\n|---|', '| `a\\|@b` |\n|---|'],
  ])('%s', (_, text, safe) => {
    expect(neutralise(text, home)).toBe(safe);
  });

  it('keeps ordinary Markdown readable', () => {
    const text = '- **Why**: totals were `wrong`\n- see `src/a.ts` and *this*\n\n1. first\n2. second\n\n> a quote';
    expect(neutralise(text, home)).toBe(text);
  });

  it('leaves nothing that works, whatever the text', () => {
    const text = fc.array(fc.oneof(fc.constantFrom(...fragments), fc.string({ maxLength: 4, unit: 'binary' })), {
      maxLength: 25,
    });
    fc.assert(
      fc.property(text, (parts) => {
        const safe = neutralise(parts.join(''), home);
        expectHarmless(safe);
      }),
      { numRuns: runs },
    );
  });

  it('leaves nothing that works on one line either', () => {
    const text = fc.array(fc.constantFrom(...fragments), { maxLength: 20 });
    fc.assert(
      fc.property(text, (parts) => {
        const safe = neutraliseLine(parts.join(''), home);
        expect(safe).not.toContain('\n');
        expectHarmless(`- ${safe}`);
      }),
      { numRuns: runs },
    );
  });

  it('takes a hostile text of 100 kB without getting stuck', () => {
    for (const part of ['`', 'a.', '@a ', '![](']) {
      expect(neutralise(part.repeat(100_000 / part.length), home).length).toBeGreaterThan(0);
    }
  });
});

/** What attacks are made of. */
const fragments = [
  '@mona',
  '@',
  'mona',
  '`',
  '``',
  '```',
  '```\n',
  '~~~\n',
  '\n',
  '\n\n',
  '\\',
  '\\\\',
  ' ',
  '    ',
  'fixes ',
  'Closes: ',
  'resolve',
  '#3',
  'GH-4',
  'acme/shop#5',
  'evil/x#6',
  '&#64;',
  '&',
  '<b>',
  '<!-- ',
  '-->',
  '!',
  '[',
  ']',
  '(',
  ')',
  '](https://evil.example)',
  '![a](https://evil.example/p.png)',
  `[ok](${home}/issues/1)`,
  `${home}/pull/2`,
  'https://evil.example',
  'www.evil.example',
  'https',
  '://',
  '|',
  '|---|\n',
  '| a |',
  '> ',
  '- ',
  '/deploy',
  '*',
  '_',
  '**',
  '\u200b',
  '\u202e',
  'é',
  '=',
  '---',
  '#',
  '# ',
  '.',
  ':',
  '/',
];

function expectHarmless(safe: string): void {
  expect(safe).not.toMatch(/(?![\n\t])\p{Cc}|\p{Cf}|\p{Cs}/u);
  for (const prose of proseOf(safe)) {
    expect(prose).not.toMatch(/(?<![A-Za-z0-9])@[a-z0-9]/i);
    expect(prose.replace(/[*_~]/g, '')).not.toMatch(
      /\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)[\s:]+(?:[\w.-]+\/[\w.-]+)?(?:#|gh-)\d/i,
    );
    expect(prose).not.toMatch(/evil\/x#\d/);
  }
  const markup = markupOf(safe).replace(/<https:\/\/github\.com\/acme\/shop(?:\/[^>\s]*)?>/g, '<home>');
  expect(markup).not.toMatch(/<(?!home>)/);
  expect(markup).not.toMatch(/(?<!\\)\]\((?!<home>)/);
  expect(markup).not.toMatch(/(?<!\\)!\[/);
  expect(markup).not.toMatch(/(?:\w:\/\/|(?<![A-Za-z0-9])www\.)evil/);
}
