import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSandbox, type Box, type Limits } from '../../src/sandbox/index.ts';
import { makeCheckout, type TestCheckout } from '../sandbox/checkout.ts';

/** A box on a small repository, and a folder of the host where the same is tried without one. */
export interface Ground {
  readonly box: Box;
  readonly checkout: TestCheckout;
  /** On the host: where the naive version works. */
  readonly bare: string;
}

const files = { 'a.txt': 'a\n', 'src/b.txt': 'b\n' };

export async function openGround(ends: AsyncDisposableStack, limits: Partial<Limits> = {}): Promise<Ground> {
  const checkout = ends.use(await makeCheckout(files));
  const sandbox = createSandbox({ kind: 'bubblewrap', nodePath: process.execPath, limits });
  const box = ends.use(await sandbox.open({ checkout, signal: new AbortController().signal }));
  const bare = await mkdtemp(join(tmpdir(), 'attack-bare-'));
  ends.defer(() => rm(bare, { recursive: true, force: true }));
  return { box, checkout, bare };
}

export interface Ended {
  /** null when it was killed at its time limit. */
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program on the host with nothing around it; what it prints beyond 64 MiB ends it. */
export function runBare(
  program: string,
  args: readonly string[],
  { cwd, env = {}, ms = 5000 }: { readonly cwd: string; readonly env?: Record<string, string>; readonly ms?: number },
): Promise<Ended> {
  const settings = {
    cwd,
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...env },
    timeout: ms,
    killSignal: 'SIGKILL',
    maxBuffer: 64 * 1024 * 1024,
  } as const;
  return new Promise((resolve) => {
    const child = execFile(program, args, settings, (error, stdout, stderr) => {
      resolve({ code: error?.killed === true || isTooMuch(error) ? null : child.exitCode, output: stdout + stderr });
    });
    child.stdin?.end();
  });
}

/**
 * The same in namespaces of its own that end with it: the machine's files are there to be read, and its temporary folders, devices and shared
 * memory are new and empty, but for the folder that it runs in. Root there may do what root may. What it breaks, nobody misses.
 */
export function runDisposable(
  command: string,
  { cwd, env = {}, ms = 10_000 }: { readonly cwd: string; readonly env?: Record<string, string>; readonly ms?: number },
): Promise<Ended> {
  return runBare('/usr/bin/bwrap', [...disposable(cwd), '/bin/bash', '-c', command], { cwd, env, ms });
}

/** Arguments of bwrap, the program not yet among them. */
export function disposable(folder: string): readonly string[] {
  const walls =
    '--ro-bind / / --dev /dev --proc /proc --tmpfs /tmp --tmpfs /var/tmp --tmpfs /run --unshare-pid --unshare-ipc --unshare-uts';
  return [
    ...walls.split(' '),
    '--die-with-parent',
    '--cap-add',
    'ALL',
    '--bind',
    folder,
    folder,
    '--chdir',
    folder,
    '--',
  ];
}

function isTooMuch(error: Error | null): boolean {
  return error !== null && 'code' in error && error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER';
}

/** Whether a command line succeeds on the host. */
export async function worksBare(
  command: string,
  ground: Pick<Ground, 'bare'>,
  env?: Record<string, string>,
): Promise<boolean> {
  return (
    (await runBare('/bin/bash', ['-c', command], { cwd: ground.bare, ms: 30_000, ...(env && { env }) })).code === 0
  );
}

/** Whether it succeeds in the box. */
export async function worksInside(command: string, { box }: Pick<Ground, 'box'>): Promise<boolean> {
  return (await box.exec(command, 20_000)).exitCode === 0;
}
