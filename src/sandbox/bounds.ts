import { setTimeout as sleep } from 'node:timers/promises';
import { lookFromOutside } from '../container/index.ts';
import { BotError, type Checkout } from '../domain/index.ts';
import type { Limits } from '../isolation/index.ts';
import {
  type BoxGroup,
  findGroups,
  type Groups,
  listChildren,
  sweepGroups,
  watchDisk,
  watchMemory,
} from '../usage/index.ts';
import type { ToolHost } from './tool-host.ts';

/** What holds one box within its limits. */
export interface Bounds extends AsyncDisposable {
  /** Puts the first process of a box that is just being made, and the one that becomes the tool host, where the kernel counts them. */
  enter(firstPid: number): void;
  /** Resolves when all that the box consists of before its first call is counted. Throws BotError `box-unavailable` when it can't be. */
  settle(firstPid: number | undefined): Promise<void>;
  /** Looks after the box from outside from now on, and ends it when that is what is left. */
  watch(host: Pick<ToolHost, 'firstPid' | 'lose'>, checkout: Checkout): void;
}

export interface BoundsMaker {
  open(): Promise<Bounds>;
  /** Removes what killed processes left. */
  sweep(): Promise<void>;
}

export interface BoundsLog {
  info(fields: object, message: string): void;
}

/** Finds out once what the kernel limits here, and says once what it doesn't. */
export function createBounds(limits: Limits, log: BoundsLog | undefined): BoundsMaker {
  let found: Promise<Groups> | undefined;

  async function find(): Promise<Groups> {
    const groups = await findGroups(limits);
    tellMissing(groups.missing, log);
    return groups;
  }

  async function open(): Promise<Bounds> {
    found ??= find();
    const groups = await found;
    const group = await groups.open();
    const watches: Disposable[] = [];
    let entering: Promise<void> = Promise.resolve();
    return {
      enter: (firstPid) => {
        entering = admit(group, firstPid).catch(() => undefined);
      },
      settle: async (firstPid) => {
        await entering;
        if (firstPid !== undefined) await requireIn(group, firstPid);
      },
      watch: (host, checkout) => {
        watches.push(watchDisk({ checkout, limitBytes: limits.diskBytes, onExceeded: host.lose }));
        if (groups.missing.includes('memory')) watches.push(watchBoxMemory(host, limits, log));
      },
      [Symbol.asyncDispose]: async () => {
        for (const watch of watches) watch[Symbol.dispose]();
        await group.end();
      },
    };
  }

  return { open, sweep: sweepGroups };
}

/** For containers: the engine sets their limits, and we look from outside whether the kernel has them, and whether it is a box at all. */
export function createContainerBounds(
  limits: Limits,
  log: BoundsLog | undefined,
  sweep: () => Promise<void>,
): BoundsMaker {
  let toldOf = '';

  async function open(): Promise<Bounds> {
    const watches: Disposable[] = [];
    let missing: readonly string[] = [];
    return {
      enter: () => undefined,
      settle: async (firstPid) => {
        if (firstPid === undefined) throw new BotError('bug', 'The first process of a container is unknown.');
        missing = await lookFromOutside(firstPid, limits);
        if (toldOf !== missing.join()) tellMissing(missing, log);
        toldOf = missing.join();
      },
      watch: (host, checkout) => {
        watches.push(watchDisk({ checkout, limitBytes: limits.diskBytes, onExceeded: host.lose }));
        if (missing.includes('memory')) watches.push(watchBoxMemory(host, limits, log));
      },
      [Symbol.asyncDispose]: async () => {
        for (const watch of watches) watch[Symbol.dispose]();
      },
    };
  }

  return { open, sweep };
}

function tellMissing(missing: readonly string[], log: BoundsLog | undefined): void {
  if (missing.length === 0) return;
  const message = 'boxes have no limits of the kernel for all their processes together; see docs/operating.md';
  log?.info({ missing: missing.map((name) => `cgroup ${name}`) }, message);
}

function watchBoxMemory(
  { firstPid }: Pick<ToolHost, 'firstPid'>,
  { memoryBytes }: Limits,
  log: BoundsLog | undefined,
): Disposable {
  return watchMemory({
    firstPid,
    limitBytes: memoryBytes,
    onKilled: () => {
      log?.info({ limit: memoryBytes }, 'a box used too much memory; its largest process was ended');
    },
  });
}

const patienceMs = 100;

/**
 * The kernel takes its time to move a process, so it does while the box is being made and its Node starts. The tool host runs nothing before its first
 * call, so all that a box ever runs is counted.
 */
async function admit(group: BoxGroup, firstPid: number): Promise<void> {
  await group.add(firstPid);
  for (let waited = 0; waited < patienceMs; waited += 2) {
    const started = listChildren(firstPid);
    await addMissing(group, started);
    if (started.length > 0) return;
    await sleep(2);
  }
}

async function requireIn(group: BoxGroup, firstPid: number): Promise<void> {
  const pids = [firstPid, ...listChildren(firstPid)];
  try {
    await addMissing(group, pids);
  } catch (error) {
    throw new BotError('box-unavailable', 'The kernel did not take a box into the group that limits it.', {
      cause: error,
    });
  }
}

async function addMissing(group: BoxGroup, pids: readonly number[]): Promise<void> {
  for (const pid of pids) if (!(await group.has(pid))) await group.add(pid);
}
