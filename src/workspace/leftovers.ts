import type { Dirent } from 'node:fs';
import { chmod, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { homeOf, ownerName, ownerValue, startOf } from '../git/index.ts';
import { withLock } from './lock.ts';

/** How long a git process that was told to end may take. */
const endMs = 5000;
/** A box may read from a mirror that was put aside for as long as its job lives, and none lives so long. */
const damagedMs = 24 * 60 * 60_000;
const never = new AbortController().signal;

/**
 * Removes what a killed process left below the data folder: git processes, folders of jobs that are over, half-made mirrors, lock files and
 * half-written packs. What another living process of ours works on stays. Called once when a worker starts.
 */
export async function sweepJobs(dataDir: string, isAlive: (jobId: string) => Promise<boolean>): Promise<void> {
  const home = homeOf(dataDir);
  await endGits(async ({ environment, owner }) => environment.includes(`HOME=${home}`) && !(await isLiving(owner)));
  for (const jobId of await namesIn(join(dataDir, 'jobs')))
    if (!(await isAlive(jobId))) await removeFolder(join(dataDir, 'jobs', jobId));
  for (const name of await namesIn(join(dataDir, 'mirrors'))) {
    const mirror = join(dataDir, 'mirrors', name);
    if (name.endsWith('.damaged')) await removeOld(mirror);
    else await withLock(mirror, never, () => sweepMirror(mirror));
  }
}

/**
 * Removes lock files and half-written packs from a mirror that no git process writes to; those of dead processes of ours, and of our
 * own that were told to end, are ended first. Whoever calls it holds the mirror's lock.
 */
export async function clearLeftovers(gitDir: string): Promise<void> {
  const found = await findLeftovers(gitDir);
  if (found.length === 0 || !(await endWriters(gitDir))) return;
  for (const path of found) await rm(path, { force: true });
}

/**
 * Removes a folder that a box may have written, also where it took away its own rights. Links are removed, never followed.
 * What can't be removed is left for the next sweep: a finished job must not fail because of it.
 */
export async function removeFolder(folder: string): Promise<void> {
  if (await isRemoved(folder)) return;
  await openRights(folder);
  await isRemoved(folder);
}

/** A mirror without a single base commit is one that was never finished. */
async function sweepMirror(mirror: string): Promise<void> {
  if ((await namesIn(join(mirror, 'refs', 'base'))).length > 0) await clearLeftovers(mirror);
  else if (await endWriters(mirror)) await removeFolder(mirror);
}

async function removeOld(folder: string): Promise<void> {
  const { mtimeMs } = await stat(folder);
  if (Date.now() - mtimeMs > damagedMs) await removeFolder(folder);
}

async function findLeftovers(gitDir: string): Promise<readonly string[]> {
  const [top, refs, packs] = await Promise.all(
    ['.', 'refs/base', 'objects/pack'].map((folder) => namesIn(join(gitDir, folder))),
  );
  return [
    ...(top ?? []).filter((name) => name.endsWith('.lock')),
    ...(refs ?? []).filter((name) => name.endsWith('.lock')).map((name) => join('refs/base', name)),
    ...(packs ?? []).filter((name) => name.startsWith('tmp_')).map((name) => join('objects/pack', name)),
  ].map((path) => join(gitDir, path));
}

/** A git process of ours, or a helper program that one started. */
interface Git {
  readonly pid: number;
  readonly command: readonly string[];
  readonly environment: readonly string[];
  readonly owner: string;
}

/** True when nothing writes to the mirror any more; false when another living process of ours does. */
async function endWriters(gitDir: string): Promise<boolean> {
  const isWriter = ({ command, environment }: Git): boolean =>
    command.some((word) => /^(fetch|index-pack|remote-https?|update-ref)$|git-remote-http/.test(word)) &&
    (command.includes(gitDir) || environment.includes(`GIT_DIR=${gitDir}`));
  await endGits(async (git) => isWriter(git) && (git.owner === ownerValue || !(await isLiving(git.owner))));
  return !(await listGits()).some(isWriter);
}

/** Ends git processes and waits until they are gone. */
async function endGits(isTarget: (git: Git) => Promise<boolean>): Promise<void> {
  const until = Date.now() + endMs;
  while (Date.now() < until) {
    const gits = await listGits();
    const areTargets = await Promise.all(gits.map(isTarget));
    const targets = gits.filter((_, index) => areTargets[index]);
    if (targets.length === 0) return;
    for (const { pid } of targets) kill(pid);
    await sleep(20);
  }
}

async function listGits(): Promise<readonly Git[]> {
  const pids = (await namesIn('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map(readGit));
  return found.filter((git) => git !== undefined);
}

/** Undefined for what is no process of ours; a process that has ended and was not waited for has no environment. */
async function readGit(pid: string): Promise<Git | undefined> {
  const environment = await wordsOf(`/proc/${pid}/environ`);
  const owner = environment.find((entry) => entry.startsWith(`${ownerName}=`))?.slice(ownerName.length + 1);
  if (owner === undefined) return undefined;
  return { pid: Number(pid), command: await wordsOf(`/proc/${pid}/cmdline`), environment, owner };
}

async function wordsOf(path: string): Promise<readonly string[]> {
  return (await readFile(path, 'utf8').catch(() => '')).split('\0');
}

async function isLiving(owner: string): Promise<boolean> {
  const [pid = '', start] = owner.split('.');
  return startOf(await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')) === start;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended on its own in between.
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []);
}

async function isRemoved(folder: string): Promise<boolean> {
  return rm(folder, { recursive: true, force: true }).then(
    () => true,
    () => false,
  );
}

async function openRights(folder: string): Promise<void> {
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    await chmod(next, 0o700).catch(() => undefined);
    const entries = await readdir(next, { withFileTypes: true }).catch((): Dirent[] => []);
    for (const entry of entries) if (entry.isDirectory()) folders.push(join(next, entry.name));
  }
}
