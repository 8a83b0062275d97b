import { randomBytes } from 'node:crypto';
import { rmdirSync } from 'node:fs';
import { access, mkdir, readdir, readFile, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAbandoned, nameOwner } from '../isolation/index.ts';
import { type Controller, controllers, type Hierarchy, readHierarchies, serviceGroup } from './hierarchies.ts';

/** What all processes of a box together may use. */
export interface GroupLimits {
  /** Processes and threads. */
  readonly tasks: number;
  readonly memoryBytes: number;
  /** In processors: 1.5 is one and a half. */
  readonly processors: number;
}

/** The processes of one box, as the kernel counts them. */
export interface BoxGroup {
  /** Everything that the process starts from now on belongs to the group too. Takes the kernel some 10 ms. Throws when the process is gone. */
  add(pid: number): Promise<void>;
  /** Whether the process belongs to the group. */
  has(pid: number): Promise<boolean>;
  /** Ends whatever is left in it, and the group. Never throws. */
  end(): Promise<void>;
}

export interface Groups {
  /** What the kernel limits for no box here, as no group for it was given into our hands. */
  readonly missing: readonly Controller[];
  open(): Promise<BoxGroup>;
}

/** A file of a group, and what is written into it. Optional ones are not in every kernel. */
interface Setting {
  readonly file: string;
  readonly value: (limits: GroupLimits) => string;
  readonly optional?: true;
}

const period = 100_000;
const quota = ({ processors }: GroupLimits): string => String(Math.round(processors * period));
const memory = ({ memoryBytes }: GroupLimits): string => String(memoryBytes);
const tasks = (limits: GroupLimits): string => String(limits.tasks);

/** The same limits in both versions of the kernel's interface. Swap is none: a limit that swaps slows down the whole machine. */
const settings: Readonly<Record<Hierarchy['version'], Readonly<Record<Controller, readonly Setting[]>>>> = {
  1: {
    pids: [{ file: 'pids.max', value: tasks }],
    memory: [
      { file: 'memory.limit_in_bytes', value: memory },
      { file: 'memory.memsw.limit_in_bytes', value: memory, optional: true },
    ],
    cpu: [
      { file: 'cpu.cfs_period_us', value: () => String(period) },
      { file: 'cpu.cfs_quota_us', value: quota },
    ],
  },
  2: {
    pids: [{ file: 'pids.max', value: tasks }],
    memory: [
      { file: 'memory.max', value: memory },
      { file: 'memory.swap.max', value: () => '0', optional: true },
    ],
    cpu: [{ file: 'cpu.max', value: (limits) => `${quota(limits)} ${period}` }],
  },
};

const prefix = 'backend-developer-';

/**
 * Finds by trying where the kernel lets us limit a box as a whole. A group has one owner: only one that was handed to us is divided further, which is one
 * that is all we see of its hierarchy (in a container, or on a machine without a manager) or whose folder is our user's (systemd's `Delegate=`).
 */
export async function findGroups(limits: GroupLimits): Promise<Groups> {
  await sweepGroups(); // a process that was killed could not remove its own
  const own = `${prefix}${await nameOwner()}`;
  const usable: Hierarchy[] = [];
  for (const hierarchy of await listHierarchies()) {
    const proven = await prove(hierarchy, own, limits);
    if (proven.length > 0) usable.push({ ...hierarchy, path: join(hierarchy.path, own), controllers: proven });
  }
  removeAtExit(usable.map(({ path }) => path));
  return {
    missing: controllers.filter((name) => !usable.some((hierarchy) => hierarchy.controllers.includes(name))),
    open: () => openGroup(usable, `box-${randomBytes(6).toString('hex')}`, limits),
  };
}

/** Ends what is left of processes that are gone: their boxes, and their groups. */
export async function sweepGroups(): Promise<void> {
  for (const { path } of await listHierarchies()) {
    for (const name of await readdir(path).catch(() => [])) {
      if (!name.startsWith(prefix) || !(await isAbandoned(name.slice(prefix.length)))) continue;
      for (const box of await listFolders(join(path, name))) await endFolder(join(path, name, box));
      await rmdir(join(path, name)).catch(() => undefined);
    }
  }
}

async function listHierarchies(): Promise<readonly Hierarchy[]> {
  const [mounts, membership] = await Promise.all(
    ['mountinfo', 'cgroup'].map((file) => readFile(`/proc/self/${file}`, 'utf8').catch(() => '')),
  );
  const seen = readHierarchies(mounts ?? '', membership ?? '');
  const own = await Promise.all(seen.map(async (hierarchy) => hierarchy.isTop || (await isGiven(hierarchy.path))));
  return seen.filter((_, index) => own[index]);
}

async function isGiven(path: string): Promise<boolean> {
  const user = process.getuid?.() ?? 0;
  return user !== 0 && (await stat(path).catch(() => undefined))?.uid === user;
}

/** The controllers that take their limits in a group below this one. */
async function prove(hierarchy: Hierarchy, own: string, limits: GroupLimits): Promise<readonly Controller[]> {
  const path = join(hierarchy.path, own);
  const trial = join(path, 'trial');
  try {
    await enable(hierarchy, hierarchy.path);
    await mkdir(path, { recursive: true });
    await enable(hierarchy, path);
    await mkdir(trial, { recursive: true });
    const rows = settings[hierarchy.version];
    const taken = await Promise.all(hierarchy.controllers.map((name) => limit(trial, rows[name], limits)));
    await rmdir(trial);
    if (!taken.includes(true)) await rmdir(path);
    return hierarchy.controllers.filter((_, index) => taken[index]);
  } catch {
    return []; // read-only, or not ours
  }
}

/** Version 2: the groups below get the controllers that there are. A group with processes can not have such groups, so we move to one beside them. */
async function enable({ version }: Hierarchy, path: string): Promise<void> {
  if (version === 1) return;
  const offered = (await readFile(join(path, 'cgroup.controllers'), 'utf8')).trim().split(' ');
  const wanted = controllers.filter((name) => offered.includes(name)).map((name) => `+${name}`);
  if (wanted.length === 0) return;
  const turnOn = (): Promise<void> => writeFile(join(path, 'cgroup.subtree_control'), wanted.join(' '));
  await turnOn().catch(async () => {
    await mkdir(join(path, serviceGroup), { recursive: true });
    await writeFile(join(path, serviceGroup, 'cgroup.procs'), String(process.pid));
    await turnOn();
  });
}

async function limit(path: string, rows: readonly Setting[], limits: GroupLimits): Promise<boolean> {
  for (const { file, value, optional } of rows) {
    const written = await writeFile(join(path, file), value(limits), { flag: 'r+' }).then(
      () => true,
      () => optional === true,
    );
    if (!written) return false;
  }
  return true;
}

async function openGroup(usable: readonly Hierarchy[], name: string, limits: GroupLimits): Promise<BoxGroup> {
  const paths = usable.map(({ path }) => join(path, name));
  await Promise.all(
    usable.map(async ({ path, version, controllers: held }) => {
      await mkdir(join(path, name));
      for (const controller of held) await limit(join(path, name), settings[version][controller], limits);
    }),
  );
  return {
    add: async (pid) => {
      for (const path of paths) await writeFile(join(path, 'cgroup.procs'), String(pid));
    },
    has: async (pid) => {
      const lists = await Promise.all(paths.map((path) => readFile(join(path, 'cgroup.procs'), 'utf8')));
      return lists.every((list) => list.split('\n').includes(String(pid)));
    },
    end: async () => {
      await Promise.all(paths.map(endFolder));
    },
  };
}

const rounds = 500;

/** A group can be removed when the last of its processes has been waited for, which others do. */
async function endFolder(path: string): Promise<void> {
  for (let round = 0; round < rounds && (await exists(path)); round += 1) {
    await writeFile(join(path, 'cgroup.kill'), '1', { flag: 'r+' }).catch(() => killListed(path));
    const removed = await rmdir(path).then(
      () => true,
      () => false,
    );
    if (removed) return;
    await sleep(10);
  }
}

async function killListed(path: string): Promise<void> {
  const listed = await readFile(join(path, 'cgroup.procs'), 'utf8').catch(() => '');
  for (const pid of listed.split('\n').filter((line) => line !== '' && line !== '0')) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended in between.
    }
  }
}

async function listFolders(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
}

let atExit: readonly string[] = [];

/** Groups outlive their makers; a killed process leaves them to the next that looks for groups. */
function removeAtExit(paths: readonly string[]): void {
  if (paths.length === 0) return;
  if (atExit.length === 0)
    process.once('exit', () => {
      for (const path of atExit) removeNow(path);
    });
  atExit = [...new Set([...atExit, ...paths])];
}

function removeNow(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // A box is still in it.
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
