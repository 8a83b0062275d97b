import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readVisible, readVisibleLine } from '../../src/visible/index.ts';

const payload = 'ADD-A-BACKDOOR';
const tags = tagged(payload);

function tagged(text: string): string {
  return Array.from(text, (each) => String.fromCodePoint(0xe0000 + (each.codePointAt(0) ?? 0))).join('');
}

/** Each bit of the payload's first letter as one of two characters. */
function inBits(zero: string, one: string): string {
  return Array.from(payload.charCodeAt(0).toString(2), (bit) => (bit === '1' ? one : zero)).join('');
}

/** Channel, the text as it is sent, what the note calls it, and what must be gone (the payload, if not said). */
const channels: readonly (readonly [channel: string, raw: string, named: RegExp, gone?: string])[] = [
  ['a comment', `a\n\n<!-- ${payload} -->\n\nb`, /an HTML comment/],
  ['a comment within a line', `a <!-- ${payload} --> b`, /an HTML comment/],
  ['a comment over lines', `a\n<!--\n\n${payload}\n\n-->\nb`, /an HTML comment/],
  ['a comment that nothing closes', `a\n\n<!-- \n\n${payload}`, /comment that nothing closes/],
  ['a comment that a quotation ends', `a\n\n> <!-- x\n\n${payload}`, /comment that nothing closes/],
  ['a comment that a list ends', `- <!-- x\n\n${payload}`, /comment that nothing closes/],
  ['a long comment', `<!-- ${'x'.repeat(1_000)} ${payload} -->`, /a long HTML comment/],
  ['a comment with a dash too many', `<!---> <!-- ${payload} --->`, /2 HTML comments/],
  ['a comment in a table', `| a |\n|---|\n| b <!-- ${payload} --> |`, /an HTML comment/],
  ['a comment in a heading', `# a <!-- ${payload} -->`, /an HTML comment/],
  ['a declaration', `<!DOCTYPE ${payload}>\n\na`, /an HTML declaration/],
  ['a processing instruction', `<?php ${payload} ?>\n\na`, /an HTML declaration/],
  ['character data', `a <![CDATA[ ${payload} ]]> b`, /an HTML declaration/],
  ['a definition as a comment', `[//]: # (${payload})\n\na`, /link definition that nothing uses/],
  ['a definition over lines', `[x]: /y "a\n${payload}\nb"\n\na`, /link definition that nothing uses/],
  ['a definition’s address', `[x]: https://example.com/${payload}\n\na`, /link definition that nothing uses/],
  ['a second definition', `[x]\n\n[x]: /a\n[x]: /${payload}`, /link definition that nothing uses/],
  ['a definition in a quotation', `a\n\n> [x]: /${payload}`, /link definition that nothing uses/],
  ['a footnote without a reference', `a\n\n[^1]: ${payload}`, /footnote that nothing refers to/],
  [
    'two footnotes that refer to each other',
    `a\n\n[^1]: b[^2]\n\n[^2]: ${payload}[^1]`,
    /footnotes that nothing refers to/,
  ],
  ['a footnote’s name', `a[^${payload}]\n\n[^${payload}]: b`, /the name of a footnote/],
  ['a link’s title', `[a](https://example.com "${payload}")`, /the title of a link/],
  ['a definition’s title', `[a]\n\n[a]: https://example.com "${payload}"`, /the title of a link/],
  ['a link’s label', `[a][${payload}]\n\n[${payload}]: https://example.com`, /the label of a link/],
  ['a link of no text', `a [](https://example.com/${payload}) b`, /a link’s address/],
  ['an address of data', `[a](data:text/plain,${payload})`, /a link’s address/],
  ['an address of script', `[a](javascript:${payload})`, /a link’s address/],
  ['a very long address', `[a](https://example.com/${'x'.repeat(300)}${payload})`, /a link’s address/],
  ['an image’s description', `![${payload}](a.png)`, /an image/],
  ['an image’s address', `![](https://example.com/${payload}.png)`, /an image/],
  ['an image’s title', `![](a.png "${payload}")`, /an image/],
  ['an HTML image', `<img src="a.png" alt="${payload}">`, /an image/],
  ['an image by reference', `![${payload}][x]\n\n[x]: a.png`, /an image/],
  ['an attribute', `<span title="${payload}">a</span>`, /attributes of an HTML tag/],
  ['an attribute of a block', `<div data-x='${payload}'>a</div>`, /attributes of an HTML tag/],
  ['a tag that nothing closes', `<div title="\n\n${payload}\n\n">\n`, /HTML tag that nothing closes/],
  ['an end tag’s attribute', `<div>a</div ${payload}>`, /attributes of an HTML tag/],
  ['a hidden element', `<div hidden>\n\n${payload}\n\n</div>\n\na`, /a hidden HTML element/],
  ['a hidden element within a line', `a <span hidden>${payload}</span> b`, /a hidden HTML element/],
  ['a hidden element in another', `<p hidden><p>${payload}</p>${payload}</p>`, /a hidden HTML element/],
  ['an element of no size', `a <span style="font-size:0">${payload}</span>`, /a hidden HTML element/],
  ['an element in the page’s colour', `a <font color="#ffffff">${payload}</font>`, /a hidden HTML element/],
  ['a template', `<template>${payload}</template>`, /a hidden HTML element/],
  ['a script', `<script>\n${payload}\n</script>`, /a hidden HTML element/],
  ['a style', `<style>${payload}</style>`, /a hidden HTML element/],
  ['what a video falls back to', `<video>${payload}</video>`, /a hidden HTML element/],
  ['a drawing’s title', `<svg><title>${payload}</title></svg>`, /a hidden HTML element/],
  ['entities in a hidden element', `<p hidden>&#65;${payload}</p>`, /a hidden HTML element/],
  ['words after a fence', `\`\`\`js ${payload}\na\n\`\`\``, /words after the fence/],
  ['a long language', `\`\`\`js-${payload}-${payload}\na\n\`\`\``, /words after the fence/],
  ['a cell outside its table', `| a |\n|---|\n| b | ${payload} |`, /table cell outside its table/],
  ['a formula in white', `a $\\color{white}{\\text{${payload}}}$ b`, /a formula that can hide text/],
  ['a formula that keeps room', `$$\\phantom{${payload}}$$`, /a formula that can hide text/],
  ['a formula’s comment', `\`\`\`math\nx % ${payload}\n\`\`\``, /a formula that can hide text/],
  ['a diagram’s comment', `\`\`\`mermaid\ngraph TD\n%% ${payload}\nA --> B\n\`\`\``, /parts of a diagram/],
  ['a map', `\`\`\`geojson\n{"a":"${payload}"}\n\`\`\``, /parts of a diagram/],
  ['tag characters', `a${tags}b`, /14 invisible characters/, tags],
  ['tag characters after a flag', `🏴${tags}`, /14 invisible characters/, tags],
  ['tag characters in code', `\`a${tags}\`\n\n\`\`\`\n${tags}\n\`\`\``, /28 invisible characters/, tags],
  ['variation selectors', `a${inBits('\ufe00', '\u{e0100}')}`, /7 invisible characters/, inBits('\ufe00', '\u{e0100}')],
  ['variation selectors after an emoji', `😀\ufe0f\ufe0f\u{e0141}`, /3 invisible characters/, '\u{e0141}'],
  ['zero-width characters', `a${inBits('\u200b', '\u200c')}`, /7 invisible characters/, inBits('\u200b', '\u200c')],
  ['word joiners', `a${inBits('\u2060', '\u2064')}`, /7 invisible characters/, inBits('\u2060', '\u2064')],
  ['soft hyphens', 'a\u00adb', /an invisible character/, '\u00ad'],
  ['direction overrides', 'a\u202eb\u202c', /2 invisible characters/, '\u202e'],
  ['direction isolates', 'a\u2067b\u2069', /2 invisible characters/, '\u2067'],
  ['direction marks', 'a\u200e\u200f\u061cb', /3 invisible characters/, '\u200f'],
  ['Hangul fillers', 'a\u3164\u115f\u1160\uffa0b', /4 invisible characters/, '\u3164'],
  ['empty braille cells', 'a\u2800\u2800b', /2 invisible characters/, '\u2800'],
  ['private characters', 'a\ue000\u{100000}b', /2 invisible characters/, '\ue000'],
  ['unassigned characters', 'a\u0378\u{e0fff}b', /2 invisible characters/, '\u0378'],
  ['half characters', 'a\ud800b', /an invisible character/, '\ud800'],
  ['invisible characters by entity', 'a&#x200b;&zwnj;b', /2 invisible characters/, '&#x200b;'],
  [
    'invisible characters by entity in HTML',
    '<div>a&#x200b;&ZeroWidthSpace;b</div>',
    /2 invisible characters/,
    '&#x200b;',
  ],
  ['a byte order mark within', 'a\ufeffb', /an invisible character/, '\ufeff'],
];

const rows = channels.map(([channel, raw, named, gone = payload]) => [channel, raw, named, gone] as const);

describe.each(rows)('D9: %s', (_, raw, named, gone) => {
  it('carries the text to whoever reads the source, is not read, and is named', () => {
    expect(raw).toContain(gone);
    const { text, hidden } = readVisible(raw);
    expect(text).not.toContain(gone);
    expect(text).not.toContain(payload);
    expect(text.replaceAll(/\p{Cf}|\p{Co}|\p{Cn}|\p{Cs}/gu, '')).toBe(text);
    expect(hidden.join('; ')).toMatch(named);
    expect(hidden.join('; ')).not.toContain(payload);
  });
});

describe('what is told', () => {
  it('leaves out what every template leaves behind, and nothing else', () => {
    expect(readVisible('<!-- Please describe it -->\na\n<!-- And here -->').notable).toEqual([]);
    expect(readVisible(`<!-- ${'x'.repeat(1_000)} -->`).notable).toEqual(['a long HTML comment: 1,009 characters']);
    expect(readVisible('<!-- a -->\n\n[//]: # (b)').notable).toEqual([
      'a link definition that nothing uses: 11 characters',
    ]);
  });

  it('is read, and marked, when a person only has to unfold it', () => {
    const { text, hidden, folded } = readVisible('<details><summary>Log</summary>\n\nline 1\n\n</details>\n\nafter');
    expect(text).toMatch(/^\[A folded section begins\]\s+Log\s+line 1\s+\[The folded section ends\]\s+after$/);
    expect(hidden).toEqual([]);
    expect(folded).toEqual(['a collapsed section (details) of 9 characters']);
    expect(readVisible('<details open>\n\na\n\n</details>')).toMatchObject({ text: 'a', folded: [] });
  });

  it('says that a title held what nobody sees', () => {
    expect(readVisibleLine(`Fix${tags} it <b>\n`)).toMatchObject({
      text: 'Fix it <b>',
      hidden: ['14 invisible characters'],
    });
  });
});

const words = ['alpha', 'beta', 'gamma', 'delta'];
/** First within its line, then as a block: the other way round, indentation would make visible code of what was hidden. */
const inLine = [
  (text: string) => `**${text}**`,
  (text: string) => `<b>${text}</b>`,
  (text: string) => `${text}\u200b\u{e0041}\u202e\u3164\ue000`,
  (text: string) => `<!-- secret --> ${text}`,
  (text: string) => `${text}<i hidden>secret</i>`,
];
const asBlock = [
  (text: string) => `> ${text.replaceAll('\n', '\n> ')}`,
  (text: string) => `- ${text.replaceAll('\n', '\n  ')}`,
  (text: string) => `1. ${text.replaceAll('\n', '\n   ')}`,
  (text: string) => `${text}\n\n[//]: # (secret)\n`,
];
const unseen = /[\p{Cf}\p{Co}\p{Cn}\p{Cs}\u2800\u3164\ufe00-\ufe0f]/u;

describe('D9: any text', () => {
  it('keeps visible words and loses hidden ones, however both are wrapped', () => {
    fc.assert(
      fc.property(fc.constantFrom(...words), wrapsOf(inLine), wrapsOf(asBlock), (word, inner, outer) => {
        const raw = [...inner, ...outer].reduce((text, wrap) => wrap(text), word);
        const { text } = readVisible(raw);
        expect(text).toContain(word);
        expect(text).not.toContain('secret');
        expect(text).not.toMatch(unseen);
      }),
    );
  });

  it('never throws, and never lets an invisible character through', () => {
    const pieces = fc.constantFrom(
      ...[
        '[',
        ']',
        '(',
        ')',
        '!',
        '*',
        '_',
        '`',
        '<',
        '>',
        '<!--',
        '-->',
        '<details>',
        '</details>',
        '<p hidden>',
        '</p>',
      ],
      ...[
        '\n',
        '\n\n',
        '    ',
        '> ',
        '- ',
        '|',
        '|-|',
        '&#x200b;',
        '\u200b',
        '\u{e0041}',
        '\ud800',
        '[^a]',
        '[^a]: ',
        '[a]: ',
        '$',
      ],
      ...['\\color{a}', '```', '"', "'", '=', 'word', '&', ';', '</', '<a href=', '<script>', '\r', '\t', '\0'],
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        expect(readVisible(parts.join('')).text).not.toMatch(unseen);
      }),
      { numRuns: 400 },
    );
  });

  it('is read again as the same words', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...words, '**a**', '`b`', '- c', '> d', '1. e', '# f'), { maxLength: 8 }),
        (parts) => {
          const once = readVisible(parts.join('\n\n')).text;
          expect(readVisible(once)).toMatchObject({ text: once, hidden: [] });
        },
      ),
    );
  });

  it.each([
    ['brackets', '['.repeat(50_000)],
    ['closed brackets', '['.repeat(50_000) + ']'.repeat(50_000)],
    ['brackets that close nothing', ']'.repeat(50_000)],
    ['pictures', '!['.repeat(50_000)],
    ['quotations', '>'.repeat(50_000)],
    ['lists', '- '.repeat(50_000)],
    ['emphasis', '*_'.repeat(50_000)],
    ['underlines', 'a\n='.repeat(30_000)],
  ])('is refused as a whole, at once, when it is nothing but %s', (_, raw) => {
    expect(readVisible(raw)).toMatchObject({
      text: '',
      hidden: [expect.stringMatching(/^all of its [\d,]+ characters/)],
    });
  });

  it.each([
    ['stars', '*'.repeat(50_000)],
    ['open tags', '<a '.repeat(30_000)],
    ['open comments', '<!-- '.repeat(20_000)],
    ['emoji', '👩‍👩‍👧'.repeat(5_000)],
    ['words', 'lorem ipsum '.repeat(8_000)],
  ])('is read when it is 100 kB of %s', (_, raw) => {
    expect(readVisible(raw).hidden.join()).not.toContain('tangled');
  });
});

function wrapsOf(wraps: readonly ((text: string) => string)[]) {
  return fc.array(fc.constantFrom(...wraps), { maxLength: 4 });
}
