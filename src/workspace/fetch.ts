import { BotError } from '../domain/index.ts';
import type { GitPlace } from './git.ts';
import { readFailure, runGit } from './git.ts';
import type { WorkspaceOptions } from './workspace.ts';

/** A fetch that takes longer has lost its network. */
const fetchTimeoutMs = 10 * 60_000;

/** Commits of history fetched: enough to learn a repository's style, a fraction of a whole clone's time. */
const depth = 50;

/**
 * Brings the base commit into the mirror: by its branch, and by its id when the branch has moved past it.
 * Asks for a fresh token once when the first is refused. Throws BotError `repository-unusable` when the commit or the repository
 * isn't there, `git-failed` when the server can't be reached or refuses both tokens.
 */
export async function fetchBase(mirror: GitPlace, options: WorkspaceOptions): Promise<void> {
  const remote = readRemote(options.remoteUrl);
  const limit = AbortSignal.timeout(fetchTimeoutMs);
  const place = { ...mirror, signal: AbortSignal.any([mirror.signal, limit]) };
  try {
    await withToken(options, async (token) => {
      const ask = (args: readonly string[]) => runGit(place, args, credentials(remote, token));
      await fetchCommit(place, options, ask);
    });
  } catch (error) {
    if (!limit.aborted || options.signal.aborted) throw error;
    const minutes = String(fetchTimeoutMs / 60_000);
    throw new BotError('git-failed', `Fetching ${called(options)} took longer than ${minutes} minutes.`, {
      cause: error,
    });
  }
}

type Ask = (args: readonly string[]) => Promise<string>;

/** Refuses every address but a web server's, and one that carries a credential. */
function readRemote(remoteUrl: string): URL {
  const url = URL.parse(remoteUrl);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new BotError('bug', 'A remote must be an http or https address without credentials.');
  return url;
}

/** Bound to the server's origin, so that git sends it nowhere else. */
function credentials(remote: URL, token: string): Record<string, string> {
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
  return { [`http.${remote.origin}/.extraHeader`]: `Authorization: Basic ${basic}` };
}

async function withToken(options: WorkspaceOptions, action: (token: string) => Promise<void>): Promise<void> {
  try {
    await action(await options.token());
    return;
  } catch (error) {
    if (readFailure(error) !== 'denied') throw error;
  }
  try {
    await action(await options.token());
  } catch (error) {
    if (readFailure(error) !== 'denied') throw error;
    const right = 'The App needs the permission "Contents: read" on it.';
    throw new BotError('git-failed', `The server refused to let us read ${called(options)}, twice. ${right}`, {
      cause: error,
    });
  }
}

async function fetchCommit(place: GitPlace, options: WorkspaceOptions, ask: Ask): Promise<void> {
  const { branch, sha } = options.base;
  const fetch = async (wanted: string): Promise<void> => {
    await ask(['fetch', ...quietly, `--depth=${String(depth)}`, '--end-of-options', options.remoteUrl, wanted]);
  };
  try {
    await fetch(`refs/heads/${branch}`).catch((error: unknown) => {
      if (readFailure(error) !== 'no-such-commit') throw error;
    });
    if (!(await isHere(place, sha))) await fetch(sha);
  } catch (error) {
    throw await explained(error, options, ask);
  }
}

const quietly = [
  '--quiet',
  '--no-tags',
  '--no-write-fetch-head',
  '--no-auto-maintenance',
  '--no-recurse-submodules',
] as const;

async function isHere(place: GitPlace, sha: string): Promise<boolean> {
  try {
    await runGit(place, ['cat-file', '-e', `${sha}^{commit}`]);
    return true;
  } catch (error) {
    if (error instanceof BotError && error.code === 'aborted') throw error;
    return false;
  }
}

async function explained(error: unknown, options: WorkspaceOptions, ask: Ask): Promise<unknown> {
  const failure = readFailure(error);
  if (failure === 'gone') {
    const why = 'it was removed, or the App lost its access';
    return new BotError('repository-unusable', `${called(options)} can't be fetched: ${why}.`, { cause: error });
  }
  if (failure !== 'no-such-commit') return error;
  const { branch, sha } = options.base;
  const isEmpty = (await ask(['ls-remote', '--heads', '--end-of-options', options.remoteUrl])).trim() === '';
  const what = isEmpty
    ? `${called(options)} has no commits yet: push a first one.`
    : `${called(options)} has no commit ${sha} (branch ${branch}) any more: it was rewritten while we looked.`;
  return new BotError('repository-unusable', what, { cause: error });
}

function called({ repository }: WorkspaceOptions): string {
  return `${repository.owner}/${repository.name}`;
}
