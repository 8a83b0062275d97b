/**
 * A program: makes one JavaScript file, `main.js`, of the TypeScript modules of a folder in another, and copies what else is there. Of its own, as Node
 * warns of the function it uses. Each module becomes a function's body and its imports that function's results; it reads no more of the
 * language than the tool host uses, and throws on the rest.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';

const [from = '', to = ''] = process.argv.slice(2);
const done = new Set<string>();
const modules: string[] = [];

await bundle('main');
await writeFile(join(to, 'main.js'), `'use strict';\n${modules.join('')}`);
await writeFile(join(to, 'package.json'), '{ "type": "commonjs" }\n');
for (const name of await readdir(from)) {
  if (!name.endsWith('.ts') && name !== 'package.json')
    await writeFile(join(to, name), await readFile(join(from, name)));
}

/** Adds a module after those that it imports, each once. */
async function bundle(name: string): Promise<void> {
  if (done.has(name)) return;
  done.add(name);
  const plain = stripTypeScriptTypes(await readFile(join(from, `${name}.ts`), 'utf8'));
  for (const [, imported = ''] of plain.matchAll(/^import .* from '\.\/([a-z-]+)\.ts';$/gm)) await bundle(imported);
  const exported = [...plain.matchAll(/^export (?:async )?(?:function|const|class) (\w+)/gm)].map(([, word]) => word);
  const body = plain
    .replaceAll(/^import \* as (\w+) from ('node:[\w/]+');$/gm, 'const $1 = require($2);')
    .replaceAll(/^import (\{[\w, ]*\}) from ('node:[\w/]+');$/gm, 'const $1 = require($2);')
    .replaceAll(/^import (\{[\w, ]*\}) from '\.\/([a-z-]+)\.ts';$/gm, (_, names: string, file: string) => {
      return `const ${names} = ${nameOf(file)};`;
    })
    .replaceAll(/^export (?=(?:async )?(?:function|const|class) )/gm, '')
    .replaceAll('import.meta.dirname', '__dirname');
  const left = /^(?:import|export)\b.*/m.exec(body)?.[0];
  if (left !== undefined) throw new Error(`${name}.ts holds what cannot be put into one file: ${left}`);
  modules.push(`const ${nameOf(name)} = (() => {${body}\nreturn { ${exported.join(', ')} };\n})();\n`);
}

function nameOf(file: string): string {
  return `module_${file.replaceAll('-', '_')}`;
}
