import { copyFile, cp, lstat, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkout } from '../domain/index.ts';
import { BotError } from '../domain/index.ts';
import { type GitPlace, readFailure, runGit } from '../git/index.ts';
import { removeFolder } from './leftovers.ts';

/** Settings of a checkout's git directory: no hooks, no filters, no conversions, no remote. */
const checkoutConfig = `[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\tsymlinks = true
\tautocrlf = false
\tignorecase = false
\thooksPath = /dev/null
\tfsmonitor = false
\tprotectHFS = true
\tprotectNTFS = true
\tlogAllRefUpdates = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
[submodule]
\trecurse = false
`;

/** Overrides the repository's own attributes: a file's bytes in the tree are its blob's, so what nobody touched compares equal. */
const checkoutAttributes = '* -text !eol -ident -filter -working-tree-encoding\n';

/** The parts of a checkout below its own folder. */
export function checkoutAt(root: string, mirror: GitPlace): Checkout {
  return {
    tree: join(root, 'tree'),
    gitDir: join(root, 'git'),
    objects: join(mirror.gitDir, 'objects'),
    home: join(root, 'home'),
  };
}

/**
 * Makes a checkout of a commit at `root`, with a git directory of its own that borrows the mirror's objects.
 * It appears there whole or not at all. No command of the repository runs.
 * After a box was opened on it, the host runs no git there again.
 */
export async function makeCheckout(root: string, mirror: GitPlace, sha: string, cachesFrom?: string): Promise<void> {
  const making = `${root}.making`;
  await removeFolder(making);
  try {
    await fill(making, mirror, sha);
    if (cachesFrom !== undefined) await copyCaches(cachesFrom, checkoutAt(making, mirror).home);
    await rename(making, root);
  } catch (error) {
    // It may be what fills the disk. After an abort time is short: whoever makes the checkout next does it, or a sweep.
    if (!mirror.signal.aborted) await removeFolder(making);
    throw error;
  }
}

async function fill(making: string, mirror: GitPlace, sha: string): Promise<void> {
  const { tree, gitDir, objects, home } = checkoutAt(making, mirror);
  for (const folder of [tree, home, join(gitDir, 'objects', 'info'), join(gitDir, 'refs'), join(gitDir, 'info')])
    await mkdir(folder, { recursive: true });
  await writeFile(join(gitDir, 'config'), checkoutConfig);
  await writeFile(join(gitDir, 'info', 'attributes'), checkoutAttributes);
  await writeFile(join(gitDir, 'objects', 'info', 'alternates'), `${objects}\n`);
  await copyShallow(mirror.gitDir, gitDir);
  await writeFile(join(gitDir, 'HEAD'), `${sha}\n`);
  await fillTree({ ...mirror, gitDir, workTree: tree }, sha);
}

/** Where package managers and compilers keep what they can do without: never what is installed, so that a checkout stays a fresh one. */
const caches = ['.cache', '.npm', 'go'] as const;

/**
 * A box wrote what is copied: links are copied as links and never followed, and only a real folder directly in the home is entered.
 * What can't be copied is left out, because a cache only saves time.
 */
async function copyCaches(from: string, to: string): Promise<void> {
  for (const name of caches) {
    const info = await lstat(join(from, name)).catch(() => undefined);
    if (info?.isDirectory() !== true) continue;
    await cp(join(from, name), join(to, name), { recursive: true, verbatimSymlinks: true }).catch(async () => {
      await removeFolder(join(to, name));
    });
  }
}

/** Where the fetched history ends; without it git would miss the parents of the oldest commit. */
async function copyShallow(from: string, to: string): Promise<void> {
  try {
    await copyFile(join(from, 'shallow'), join(to, 'shallow'));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

async function fillTree(place: GitPlace, sha: string): Promise<void> {
  try {
    await runGit(place, ['read-tree', '--reset', '-u', sha]);
  } catch (error) {
    if (readFailure(error) !== 'refused-path') throw error;
    const said = error instanceof Error ? error.message : '';
    throw new BotError('repository-unusable', `The repository holds a path that git refuses to check out: ${said}`, {
      cause: error,
    });
  }
}
