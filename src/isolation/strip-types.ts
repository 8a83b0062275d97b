/** A program: makes JavaScript of the TypeScript files of one folder in another. Of its own, as Node warns of the function it uses. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';

const [from = '', to = ''] = process.argv.slice(2);
for (const name of await readdir(from)) {
  const text = await readFile(join(from, name), 'utf8');
  const [plainName, plainText] = name.endsWith('.ts') ? [toJs(name), strip(text)] : [name, text];
  await writeFile(join(to, plainName), plainText);
}

function strip(text: string): string {
  return stripTypeScriptTypes(text).replaceAll(/(?<= from '\.\/[a-z-]+)\.ts(?=';)/g, '.js');
}

function toJs(name: string): string {
  return name.replace(/\.ts$/, '.js');
}
