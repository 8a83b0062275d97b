import { expect, it } from 'vitest';
import { cleanCharacters, readVisible } from '../../src/visible/index.ts';

const fence = '```';

/** What people write, and what of it the model reads: all of it. */
const twins: readonly (readonly [what: string, raw: string, seen?: string])[] = [
  ['a plain sentence', 'The total is wrong: 1 < 2 & 3 > 2.'],
  ['a family as one emoji', 'Hi 👩‍👩‍👧‍👦 and 🧑🏽‍🚀'],
  ['flags', '🇩🇪 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🏳️‍🌈 🏴‍☠️'],
  ['hearts and keycaps', '❤️ ☺️ 1️⃣ ✔️ ©️'],
  ['Arabic', 'يجب أن يعيد الطلب 200'],
  ['Persian with its joiners', 'می‌خواهم این را درست کنم'],
  ['Hebrew', 'הבקשה נכשלת עם שגיאה'],
  ['Thai', 'คำขอล้มเหลว'],
  ['Hindi with its joiners', 'क्‍ष और क्षत्रिय'],
  ['Chinese with wide spaces', '请求　失败，返回 500。'],
  ['Korean and Japanese', '요청이 실패합니다 リクエストが失敗する'],
  ['letters with marks', 'Ünïcödé é ệ ñ'],
  ['code within a line', 'Call `a < b && c` and ``x ` y``.'],
  ['code with what looks like HTML', `${fence}html\n<!-- kept -->\n<div hidden>kept</div>\n${fence}`],
  ['code with empty lines', `${fence}\na\n\n\n\nb\n${fence}`],
  ['indented code', '    <!-- kept -->', `${fence}\n<!-- kept -->\n${fence}`],
  ['a diagram', `${fence}mermaid\ngraph TD\nA --> B\n${fence}`],
  ['a formula', 'It is $a^2 + b^2$ for $5.'],
  ['prices', 'From $5 to $10, a 20% rise.'],
  ['a table', '| a | b |\n| --- | --- |\n| 1 | `2` |'],
  ['nested lists', '- a\n  - b\n    - c\n- d'],
  ['numbered steps', '3. open\n4. close'],
  ['tasks', '- [ ] open\n- [x] done'],
  ['a quotation in a list', '- a\n\n  > b\n\n- c'],
  ['headings', '# One\n\n## Two'],
  ['a rule', 'a\n\n---\n\nb'],
  ['strong and struck words', '**a** *b* ~~c~~'],
  ['an address', 'See https://example.com/a?b=c and www.example.com.'],
  ['an address in brackets', '<https://example.com>', 'https://example.com'],
  ['a link', '[the docs](https://example.com/a)', 'the docs (https://example.com/a)'],
  ['a link by reference', '[the docs]\n\n[the docs]: https://example.com/a', 'the docs (https://example.com/a)'],
  ['a link to a file', '[sum](src/sum.js)', 'sum (src/sum.js)'],
  ['an HTML link', '<a href="https://example.com">docs</a>', 'docs (https://example.com)'],
  ['a footnote', 'a[^x]\n\n[^x]: b', 'a[^1]\n\n[^1]: b'],
  ['entities', 'a &lt;!-- b --&gt; &amp; &quot;c&quot; &copy;', 'a <!-- b --> & "c" ©'],
  ['entities in HTML', '<p>a &lt; b &amp; c</p>', 'a < b & c'],
  ['an escaped comment', '\\<!-- a -->', '<!-- a -->'],
  ['keys', 'Press <kbd>Ctrl</kbd>+<kbd>C</kbd>', 'Press Ctrl+C'],
  ['a line break', 'a<br>b', 'a\nb'],
  ['a line break in Markdown', 'a  \nb\nc', 'a\nb\nc'],
  ['a middle', '<p align="center">a</p>', 'a'],
  ['a tag’s name, unmarked', 'The <title> tag is missing.', 'The <title> tag is missing.'],
  ['a mention and a reference', '@ada see #12 and acme/orders@1a2b3c4'],
  ['a stack trace', 'TypeError: a\n    at b (/c/d.js:1:2)\n    at e', 'TypeError: a\nat b (/c/d.js:1:2)\nat e'],
  ['a generic type', 'A `Map<string, number>` and a Promise\\<void>.', 'A `Map<string, number>` and a Promise<void>.'],
  ['an alert', '> [!NOTE]\n> a'],
  ['line ends of Windows', 'a\r\n\r\nb\r\nc', 'a\n\nb\nc'],
];

const rows = twins.map(([what, raw, seen = raw]) => [what, raw, seen] as const);

it.each(rows)('D9: reads %s as it is seen, and finds nothing hidden in it', (_, raw, seen) => {
  expect(readVisible(raw)).toEqual({ text: seen, hidden: [], notable: [], folded: [] });
});

it('keeps a file’s text apart from what nobody sees', () => {
  const file = '# Style\n\n<!-- kept -->\n\tTabs, two  spaces, 👩‍👩‍👧.\n';
  expect(cleanCharacters(file)).toEqual({ text: file, removed: 0 });
  expect(cleanCharacters(`${file}\u202e\u{e0041}`)).toEqual({ text: file, removed: 2 });
});
