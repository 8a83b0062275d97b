import { simpleGit } from 'simple-git';
import { BotError } from '../domain/index.ts';
import { readFullDisk } from './space.ts';
import { homeOf, ownerName, ownerValue } from './owner.ts';

/** Where a git command works, and what ends it early. */
export interface GitPlace {
  readonly gitDir: string;
  /** The work tree, for the one command that fills it. */
  readonly workTree?: string;
  /** An existing folder; git's working directory. Nothing is read from it. */
  readonly dataDir: string;
  readonly signal: AbortSignal;
}

/** What a failed git command means to us. `unexplained` may be a damaged mirror. */
export type GitFailure =
  'denied' | 'gone' | 'moved' | 'no-such-commit' | 'unreachable' | 'refused-path' | 'unexplained';

/**
 * Runs one git command with an explicit git directory and environment, and answers its standard output as UTF-8.
 * `config` reaches git through its environment only, so that a credential in it is neither on disk nor in argv.
 * `endings` are the exit codes that are answers. Throws BotError `aborted` when the signal fired, `disk-full`, and `git-failed` with git's own
 * words otherwise; `readFailure` sorts the latter.
 */
export async function runGit(
  place: GitPlace,
  args: readonly string[],
  config: GitConfig = {},
  endings: readonly number[] = [0],
): Promise<string> {
  return guarded(place, args, openGit(place, config, {}, endings).raw([...folders(place), ...args]));
}

/** The bytes of one blob. Errors as in `runGit`. */
export async function readBlob(place: GitPlace, sha: string): Promise<Buffer> {
  const git = openGit(place, {}, { GIT_DIR: place.gitDir });
  const bytes: unknown = await guarded(place, ['cat-file', 'blob', sha], git.binaryCatFile(['blob', sha]));
  if (Buffer.isBuffer(bytes)) return bytes;
  throw new BotError('git-failed', `git cat-file answered no bytes for blob ${sha}.`);
}

/** Settings by git's own names, for one command. */
export type GitConfig = Readonly<Record<string, string>>;

/** What the failure of a git command means, from git's words, which `LC_ALL=C` holds still. */
export function readFailure(error: unknown): GitFailure {
  const said = error instanceof BotError && error.cause instanceof Error ? error.cause.message : '';
  return failures.find(({ words }) => words.test(said))?.failure ?? 'unexplained';
}

const failures: readonly { readonly words: RegExp; readonly failure: GitFailure }[] = [
  {
    words: /terminal prompts disabled|Authentication failed|returned error: 40[13]\b|HTTP 40[13]\b/i,
    failure: 'denied',
  },
  { words: /repository '.*' not found|returned error: (404|410|451)\b/i, failure: 'gone' },
  { words: /returned error: 30\d\b|unable to update url base from redirection/i, failure: 'moved' },
  { words: /not our ref|couldn't find remote ref|no such remote ref|unadvertised object/i, failure: 'no-such-commit' },
  { words: /invalid path /i, failure: 'refused-path' },
  {
    words: /unable to access|RPC failed|early EOF|hung up unexpectedly|unexpected disconnect|returned error: \d/i,
    failure: 'unreachable',
  },
];

function folders(place: GitPlace): string[] {
  const workTree = place.workTree === undefined ? [] : ['--work-tree', place.workTree];
  return ['--git-dir', place.gitDir, ...workTree];
}

function openGit(
  place: GitPlace,
  config: GitConfig,
  extra: Readonly<Record<string, string>> = {},
  endings: readonly number[] = [0],
) {
  const environment = { ...baseEnvironment(place.dataDir), ...configEnvironment(config), ...extra };
  return simpleGit({
    baseDir: place.dataDir,
    abort: place.signal,
    allowEnvironment: Object.keys(environment),
    unsafe: { allowUnsafeConfigEnvCount: true, allowUnsafeConfigPaths: true },
    // Output is complete only when its pipe is closed, and only the exit code says whether a command failed.
    completion: { onClose: true, onExit: false },
    errors: (error, result) =>
      endings.includes(result.exitCode) ? undefined : (error ?? Buffer.concat(result.stdErr)),
  }).env(environment);
}

/** All that a git process of ours gets to know: no settings of the machine, the user or the service. */
function baseEnvironment(dataDir: string): Record<string, string> {
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: homeOf(dataDir),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_TERMINAL_PROMPT: '0',
    LC_ALL: 'C',
    [ownerName]: ownerValue,
  };
}

function configEnvironment(config: GitConfig): Record<string, string> {
  const entries = Object.entries(config);
  const pairs = entries.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${String(index)}`, key],
    [`GIT_CONFIG_VALUE_${String(index)}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(entries.length), ...(Object.fromEntries(pairs) as Record<string, string>) };
}

async function guarded<T>(place: GitPlace, args: readonly string[], work: Promise<T>): Promise<T> {
  try {
    return await untilAborted(work, place.signal);
  } catch (error) {
    if (place.signal.aborted) throw new BotError('aborted', 'The job was stopped while git worked.', { cause: error });
    const said = error instanceof Error ? error.message : String(error);
    const full = await readFullDisk(place.dataDir, said, error);
    if (full !== undefined) throw full;
    throw new BotError('git-failed', `git ${args[0] ?? ''} failed: ${said.trim().slice(0, 500)}`, { cause: error });
  }
}

/** Stops waiting at once when the signal fires, even if a helper process of git's still holds its pipes open. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => {
    reject(new Error('aborted'));
  };
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
