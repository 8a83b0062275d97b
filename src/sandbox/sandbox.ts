import { setTimeout as sleep } from 'node:timers/promises';
import { rgPath } from '@vscode/ripgrep';
import { z } from 'zod';
import { createContainers } from '../container/index.ts';
import { BotError, type Checkout } from '../domain/index.ts';
import { type AllowListProxy, type Egress, publicEgress } from '../egress/index.ts';
import {
  bubblewrapTraits,
  defaultLimits,
  type Limits,
  prepareLaunch,
  type PreparedLaunch,
  type Traits,
} from '../isolation/index.ts';
import { type BoundsLog, type BoundsMaker, createBounds, createContainerBounds } from './bounds.ts';
import type { Box, BoxOptions, Sandbox } from './box.ts';
import { readChangeSet, writeChangeSet } from './change-set.ts';
import { requireRoom } from './disk.ts';
import { runSelfTest } from './self-test.ts';
import { startToolHost, type ToolHost } from './tool-host.ts';
import { openWayOut } from './way-out.ts';

export interface SandboxOptions {
  /** `unsafe-none` runs everything on the host as the user we run as: no isolation at all. */
  readonly kind: 'bubblewrap' | 'container' | 'unsafe-none';
  /** What containers are made from whose repository names no image of its own. */
  readonly image?: string;
  /** The Node 24 that runs the tool host; `process.execPath`. */
  readonly nodePath: string;
  readonly limits?: Partial<Limits>;
  /** How set-up boxes reach allowed hosts; the default is the public internet on ports 80 and 443. */
  readonly egress?: Partial<Egress>;
  readonly log?: BoundsLog & { debug(fields: object, message: string): void };
}

const ExitCode = z.number().int().nullable();
const ToolReply = z.object({ text: z.string().max(2_000_000), isError: z.boolean(), exitCode: ExitCode.optional() });
const ExecResult = z.object({
  exitCode: ExitCode,
  output: z.string().max(2_000_000),
  durationMs: z.number().nonnegative(),
});

const startsAtOnce = 4;
/** What a call may take beyond the time limit that the tool host itself keeps. */
const slackMs = 10_000;
const fileToolMs = 30_000;
const gitMs = 200_000;
const pingMs = 10_000;
const dyingMs = 500;
/** What a shell says of a program that a signal ended is 128 and the signal's number, of which there are 64. */
const mostSignal = 192;
const killed = 137;

/** Makes the sandbox of this process. Nothing is started until a box is opened. */
export function createSandbox(options: SandboxOptions): Sandbox {
  const gate = createGate(startsAtOnce);
  const egress = { ...publicEgress, ...options.egress };
  const maker = createMaker(options);

  async function open(wanted: BoxOptions): Promise<Box> {
    await using opened = new AsyncDisposableStack();
    try {
      const proxy = opened.use(await openWayOut(wanted.allowedHosts, egress));
      const prepared = await maker.prepare(wanted, proxy?.socketPath);
      const startedAt = performance.now();
      const host = await gate(() => start(prepared, wanted, opened));
      options.log?.debug({ ms: Math.round(performance.now() - startedAt) }, 'box opened');
      return createBox(host, wanted.checkout, { proxy, opened: opened.move() });
    } catch (error) {
      await requireRoom(wanted.checkout, error);
      throw error;
    }
  }

  async function start(prepared: PreparedLaunch, wanted: BoxOptions, opened: AsyncDisposableStack): Promise<ToolHost> {
    const held = maker.bounds && opened.use(await maker.bounds.open());
    const onFirstPid = (pid: number): void => held?.enter(pid);
    const host = await startToolHost({ ...prepared, launch: { ...prepared.launch, onFirstPid } }, wanted.signal);
    opened.defer(() => host.close());
    await prepared.locate?.();
    await held?.settle(host.firstPid());
    held?.watch(host, wanted.checkout);
    return host;
  }

  return {
    ...(options.kind === 'container' && {
      takesImages: true,
      madeWith: async () => (await maker.describe()).madeWith,
    }),
    open,
    selfTest: async () => {
      if (maker.bounds === undefined) return;
      await maker.bounds.sweep();
      await runSelfTest(open, await maker.describe());
    },
  };
}

/** The same sandbox, its boxes made from this image where they are containers; one that a box is not made from is left out of account. */
export function withImage(sandbox: Sandbox, image: string | undefined): Sandbox {
  return image === undefined ? sandbox : { ...sandbox, open: (wanted) => sandbox.open({ ...wanted, image }) };
}

/** How boxes of one kind come about, and what holds them within their limits; nothing does where there is no box. */
interface Maker {
  prepare(wanted: BoxOptions, proxySocket: string | undefined): Promise<PreparedLaunch>;
  describe(): Promise<Traits>;
  readonly bounds?: BoundsMaker;
}

function createMaker({ kind, nodePath, image, log, ...options }: SandboxOptions): Maker {
  const limits = { ...defaultLimits, ...options.limits };
  if (kind === 'container') {
    const containers = createContainers({ nodePath, rgPath, limits, image });
    return {
      prepare: (wanted, proxySocket) => containers.prepare({ ...wanted, proxySocket, image: wanted.image }),
      describe: () => containers.describe(),
      bounds: createContainerBounds(limits, log, () => containers.sweep()),
    };
  }
  const setting = { kind, nodePath, rgPath, limits };
  return {
    prepare: ({ checkout }, proxySocket) => prepareLaunch(setting, checkout, proxySocket),
    describe: async () => bubblewrapTraits,
    ...(kind === 'bubblewrap' && { bounds: createBounds(limits, log) }),
  };
}

/** What a box has besides its tool host; all of it goes when the box does. */
interface Belongings {
  readonly proxy: AllowListProxy | undefined;
  readonly opened: AsyncDisposableStack;
}

function createBox(host: ToolHost, checkout: Checkout, { proxy, opened }: Belongings): Box {
  async function call(request: Readonly<Record<string, unknown>>, deadlineMs: number): Promise<unknown> {
    try {
      return await host.call(request, deadlineMs).catch((error: unknown) => rethrowAlive(host, error));
    } catch (error) {
      await requireRoom(checkout, error);
      throw error;
    }
  }

  async function ask<T extends Ending>(
    request: Readonly<Record<string, unknown>>,
    deadlineMs: number,
    shape: z.ZodType<T>,
  ): Promise<T> {
    const answer = shape.safeParse(await call(request, deadlineMs));
    if (answer.success) {
      await requireAlive(host, answer.data);
      await requireRoom(checkout, answer.data);
      return answer.data;
    }
    const error = new BotError(
      'box-lost',
      `The box answered ${String(request['op'])} with something that is no answer to it.`,
    );
    host.lose(error);
    throw error;
  }

  return {
    tool: async (name, input) => {
      const { text, isError } = await ask({ op: 'tool', name, input }, toolDeadline(input), ToolReply);
      return { text, isError };
    },
    exec: (command, timeoutMs) => ask({ op: 'exec', command, timeoutMs }, timeoutMs + slackMs, ExecResult),
    changes: async () => readChangeSet(await call({ op: 'changes' }, gitMs)),
    apply: async (changes) => {
      await call({ op: 'apply', changes: writeChangeSet(changes) }, gitMs);
    },
    blockedHosts: () => proxy?.blocked() ?? [],
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** How a call ended, of which a box may say untrue things when it dies. */
interface Ending {
  readonly isError?: boolean;
  readonly exitCode?: number | null | undefined;
}

/**
 * What is killed with its box may be seen to fail a moment before the box itself is seen to die. So a failure is believed when the box still answers after it; one that
 * looks like a signal's, when it does so after as long as a box takes to die. Throws what the box was lost with.
 */
async function requireAlive(host: ToolHost, { isError = false, exitCode = 0 }: Ending): Promise<void> {
  if (!isError && exitCode === 0) return;
  if (exitCode !== null && exitCode > 128 && exitCode <= mostSignal) await sleep(dyingMs);
  await host.call({ op: 'ping' }, pingMs);
}

/** A change set is refused for good, so it is not when the git that could not read or write it died with its box. */
async function rethrowAlive(host: ToolHost, error: unknown): Promise<never> {
  if (error instanceof BotError && error.code === 'change-set-refused') await requireAlive(host, { exitCode: killed });
  throw error;
}

/** Bash keeps the model's own time limit; the others have none to give. */
function toolDeadline(input: Readonly<Record<string, unknown>>): number {
  const timeout = Number(input['timeout'] ?? 120_000);
  return (timeout >= 1 && timeout <= 600_000 ? timeout : fileToolMs) + slackMs;
}

/** At most so many at once: starting a process holds up everything else. */
function createGate(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const queue: (() => void)[] = [];
  return async (work) => {
    if (running >= limit) await new Promise<void>((resolve) => queue.push(resolve));
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
      queue.shift()?.();
    }
  };
}
