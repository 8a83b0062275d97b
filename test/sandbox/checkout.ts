import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Checkout } from '../../src/domain/index.ts';
import { type Box, createSandbox, type Sandbox } from '../../src/sandbox/index.ts';

export interface TestCheckout extends Checkout, AsyncDisposable {
  /** Where everything of it lies. */
  readonly folder: string;
  /** Runs git in the scratch repository that the mirror was made from. */
  git(...args: readonly string[]): Promise<string>;
  /** Another checkout of the same commit. */
  again(name: string): Promise<Checkout>;
}

const run = promisify(execFile);
const identity = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
};

/** A repository with these files, its bare mirror, and a checkout that borrows the mirror's objects, in a new folder below `parent`. */
export async function makeCheckout(
  files: Readonly<Record<string, string | Buffer>>,
  parent = tmpdir(),
): Promise<TestCheckout> {
  const folder = await mkdtemp(join(parent, 'backend-test-'));
  async function git(...args: readonly string[]): Promise<string> {
    const env = { PATH: '/usr/bin:/bin', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', ...identity };
    return (await run('/usr/bin/git', args, { cwd: join(folder, 'source'), env })).stdout;
  }
  async function again(name: string): Promise<Checkout> {
    const paths = { tree: join(folder, name), gitDir: join(folder, `${name}.git`), home: join(folder, `${name}.home`) };
    await git('clone', '-q', '--shared', '--separate-git-dir', paths.gitDir, join(folder, 'mirror.git'), paths.tree);
    await mkdir(paths.home);
    return { ...paths, objects: join(folder, 'mirror.git/objects') };
  }
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, 'source', path)), { recursive: true });
    await writeFile(join(folder, 'source', path), content);
  }
  await mkdir(join(folder, 'source'), { recursive: true });
  await git('init', '-q', '-b', 'main');
  await git('add', '-A');
  await git('commit', '-q', '--allow-empty', '-m', 'Begin');
  await git('clone', '-q', '--bare', '.', '../mirror.git');
  const first = await again('tree');
  return { ...first, folder, git, again, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

export function makeSandbox(): Sandbox {
  return createSandbox({ kind: 'bubblewrap', nodePath: process.execPath });
}

export interface TestBox extends AsyncDisposable {
  readonly box: Box;
  readonly checkout: TestCheckout;
}

/** A box on a fresh checkout of these files. */
export async function openBox(files: Readonly<Record<string, string | Buffer>>): Promise<TestBox> {
  const checkout = await makeCheckout(files);
  const box = await makeSandbox().open({ checkout, signal: new AbortController().signal });
  return {
    box,
    checkout,
    [Symbol.asyncDispose]: async () => {
      await box[Symbol.asyncDispose]();
      await checkout[Symbol.asyncDispose]();
    },
  };
}
