import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BotError } from '../domain/index.ts';

export type EngineName = 'podman' | 'docker';

/** A program that runs containers, found on this machine and answering. */
export interface Engine {
  readonly name: EngineName;
  readonly program: string;
  readonly version: string;
}

const folders = ['/usr/bin', '/usr/local/bin', '/bin'];
const patienceMs = 60_000;
const run = promisify(execFile);

/** Podman first: it needs no service that runs as root. Docker's client answers without one too, so it is asked for the service's version. */
const versions: readonly (readonly [name: EngineName, format: string])[] = [
  ['podman', '{{.Client.Version}}'],
  ['docker', '{{.Server.Version}}'],
];

/** Answers the first engine that works. Throws BotError `box-unavailable` with what keeps each from it. */
export async function findEngine(): Promise<Engine> {
  const problems: string[] = [];
  for (const [name, format] of versions) {
    const program = await findProgram(name);
    if (program === undefined) continue;
    try {
      return { name, program, version: await askEngine({ program }, ['version', '--format', format]) };
    } catch (error) {
      problems.push(`${program} does not work: ${complaintOf(error)}`);
    }
  }
  const words = 'SANDBOX=container needs Podman or Docker. Install one with: apt-get install podman';
  throw new BotError('box-unavailable', problems.length === 0 ? words : problems.join('\n'));
}

/** What the engine printed, trimmed. Throws what `execFile` does. */
export async function askEngine({ program }: Pick<Engine, 'program'>, args: readonly string[]): Promise<string> {
  const { stdout } = await run(program, args, { env: engineEnvironment(), cwd: '/', timeout: patienceMs });
  return stdout.trim();
}

/** All that an engine is given of our environment: where its helpers are, and where an ordinary user's images are. */
export function engineEnvironment(): Readonly<Record<string, string>> {
  const user = process.getuid?.() ?? 0;
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: homedir(),
    ...(user === 0 ? {} : { XDG_RUNTIME_DIR: `/run/user/${user}` }),
  };
}

/** The engine's own words, on one line. */
export function complaintOf(error: unknown): string {
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
  const words = said.trim() === '' && error instanceof Error ? error.message : said;
  return words
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, 400);
}

async function findProgram(name: string): Promise<string | undefined> {
  for (const path of folders.map((folder) => join(folder, name))) {
    const isProgram = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isProgram) return path;
  }
  return undefined;
}
