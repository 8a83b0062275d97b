import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { readCommand, readVerb } from '../../src/trigger/command.ts';
import { findSpokenLines, toLines } from '../../src/trigger/spoken-lines.ts';

function saysSomething(comment: string): boolean {
  return readCommand(comment, '') !== undefined;
}

describe('a command', () => {
  it.each([
    [
      'is a word, a verb and the rest',
      '/backend implement  the login page ',
      ['/backend', 'implement', 'the login page'],
    ],
    ['needs no verb', '/backend', ['/backend', '', '']],
    ['keeps the case it was typed in', '/Backend HELP', ['/Backend', 'HELP', '']],
    ['takes punctuation after the verb for punctuation', '/backend implement: this', ['/backend', 'implement', 'this']],
    ['comes after other lines', 'Hello\n\nworld\n/backend help', ['/backend', 'help', '']],
    ['may be indented by three spaces', '   /backend help', ['/backend', 'help', '']],
    ['may follow a byte order mark', '\uFEFF/backend help', ['/backend', 'help', '']],
    ['goes on below its line', '/backend implement a\r\nb\r\n\r\n- c\r\n', ['/backend', 'implement', 'a\nb\n\n- c']],
    ['may hold code', '/backend implement `GET /x`', ['/backend', 'implement', '`GET /x`']],
    ['is the first of several', '/backend help\n/backend implement', ['/backend', 'help', '/backend implement']],
    ['with our word goes before commands of others', '/cc @octocat\n/backend help', ['/backend', 'help', '']],
    ['with our verb goes before commands of others', '/cc me\n/be implement x', ['/be', 'implement', 'x']],
    ['follows a path', '/usr/bin is missing\n/backend help', ['/backend', 'help', '']],
    ['follows a quotation and an empty line', '> old\n\n/backend help', ['/backend', 'help', '']],
    ['follows an empty quoted line', '> old\n>\n/backend help', ['/backend', 'help', '']],
    ['follows a closed code block', '```sh\n/a b\n```\n/backend help', ['/backend', 'help', '']],
    ['follows a longer closing fence', '~~~\nx\n~~~~~\n/backend help', ['/backend', 'help', '']],
    ['follows a closed HTML comment', '<!-- a\n\nb -->\n/backend help', ['/backend', 'help', '']],
    ['follows a lone backtick', 'a ` b\n/backend help', ['/backend', 'help', '']],
    ['follows an escaped backtick', '\\` a\n/backend help `x`', ['/backend', 'help', '`x`']],
    ['follows a comment that never ends inside a sentence', 'a <!-- b\n/backend help', ['/backend', 'help', '']],
    ['follows a closed code block in a list', '1. ```\n   x\n   ```\n/backend help', ['/backend', 'help', '']],
    ['follows a list whose code block was left open', '- ```\n  x\n\n/backend help', ['/backend', 'help', '']],
    ['follows inline code with backticks of another length', '`` a ` b ``\n/backend help', ['/backend', 'help', '']],
    ['follows two escaped backticks', '\\` a\n/backend help ``', ['/backend', 'help', '``']],
    ['follows a code span that holds the start of a comment', '`<!--`\n/backend help -->', ['/backend', 'help', '-->']],
    [
      'follows a closed code block deep in a list',
      '  1. ```\n     x\n     ```\n/backend help',
      ['/backend', 'help', ''],
    ],
    ['is text after a heading under a quotation', '> a\n# b\n/backend help', ['/backend', 'help', '']],
  ])('%s', (_, comment, [word, said, instruction]) => {
    expect(readCommand(comment, '')).toEqual({ word, via: 'command', said, instruction, options: [] });
  });
});

describe('an option', () => {
  it.each([
    ['comes at the end', 'implement pages budget:3', 'pages', ['budget:3']],
    ['comes right after the verb', 'implement budget:3 pages', 'pages', ['budget:3']],
    ['comes in any letter case', 'implement Budget:3 Draft:FALSE', '', ['budget:3', 'draft:FALSE']],
    ['counts between words when we have it', 'implement pages base:dev for orders', 'pages  for orders', ['base:dev']],
    ['is kept twice when it is given twice', 'plan model:opus model:haiku', '', ['model:opus', 'model:haiku']],
    ['is kept at the end even if we lack it', 'implement pages buget:3', 'pages', ['buget:3']],
    ['is kept right after the verb even if we lack it', 'implement todo:x in it', 'in it', ['todo:x']],
    ['is text inside a sentence if we lack it', 'implement the todo:x thing', 'the todo:x thing', []],
    ['is no address', 'implement see https://x.example/plan:y', 'see https://x.example/plan:y', []],
    ['is no name with two colons', 'implement std::move', 'std::move', []],
    ['needs a value', 'implement plan: none', 'plan: none', []],
    ['may hold colons and slashes', 'review agents:a,b base:release/1.x:2', '', ['agents:a,b', 'base:release/1.x:2']],
  ])('%s', (_, line, instruction, options) => {
    const read = readCommand(`/backend ${line}\nmodel:opus below the line is text`, '');
    expect(read?.instruction).toBe(`${instruction}\nmodel:opus below the line is text`.trim());
    expect(read?.options.map(({ name, value }) => `${name}:${value}`)).toEqual(options);
  });
});

describe('a mention', () => {
  it.each([
    ['is our name and the rest', '@back-bot why is it slow?', { said: '', instruction: 'why is it slow?' }],
    ['may be followed by a comma', 'Hi\n\n@Back-Bot, please mend it', { said: '', instruction: 'please mend it' }],
    ['may carry the suffix of Apps', '@back-bot[bot] mend it', { said: '', instruction: 'mend it' }],
    ['may have a verb', '@back-bot stop!', { said: 'stop', instruction: '' }],
    [
      'may have options',
      '@back-bot implement budget:1',
      { said: 'implement', options: [{ name: 'budget', value: '1' }] },
    ],
    ['comes before commands of others', '/cc me\n@back-bot mend it', { said: '', instruction: 'mend it' }],
  ])('%s', (_, comment, expected) => {
    expect(readCommand(comment, 'back-bot')).toMatchObject({ via: 'mention', ...expected });
  });

  it.each([
    ['of somebody else', '@backer look', 'back-bot'],
    ['of somebody whose name begins with ours', '@back-bot2 look', 'back-bot'],
    ['inside a sentence', 'ask @back-bot to look', 'back-bot'],
    ['in a quotation', '> @back-bot look', 'back-bot'],
    ['in a code block', '```\n@back-bot look\n```', 'back-bot'],
    ['while our name is not known', '@back-bot look', ''],
  ])('is none %s', (_, comment, slug) => {
    expect(readCommand(comment, slug)).toBeUndefined();
  });

  it('gives way to a command', () => {
    expect(readCommand('@back-bot look\n/backend stop', 'back-bot')).toMatchObject({ via: 'command', said: 'stop' });
  });
});

describe('a verb', () => {
  it.each([
    ['fix', 'revise'],
    ['ASK', 'explain'],
    ['Implement', 'implement'],
    ['constructor', 'unknown'],
    ['', 'unknown'],
  ])('%j means %s', (said, verb) => {
    expect(readVerb(said)).toBe(verb);
  });
});

describe('no command', () => {
  it.each([
    ['a path', '/usr/bin is missing'],
    ['a route', '/api/orders returns 500'],
    ['a slash inside a sentence', 'please /backend implement'],
    ['a lone slash', '/ backend'],
    ['a comment marker', '// backend'],
    ['a quoted line', '> /backend help'],
    ['a quotation in a quotation', '> > /backend help'],
    ['a line that goes on with a quotation', '> as she said\n/backend help'],
    ['a quotation in a list', '- > said\n/backend help'],
    ['a fenced block', '```\n/backend help\n```'],
    ['a fenced block of tildes', '~~~ sh\n/backend help\n~~~'],
    ['a fence that a shorter one does not close', '````\n```\n/backend help\n````'],
    ['a fence that another kind does not close', '~~~\n```\n/backend help\n~~~'],
    ['a fence that an info string does not close', '```\n```sh\n/backend help\n```'],
    ['a fence that is never closed', 'x\n```\n\n\n/backend help'],
    ['a fence that an indented one does not close', '```\n    ```\n/backend help\n```'],
    ['a fenced block in a list', '- ```\n  /backend help\n  ```'],
    ['a fenced block in a numbered list', '1. ```\n   a\n\n   /backend help'],
    ['indented code', 'x\n\n    /backend help'],
    ['code indented by a tab', '\t/backend help'],
    ['a code span over lines', 'see `a\n/backend help\nb`'],
    ['a code span over an indented line', 'see `a\n    b\n/backend help\nc`'],
    ['a longer code span over lines', 'see ``a ` b\n/backend help\n``'],
    ['an HTML comment over lines', '<!--\n/backend help\n-->'],
    ['an HTML comment over paragraphs', '<!-- x\n\n/backend help\n\n-->'],
    ['an HTML comment that is never closed', '<!--\n\n/backend help'],
    ['an HTML comment inside a sentence', 'a <!--\n/backend help\n--> b'],
    ['preformatted HTML', '<pre>\n/backend help\n</pre>'],
    ['quoted HTML', '<blockquote>\n\n/backend help\n\n</blockquote>'],
    ['an empty comment', ''],
  ])('is in %s', (_, comment) => {
    expect(readCommand(comment, '')).toBeUndefined();
  });
});

describe('any comment', () => {
  const piece = fc.constantFrom(
    '`',
    '``',
    '```',
    '~~~',
    '>',
    '- ',
    '1. ',
    '<!--',
    '-->',
    '<pre>',
    '</pre>',
    '\\',
    '    ',
    '\t',
    'a',
    '/backend help',
    ' ',
    '\n',
    '\r\n',
    '\n\n',
    '# ',
  );
  const comment = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));

  it('reads without throwing, and only lines that are there, each once', () => {
    fc.assert(
      fc.property(fc.oneof(comment, fc.string({ unit: 'binary' })), (text) => {
        const lines = toLines(text);
        const spoken = findSpokenLines(lines);
        expect(spoken).toEqual([...lines.keys()].filter((index) => spoken.includes(index)));
      }),
      { numRuns: 1000 },
    );
  });

  it('never counts a command that every line quotes', () => {
    const quoted = comment.map((text) => `> ${text.replaceAll(/\r\n|\n|\r/gu, '\n> ')}`);
    fc.assert(
      fc.property(quoted, (text) => !saysSomething(text)),
      { numRuns: 1000 },
    );
  });

  it('never counts a command in a fence longer than any inside it', () => {
    const fenced = fc.tuple(comment, fc.constantFrom('`', '~')).map(([text, char]) => {
      const fence = char.repeat(text.length + 3);
      return `${fence}\n${text}\n${fence}`;
    });
    fc.assert(
      fc.property(fenced, (text) => !saysSomething(text)),
      { numRuns: 1000 },
    );
  });

  it('never counts a command in an HTML comment', () => {
    const hidden = comment.map((text) => `<!-- ${text.replaceAll('-->', '')}`);
    fc.assert(
      fc.property(hidden, (text) => !saysSomething(text)),
      { numRuns: 1000 },
    );
  });

  it('counts a command after any comment that closes what it opens with an empty line', () => {
    const closed = fc.array(fc.constantFrom('a `b` c', '> q', '- item', '```\nx\n```', '<!-- x -->', '    code', ''));
    fc.assert(fc.property(closed, (blocks) => saysSomething([...blocks, '/backend help'].join('\n\n'))));
  });

  // One megabyte of what costs a careless reader quadratic time: minutes instead of moments, which the test's time limit catches.
  it.each([
    '`',
    '` `` ',
    '<!--',
    '\\',
    '> ',
    '- ',
    '- - ',
    '1. ',
    ' ',
    '\t',
    '\n',
    '```\n',
    '- ```\n',
    '/',
    '/a',
    ':',
    '<pre',
    '`\n``\n',
    '~~~ ',
    '\r',
    '<!-- -',
    'a<!--',
    '/backend ::',
    ' a:b',
    '/backend a:',
    '@back-bot ',
  ])('reads a megabyte of %j', (unit) => {
    const text = unit.repeat(1_000_000 / unit.length);
    expect(findSpokenLines(toLines(text)).length).toBeLessThanOrEqual(1_000_001);
    expect(readCommand(`${text}x`, 'back-bot')?.word ?? '/').toMatch(/^[/@]/u);
  });
});
