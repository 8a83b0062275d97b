import { readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { BotError } from '../domain/index.ts';
import type { Limits } from '../isolation/index.ts';
import { readHierarchies } from '../usage/index.ts';

type Controller = 'pids' | 'memory' | 'cpu';

/** Where the kernel says what it limits, in both versions of its interface. */
const limitFiles: Readonly<Record<1 | 2, Readonly<Record<Controller, string>>>> = {
  1: { pids: 'pids.max', memory: 'memory.limit_in_bytes', cpu: 'cpu.cfs_quota_us' },
  2: { pids: 'pids.max', memory: 'memory.max', cpu: 'cpu.max' },
};

const required: readonly { readonly what: string; readonly words: RegExp }[] = [
  { what: 'has no system-call filter', words: /^Seccomp:\t2$/m },
  { what: 'may gain privileges', words: /^NoNewPrivs:\t1$/m },
  ...['Inh', 'Prm', 'Eff', 'Bnd', 'Amb'].map((name) => ({
    what: 'has capabilities',
    words: new RegExp(`^Cap${name}:\\t0{16}$`, 'm'),
  })),
];

const namespaces = ['net', 'pid', 'mnt', 'ipc', 'uts'];

/**
 * Looks at a box from the host, where nothing in it and nothing in its image can pretend: its filter, capabilities and namespaces. Answers what
 * the kernel does not limit for it. Throws BotError `box-unavailable` when it is not a box.
 */
export async function lookFromOutside(pid: number, limits: Limits): Promise<readonly Controller[]> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  if (status === '') throw new BotError('box-lost', 'The box ended as it opened.');
  const broken = required.find(({ words }) => !words.test(status));
  if (broken !== undefined) throw refused(broken.what);
  for (const name of namespaces) if (await isShared(pid, name)) throw refused(`shares the host's ${name} namespace`);
  const [mounts, membership] = await Promise.all(['self/mountinfo', `${pid}/cgroup`].map(readProc));
  const kept = await Promise.all(
    readHierarchies(mounts ?? '', membership ?? '').flatMap(({ version, path, controllers }) =>
      controllers.map(
        async (name) => [name, await isKept(join(path, limitFiles[version][name]), limits, name)] as const,
      ),
    ),
  );
  const all: readonly Controller[] = ['pids', 'memory', 'cpu'];
  return all.filter((name) => !kept.some(([controller, holds]) => controller === name && holds));
}

/** A link that we may not read belongs to somebody whom the kernel keeps apart from us. */
async function isShared(pid: number, name: string): Promise<boolean> {
  const [theirs, ours] = await Promise.all(
    [pid, 'self'].map((whose) => readlink(`/proc/${whose}/ns/${name}`).catch(() => undefined)),
  );
  return theirs !== undefined && theirs === ours;
}

async function isKept(path: string, limits: Limits, name: Controller): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const [value, period = '100000'] = text.trim().split(' ');
  const held = value === undefined || !/^\d+$/.test(value) ? Number.POSITIVE_INFINITY : Number(value);
  if (name === 'pids') return held <= limits.tasks;
  if (name === 'memory') return held <= limits.memoryBytes;
  return held / Number(period) <= limits.processors;
}

function readProc(file: string): Promise<string> {
  return readFile(`/proc/${file}`, 'utf8').catch(() => '');
}

function refused(what: string): BotError {
  return new BotError(
    'box-unavailable',
    `No box could be opened: the container ${what}, so it was ended before anything ran in it.`,
  );
}
