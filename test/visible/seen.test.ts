import { expect, it } from 'vitest';
import { cleanCharacters, readVisible } from '../../src/visible/index.ts';
import { twins } from './channels.ts';

const rows = twins.map(([what, raw, seen = raw]) => [what, raw, seen] as const);

it.each(rows)('D9: reads %s as it is seen, and finds nothing hidden in it', (_, raw, seen) => {
  expect(readVisible(raw)).toEqual({ text: seen, hidden: [], notable: [], folded: [] });
});

it('keeps a file’s text apart from what nobody sees', () => {
  const file = '# Style\n\n<!-- kept -->\n\tTabs, two  spaces, 👩‍👩‍👧.\n';
  expect(cleanCharacters(file)).toEqual({ text: file, removed: 0 });
  expect(cleanCharacters(`${file}\u202e\u{e0041}`)).toEqual({ text: file, removed: 2 });
});
