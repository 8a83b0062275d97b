import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readVisible, readVisibleLine } from '../../src/visible/index.ts';
import { channels, payload, tags } from './channels.ts';

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
