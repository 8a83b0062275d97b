import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** How a program that ran to its end ended, with everything it printed. */
export interface Ended {
  readonly exitCode: number | null;
  readonly output: string;
}

/**
 * Runs a program of ours in a child process with mounts of its own, made by bwrap: everything of the machine is there as it is, changed by the
 * arguments. Works as root and as anybody whom the kernel allows user namespaces; the mounts end with the child.
 */
export async function runMounted(
  mounts: readonly string[],
  program: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const args = ['--dev-bind', '/', '/', '--die-with-parent', ...mounts, '--', process.execPath, ...program];
  const child = spawn('/usr/bin/bwrap', args, {
    env: { PATH: '/usr/bin:/bin', HOME: tmpdir(), GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, errors, exitCode] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ]);
  return { exitCode, output: output + errors };
}

/** Runs a program with a folder of its own, its last argument, that is a volume of so many bytes. */
export async function runOnVolume(bytes: number, program: string): Promise<Ended> {
  const folder = await mkdtemp(join(tmpdir(), 'volume-'));
  try {
    return await runMounted(['--size', String(bytes), '--tmpfs', folder], [program, folder]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
