import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { BotError, type Base, type Change } from '../domain/index.ts';
import {
  compareChanges,
  type GitPlace,
  listTree,
  mergeTrees,
  readDifference,
  readFile,
  readTextFile,
  requireSpace,
  runGit,
  tellFull,
} from '../git/index.ts';
import { checkoutAt, makeCheckout } from './checkout.ts';
import { measureTree } from './disk.ts';
import { removeFolder } from './leftovers.ts';
import { mirrorPlace, withMirror } from './mirror.ts';
import { readPeculiarities } from './peculiarities.ts';
import type { Workspace, WorkspaceOptions } from './workspace.ts';

/**
 * Opens a job's workspace: fetches the base commit into the repository's mirror when it isn't there, and reads what it holds.
 * Safe to repeat after a crash. Disposing removes the job's checkouts, except after an abort, when time is short: a sweep does it later.
 * Throws BotError `repository-unusable` (removed, empty, commit rewritten, a path that git refuses, beyond a cap), `git-failed` (may be
 * tried again), `disk-full` (so may that), `aborted`.
 */
export async function openWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const { dataDir } = options;
  checkNames(options);
  await requireSpace(dataDir);
  return tellFull(dataDir, () => open(options, join(dataDir, 'jobs', options.jobId)));
}

async function open(options: WorkspaceOptions, jobDir: string): Promise<Workspace> {
  const { base, dataDir, signal } = options;
  await mkdir(join(dataDir, 'mirrors'), { recursive: true });
  await mkdir(jobDir, { recursive: true });
  const mirror = mirrorPlace(options);
  const files = await withMirror(options, (place) => listTree(place, base.sha));
  const treeBytes = measureTree(files, options);
  const entries = new Map(files.map((entry) => [entry.path, entry]));
  const readText = (path: string) => readTextFile(mirror, entries.get(path));
  const holding = <T>(commits: readonly Base[], action: (place: GitPlace) => Promise<T>) =>
    withCommits(options, commits, action);
  return {
    base,
    files,
    peculiarities: await readPeculiarities(files, readText),
    readText,
    changesTo: (head) => holding([head], (place) => readDifference(place, base.sha, head.sha)),
    mergeInto: (head, origin) =>
      holding([head, { ...base, sha: origin }], async (place) => {
        const { tree, ...found } = await mergeTrees(place, { origin, ours: head.sha, theirs: base.sha });
        return { changes: await readDifference(place, base.sha, tree), ...found };
      }),
    compareChanges: (before, origin, after) =>
      holding([before, { ...base, sha: origin }, after], (place) =>
        compareChanges(place, { from: origin, to: before.sha }, { from: base.sha, to: after.sha }),
      ),
    originals: async (paths) => {
      const found = paths.map(async (path): Promise<Change | undefined> => {
        const entry = entries.get(path);
        return entry === undefined ? { path, type: 'delete' } : readFile(mirror, entry);
      });
      return (await Promise.all(found)).filter((change) => change !== undefined);
    },
    checkout: async (name, cachesOf) => {
      const root = checkoutRoot(jobDir, name);
      await removeFolder(root);
      const from = cachesOf === undefined ? undefined : checkoutAt(checkoutRoot(jobDir, cachesOf), mirror).home;
      await requireSpace(dataDir, treeBytes);
      await tellFull(dataDir, () => withMirror(options, (place) => makeCheckout(root, place, base.sha, from)));
      return checkoutAt(root, mirror);
    },
    removeCheckout: async (name) => {
      await removeFolder(checkoutRoot(jobDir, name));
    },
    recentSubjects: async (count) => {
      const args = ['log', '--no-merges', '--format=%s', `--max-count=${String(count)}`, base.sha];
      return (await runGit(mirror, args)).split('\n').filter((subject) => subject !== '');
    },
    [Symbol.asyncDispose]: async () => {
      if (!signal.aborted) await removeFolder(jobDir);
    },
  };
}

/** Does it with a mirror that holds these commits as well. */
async function withCommits<T>(
  options: WorkspaceOptions,
  [base, ...rest]: readonly Base[],
  action: (place: GitPlace) => Promise<T>,
): Promise<T> {
  if (base === undefined) return action(mirrorPlace(options));
  checkNames({ ...options, base });
  return withMirror({ ...options, base }, () => withCommits(options, rest, action));
}

/** These become parts of paths and of refs, so nothing but what they are made of passes. */
function checkNames({ base, jobId, repository }: WorkspaceOptions): void {
  checkName(jobId);
  if (!Number.isSafeInteger(repository.id))
    throw new BotError('bug', `A repository's id is an integer, not ${String(repository.id)}.`);
  if (!/^[0-9a-f]{40}$/.test(base.sha))
    throw new BotError('bug', `A base commit is 40 hexadecimal digits, not "${base.sha.slice(0, 80)}".`);
  if (/[\0\s:^~?*[\\]|\.\.|^-/.test(base.branch) || base.branch === '')
    throw new BotError('bug', `"${base.branch.slice(0, 80)}" is no name of a branch.`);
}

function checkoutRoot(jobDir: string, name: string): string {
  checkName(name);
  return join(jobDir, name);
}

function checkName(name: string): void {
  if (!/^[a-z0-9-]{1,64}$/.test(name))
    throw new BotError('bug', `"${name.slice(0, 80)}" can't name a folder of a job: use a-z, 0-9 and -, at most 64.`);
}
