import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanCharacters, spellUnseen, unspellUnseen, withoutUnseen } from '../../src/characters/index.ts';

const tagged = (text: string) =>
  text.replace(/./gu, (letter) => String.fromCodePoint(0xe0000 + (letter.codePointAt(0) ?? 0)));

/** Text, and how it is spelled. */
const hiding: readonly (readonly [string, string, string])[] = [
  ['tag characters', `a${tagged('no')}b`, String.raw`a\u{E006E}\u{E006F}b`],
  ['a zero-width space', 'a\u200bb', String.raw`a\u{200B}b`],
  ['a joiner between Latin letters', 'a\u200db', String.raw`a\u{200D}b`],
  ['variation selectors', 'a\ufe00\u{e0100}b', String.raw`a\u{FE00}\u{E0100}b`],
  ['direction controls', 'a\u202eb\u2066', String.raw`a\u{202E}b\u{2066}`],
  ['a byte order mark', '\ufeffa', String.raw`\u{FEFF}a`],
  ['a control character', 'a\u0007\u009bb', String.raw`a\u{7}\u{9B}b`],
  ['fillers', '\u3164\u2800', String.raw`\u{3164}\u{2800}`],
];

it.each(hiding)('D9: %s of a file reach the model spelled out, and are taken back exactly', (_, text, spelled) => {
  expect(spellUnseen(text)).toBe(spelled);
  expect(unspellUnseen(spelled)).toBe(text);
  expect(cleanCharacters(text).text).not.toBe(text);
});

it.each([
  ['emoji of several characters', '👩‍👩‍👧 ❤️ 🏳️‍🌈 🏴󠁧󠁢󠁥󠁮󠁧󠁿 1️⃣'],
  ['Persian with its non-joiner', 'می\u200cخواهم'],
  ['Hindi with its joiner', 'क्\u200dष'],
  ['white space of every kind', 'a\tb\r\nc\fd\u00a0e\u3000f\r'],
  [
    'code that spells them itself',
    String.raw`const space = '\u{200B}', a = '\u{41}', b = '\u{110000}', c = '\u{D800}';`,
  ],
])('%s stay as they are', (_, text) => {
  expect(spellUnseen(text)).toBe(text);
});

it('what is spelled and can be seen stays spelled', () => {
  const text = String.raw`\u{41} \u{110000} \u{D800} \u{1F600} \u{20} \u{A}`;
  expect(unspellUnseen(text)).toBe(text);
});

it('a long run is counted, and text made of nothing else does not grow without end', () => {
  expect(spellUnseen(`a${tagged('x'.repeat(41))}b`)).toBe('a[41 characters that nobody sees were left out here]b');
  const many = 'a\u200b'.repeat(10_000);
  expect(spellUnseen(many)).toBe(`${'a'.repeat(10_000)}\n[10000 characters that nobody sees were left out here]`);
});

describe('any text', () => {
  const piece = fc.constantFrom(
    ...[
      'a',
      '\n',
      ' ',
      '\u200b',
      '\u200d',
      '\u{e0041}',
      '\ufe0f',
      '👩',
      '👩‍👩‍👧',
      '\u202e',
      'م',
      '\u200c',
      '\\u{200B}',
      '\0',
    ],
  );
  const texts = fc.array(piece, { maxLength: 60 }).map((parts) => parts.join(''));

  it('is taken back as it was from its spelling, unless it held one', () => {
    fc.assert(
      fc.property(
        texts.filter((text) => !text.includes('\\')),
        (text) => {
          expect(unspellUnseen(spellUnseen(text))).toBe(text);
        },
      ),
    );
  });

  it('keeps nothing that nobody sees where nothing is excepted, and whatever is spelled can be seen', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(withoutUnseen(text)).not.toMatch(/[\p{Cf}\p{Co}\p{Cn}\p{Cs}\ufe00-\ufe0f]|(?!\n)\p{Cc}/u);
        expect(cleanCharacters(spellUnseen(text)).removed).toBe(0);
      }),
    );
  });
});
