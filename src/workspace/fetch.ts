import { readdirSync, statSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BotError } from '../domain/index.ts';
import { type GitPlace, megabytes, readFailure, runGit } from '../git/index.ts';
import { type Caps, usualCaps } from './disk.ts';
import { clearLeftovers } from './leftovers.ts';
import type { WorkspaceOptions } from './workspace.ts';

/** Commits of history fetched: enough to learn a repository's style, a fraction of a whole clone's time. */
const historyDepth = 50;

/** A network below this is what is at fault, and not the repository. */
const slowBytesPerMs = 1000;

const lookEveryMs = 100;

/**
 * Brings the base commit into the mirror: by its branch, and by its id when the branch has moved past it. With some history, or, where that is
 * too much, alone; the mirror then remembers that it is a large one. Asks for a fresh token once when the first is refused.
 * Throws BotError `repository-unusable` when the commit or the repository isn't there or it is beyond a cap, `git-failed` when the
 * server can't be reached or refuses both tokens. The caller holds the mirror's lock.
 */
export async function fetchBase(mirror: GitPlace, options: WorkspaceOptions): Promise<void> {
  const caps = { ...usualCaps, ...options.caps };
  const beganAt = Date.now();
  const isLargePath = join(mirror.gitDir, 'is-large');
  const isLarge = await stat(isLargePath).then(
    () => true,
    () => false,
  );
  if (!isLarge) {
    const cut = await fetchWithin(
      { ms: caps.historyMs, bytes: caps.historyBytes },
      { mirror, options, depth: historyDepth },
    );
    if (cut === undefined) return;
    if (!isSlow(cut)) await writeFile(isLargePath, '');
  }
  const left = caps.fetchMs - (Date.now() - beganAt);
  const cut = await fetchWithin({ ms: left, bytes: caps.fetchBytes }, { mirror, options, depth: 1 });
  if (cut !== undefined) throw beyond(cut, caps, options);
}

interface Fetch {
  readonly mirror: GitPlace;
  readonly options: WorkspaceOptions;
  readonly depth: number;
}

/** Which limit a fetch ran into, and with how much. */
interface Cut {
  readonly limit: 'time' | 'size';
  readonly received: number;
  readonly ms: number;
}

/** Fetches within limits; at one of them git is ended, what came in is removed, and which it was is the answer. */
async function fetchWithin(
  limits: { ms: number; bytes: number },
  { mirror, options, depth }: Fetch,
): Promise<Cut | undefined> {
  const stop = new AbortController();
  const beganAt = Date.now();
  let cut: Cut | undefined;
  const watch = setInterval(() => {
    const [received, ms] = [receivedBytes(mirror), Date.now() - beganAt];
    if (received <= limits.bytes && ms <= limits.ms) return;
    cut ??= { limit: received > limits.bytes ? 'size' : 'time', received, ms };
    stop.abort();
  }, lookEveryMs);
  try {
    await fetchAtDepth({ ...mirror, signal: AbortSignal.any([mirror.signal, stop.signal]) }, options, depth);
    return undefined;
  } catch (error) {
    if (cut === undefined || mirror.signal.aborted) throw error;
    await clearLeftovers(mirror.gitDir);
    return cut;
  } finally {
    clearInterval(watch);
  }
}

/** Packs in the making: what comes over the network is written to one as it arrives. */
function receivedBytes({ gitDir }: GitPlace): number {
  const folder = join(gitDir, 'objects', 'pack');
  try {
    const making = readdirSync(folder).filter((name) => name.startsWith('tmp_pack_'));
    return making.reduce((sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0);
  } catch {
    return 0; // nothing has come yet
  }
}

function isSlow({ limit, received, ms }: Cut): boolean {
  return limit === 'time' && received < ms * slowBytesPerMs;
}

function beyond({ limit, received, ms }: Cut, caps: Caps, options: WorkspaceOptions): BotError {
  const what = `${called(options)} can't be fetched, not even its newest commit alone`;
  const cap = limit === 'size' ? megabytes(caps.fetchBytes) : `${String(caps.fetchMs / 1000)} s`;
  const came = `${megabytes(received)} came in ${String(Math.round(ms / 1000))} s`;
  if (isSlow({ limit, received, ms }))
    return new BotError('git-failed', `${what}, within ${cap}: ${came}, so the network is slow, or the server.`);
  return new BotError('repository-unusable', `${what}: it is too large for us. The cap is ${cap}, and ${came}.`);
}

async function fetchAtDepth(place: GitPlace, options: WorkspaceOptions, depth: number): Promise<void> {
  const remote = readRemote(options.remoteUrl);
  await withToken(options, async (token) => {
    const ask = (args: readonly string[]) => runGit(place, args, credentials(remote, token));
    const fetch = async (wanted: string): Promise<void> => {
      await ask(['fetch', ...quietly, `--depth=${String(depth)}`, '--end-of-options', options.remoteUrl, wanted]);
    };
    try {
      await fetchCommit(place, options, fetch);
    } catch (error) {
      throw await explained(error, options, ask);
    }
  });
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
  const first = await options.token();
  try {
    await action(first);
    return;
  } catch (error) {
    if (readFailure(error) !== 'denied') throw error;
  }
  try {
    await action(await options.token(first));
  } catch (error) {
    if (readFailure(error) !== 'denied') throw error;
    const right = 'The App needs the permission "Contents: read" on it.';
    throw new BotError('git-failed', `The server refused to let us read ${called(options)}, twice. ${right}`, {
      cause: error,
    });
  }
}

async function fetchCommit(
  place: GitPlace,
  { base }: WorkspaceOptions,
  fetch: (wanted: string) => Promise<void>,
): Promise<void> {
  await fetch(`refs/heads/${base.branch}`).catch((error: unknown) => {
    if (readFailure(error) !== 'no-such-commit') throw error;
  });
  if (!(await isHere(place, base.sha))) await fetch(base.sha);
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
  if (failure === 'moved') {
    const why =
      'its server sends us elsewhere, where our token does not go. It is asked for under its new name next time.';
    return new BotError('git-failed', `${called(options)} has moved: ${why}`, { cause: error });
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
