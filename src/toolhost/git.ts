import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from './files.ts';
import { collect, type CollectOptions } from './processes.ts';

/** git in the work tree, with an index and an object folder of our own beside the read-only git directory. */
export interface Git {
  run(args: readonly string[], input?: string | Uint8Array): Promise<Buffer>;
  /** Forgets index and objects, for when the agent's programs have damaged them. */
  readonly reset: () => void;
  readonly objects: string;
}

/** git's own message, and which command failed. */
export class GitError extends Error {
  override readonly name = 'GitError';
}

const maxBytes = 40 * 1024 * 1024;
const timeoutMs = 60_000;

/** Nothing that the repository or the agent's home says may start a program from here. */
const settings = 'core.hooksPath=/dev/null core.fsmonitor=false core.untrackedCache=false safe.directory=* gc.auto=0';

export function createGit(place: Place, excludesPath: string): Git {
  const folder = join(place.temp, 'git');
  const objects = join(folder, 'objects');
  const index = join(folder, 'index');
  const options: CollectOptions = {
    cwd: place.root,
    timeoutMs,
    maxBytes,
    env: {
      PATH: '/usr/bin:/bin',
      HOME: '/nonexistent',
      LC_ALL: 'C',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_DIR: place.gitDir,
      GIT_WORK_TREE: place.root,
      GIT_INDEX_FILE: index,
      GIT_OBJECT_DIRECTORY: objects,
      GIT_ALTERNATE_OBJECT_DIRECTORIES: join(place.gitDir, 'objects'),
      GIT_TERMINAL_PROMPT: '0',
      GIT_LITERAL_PATHSPECS: '1',
    },
  };
  const fixed = [...settings.split(' '), `core.excludesFile=${excludesPath}`].flatMap((setting) => ['-c', setting]);

  function prepare(): void {
    mkdirSync(objects, { recursive: true });
    const base = join(place.gitDir, 'index');
    if (!existsSync(index) && existsSync(base)) copyFileSync(base, index);
  }

  async function run(args: readonly string[], input?: string | Uint8Array): Promise<Buffer> {
    prepare();
    const { exitCode, stdout, stderr, cut } = await collect('/usr/bin/git', [...fixed, ...args], {
      ...options,
      ...(input === undefined ? {} : { input }),
    });
    if (exitCode === 0) return stdout;
    const reason = cut === undefined ? stderr.trim().slice(0, 1500) : `it passed its limit of ${cut}`;
    throw new GitError(`git ${args[0] ?? ''} failed: ${reason}`);
  }

  function reset(): void {
    for (const path of [index, `${index}.lock`, objects]) rmSync(path, { recursive: true, force: true });
  }

  return { run, reset, objects };
}
