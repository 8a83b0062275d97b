import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compileToolHost } from '../../src/isolation/index.ts';

const run = promisify(execFile);
const program = join(import.meta.dirname, '../../src/isolation/strip-types.ts');
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'backend-test-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Makes one file of these modules and answers what it prints when it runs. */
async function bundleAndRun(modules: Readonly<Record<string, string>>): Promise<string> {
  const [from, to] = [await mkdtemp(join(folder, 'from-')), await mkdtemp(join(folder, 'to-'))];
  for (const [name, text] of Object.entries(modules)) await writeFile(join(from, name), text);
  await run(process.execPath, [program, from, to], { env: {} });
  return (await run(process.execPath, [join(to, 'main.js')], { env: {} })).stdout;
}

describe('the tool host as one file', () => {
  it('keeps names of different modules apart and runs each module once, after what it imports', async () => {
    const printed = await bundleAndRun({
      'main.ts':
        "import { one } from './one.ts';\nimport { two } from './two.ts';\nconst own = 'main';\nconsole.log(one(), two(), own);\n",
      'one.ts':
        "import { two } from './two.ts';\nconst own: string = 'one';\nexport function one(): string {\n  return own + two();\n}\n",
      'two.ts':
        "import type { one } from './one.ts';\nconsole.log('once');\nconst own = 'two';\nexport const two = (): string => own;\n",
    });
    expect(printed).toBe('once\nonetwo two main\n');
  });

  it.each([
    ['an import it does not know', "import path from 'node:path';\nconsole.log(path.sep);\n"],
    ['an export it does not know', 'const one = 1;\nexport { one };\n'],
  ])('is refused rather than made wrongly of %s', async (_, text) => {
    await expect(bundleAndRun({ 'main.ts': text })).rejects.toThrow('cannot be put into one file');
  });

  it('is made again when somebody cleaned it away, and needs no other module', async () => {
    const first = await compileToolHost();
    await rm(join(first, 'main.js'));
    const second = await compileToolHost();
    expect((await readdir(second)).toSorted()).toEqual(['excludes', 'main.js', 'package.json']);
    expect(await readFile(join(second, 'main.js'), 'utf8')).not.toMatch(/^import|require\('\./m);
  });
});
