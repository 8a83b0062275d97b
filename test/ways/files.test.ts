import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { backendFiles, findTouched, renderFilesWish } from '../../src/ways/index.ts';

const byDefault = { on: ['pull_request' as const] };

it.each([
  ['src/a.ts', true],
  ['packages/shop/api/orders/list.py', true],
  ['server/Main.java', true],
  ['src/style.css', false],
  ['lib/a.ts', false],
  ['source/a.ts', false],
  ['src', false],
  ['a.ts', false],
  ['src/.ts', true],
  ['src/ts', false],
])('a backend file or not: %s', (path, isOne) => {
  expect(findTouched([path], byDefault)).toEqual(isOne ? [path] : []);
});

it.each([
  ['lib/**', 'lib/deep/a.c', true],
  ['lib', 'lib/deep/a.c', true],
  ['./lib/', 'lib/a.c', true],
  ['**/*.sql', 'db/1.sql', true],
  ['lib', 'library/a.c', false],
  ['lib/**', 'src/a.ts', false],
])('named by %s: %s', (pattern, path, isOne) => {
  expect(findTouched([path], { paths: [pattern], on: ['pull_request'] })).toEqual(isOne ? [path] : []);
});

it('touches nothing while files are not looked at', () => {
  expect([findTouched(['src/a.ts'], false), findTouched(['src/a.ts'], undefined)]).toEqual([[], []]);
});

it('names the files, not without end', () => {
  const wish = renderFilesWish(Array.from({ length: 300 }, (_, index) => `src/${index}.ts`));
  expect(wish).toContain('- src/99.ts');
  expect(wish).not.toContain('- src/100.ts');
});

it('is what docs/ways-in.md says', () => {
  const page = readFileSync('docs/ways-in.md', 'utf8');
  for (const folder of backendFiles.folders) expect(page).toContain(`\`${folder}\``);
  for (const extension of backendFiles.extensions) expect(page).toContain(`\`.${extension}\``);
});
