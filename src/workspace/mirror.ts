import { mkdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BotError } from '../domain/index.ts';
import { type GitPlace, readFailure, runGit } from '../git/index.ts';
import { fetchBase } from './fetch.ts';
import { clearLeftovers, removeFolder } from './leftovers.ts';
import { withLock } from './lock.ts';
import type { WorkspaceOptions } from './workspace.ts';

/** Settings of a mirror: nothing runs by itself, and git may speak to web servers only. */
const mirrorConfig = `[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
\thooksPath = /dev/null
\tlogAllRefUpdates = false
[gc]
\tauto = 0
[maintenance]
\tauto = false
[fetch]
\tunpackLimit = 1
\tfsckObjects = false
[protocol]
\tallow = never
[protocol "http"]
\tallow = always
[protocol "https"]
\tallow = always
[http]
\tfollowRedirects = false
\tlowSpeedLimit = 1000
\tlowSpeedTime = 60
`;

/** Where the shared bare mirror of a repository is: by id, because names change. */
export function mirrorPlace({ dataDir, repository, signal }: WorkspaceOptions): GitPlace {
  return { gitDir: join(dataDir, 'mirrors', String(repository.id)), dataDir, signal };
}

/** Removes what is kept of these repositories: nobody gives us access to them any more. What a git command still holds goes with the next sweep. */
export async function removeMirrors(dataDir: string, repositoryIds: readonly number[]): Promise<void> {
  for (const id of repositoryIds) await removeFolder(join(dataDir, 'mirrors', String(id)));
}

/**
 * Makes sure that the mirror holds the base commit, then does `action` with it. The network is asked only when the commit is missing.
 * When either fails and git finds the mirror damaged, the mirror is put aside, made again, and the action repeated once.
 */
export async function withMirror<T>(options: WorkspaceOptions, action: (mirror: GitPlace) => Promise<T>): Promise<T> {
  const mirror = mirrorPlace(options);
  try {
    await ensureBase(mirror, options);
    return await action(mirror);
  } catch (error) {
    if (!isUnexplained(error) || !(await putAsideIfDamaged(mirror))) throw error;
  }
  await ensureBase(mirror, options);
  return await action(mirror);
}

async function ensureBase(mirror: GitPlace, options: WorkspaceOptions): Promise<void> {
  await withLock(mirror.gitDir, options.signal, async () => {
    if (await holds(mirror, options.base.sha)) return;
    await prepare(mirror);
    try {
      await fetchBase(mirror, options);
      await runGit(mirror, ['update-ref', `refs/base/${options.base.sha}`, options.base.sha]);
    } catch (error) {
      // What came in so far is of no use and may be what fills the disk. After an abort time is short: the next fetch does it.
      if (!options.signal.aborted) await clearLeftovers(mirror.gitDir);
      throw error;
    }
  });
}

/** A ref is written only after a whole fetch, so its presence says that everything behind the commit is here too. */
async function holds(mirror: GitPlace, sha: string): Promise<boolean> {
  try {
    return (await runGit(mirror, ['rev-parse', '--verify', '--quiet', `refs/base/${sha}^{commit}`])).trim() === sha;
  } catch (error) {
    if (error instanceof BotError && error.code === 'aborted') throw error;
    return false;
  }
}

/** Makes the folder a bare repository, or sets its settings anew. Written by hand: `git init` would copy the machine's templates and hooks. */
async function prepare({ gitDir }: GitPlace): Promise<void> {
  await mkdir(join(gitDir, 'objects', 'info'), { recursive: true });
  await mkdir(join(gitDir, 'refs'), { recursive: true });
  await ensureFile(join(gitDir, 'HEAD'), 'ref: refs/heads/none\n');
  await ensureFile(join(gitDir, 'config'), mirrorConfig);
  await clearLeftovers(gitDir);
}

/** Never leaves a part of the text, which on a full disk would be settings that say too little. */
async function ensureFile(path: string, text: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(() => undefined)) === text) return;
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

function isUnexplained(error: unknown): boolean {
  return error instanceof BotError && error.code === 'git-failed' && readFailure(error) === 'unexplained';
}

/** Renamed, not removed: boxes of other jobs may still read what is whole in it. The one put aside before goes. */
async function putAsideIfDamaged(mirror: GitPlace): Promise<boolean> {
  return withLock(mirror.gitDir, mirror.signal, async () => {
    if (!(await isDamaged(mirror))) return false;
    await rm(`${mirror.gitDir}.damaged`, { recursive: true, force: true });
    await rename(mirror.gitDir, `${mirror.gitDir}.damaged`);
    await utimes(`${mirror.gitDir}.damaged`, new Date(), new Date()); // from now on a sweep counts its days
    return true;
  });
}

/** Slow on a large repository, so asked only after a failure that nothing else explains. */
async function isDamaged(mirror: GitPlace): Promise<boolean> {
  try {
    await runGit(mirror, ['fsck', '--no-dangling', '--no-progress']);
    return false;
  } catch (error) {
    if (error instanceof BotError && error.code === 'aborted') throw error;
    return true;
  }
}
