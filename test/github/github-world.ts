import { afterAll, beforeAll } from 'vitest';
import { createGitHub, type GitHub, type GitHubOptions, type RepositoryClient } from '../../src/github/index.ts';
import {
  startGitHub,
  type GitHubStandIn,
  type HistoryEntry,
  type NewRepository,
  type RepositoryHandle,
} from '../stand-ins/github/index.ts';

export interface GitHubWorld extends AsyncDisposable {
  readonly standIn: GitHubStandIn;
  readonly github: GitHub;
  readonly repo: RepositoryHandle;
  readonly client: RepositoryClient;
  /** Calls since this world began. */
  history(): readonly HistoryEntry[];
}

type StandInOptions = Parameters<typeof startGitHub>[0];
type WorldOptions = Partial<NewRepository> & { readonly timeoutMs?: number; readonly door?: Partial<GitHubOptions> };

/** A clock on which waiting takes no time, for stand-in and door alike. */
export interface Time {
  readonly now: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Every wait so far, in milliseconds. */
  readonly slept: readonly number[];
  pass(ms: number): void;
}

export function createTime(): Time {
  let now = Date.now();
  const slept: number[] = [];
  const pass = (ms: number) => {
    now += ms;
  };
  return {
    now: () => now,
    pass,
    slept,
    async sleep(ms) {
      slept.push(ms);
      pass(ms);
    },
  };
}

/** One stand-in for the tests of a file, each with a repository of its own and no fault left over. Ends by asking whether the stand-in lied. */
export function shareStandIn(options?: StandInOptions): (world?: WorldOptions) => Promise<GitHubWorld> {
  let standIn: GitHubStandIn | undefined;
  let count = 0;
  beforeAll(async () => {
    standIn = await startGitHub(options);
  });
  afterAll(async () => {
    await standIn?.[Symbol.asyncDispose]();
    if (standIn && standIn.violations.length > 0) throw new Error(standIn.violations.join('\n'));
  });
  return async (world) => {
    if (!standIn) throw new Error('worlds are made within tests');
    count += 1;
    return openWorld(standIn, { owner: `acme-${count}`, ...world });
  };
}

/** A stand-in of its own for a test that needs another kind of it. */
export async function startWorld(options: StandInOptions, world?: WorldOptions): Promise<GitHubWorld> {
  const standIn = await startGitHub(options);
  const opened = await openWorld(standIn, { owner: 'acme', ...world });
  return { ...opened, [Symbol.asyncDispose]: () => standIn[Symbol.asyncDispose]() };
}

async function openWorld(standIn: GitHubStandIn, options: WorldOptions & { owner: string }): Promise<GitHubWorld> {
  const { timeoutMs = 30_000, door, ...repository } = options;
  const files = { 'README.md': '# Shop\n', 'src/a.txt': 'a\n' };
  const repo = await standIn.createRepository({ name: 'shop', files, collaborators: { mona: 'write' }, ...repository });
  const github = doorTo(standIn, { timeoutMs, ...door });
  const began = standIn.history.length;
  return {
    standIn,
    github,
    repo,
    client: github.repository(identityOf(repo)),
    history: () => standIn.history.slice(began),
    [Symbol.asyncDispose]: async () => {
      standIn.clearFaults();
      standIn.setClock(0);
    },
  };
}

export function doorTo({ app, apiUrl }: GitHubStandIn, options: Partial<GitHubOptions> = {}): GitHub {
  return createGitHub({ appId: app.id, privateKey: app.privateKey, baseUrl: apiUrl, ...options });
}

export function identityOf({ id, owner, name, installationId }: RepositoryHandle) {
  return { id, owner, name, installationId };
}

/** Calls that change something; minting tokens does not. */
export function writesOf(world: GitHubWorld): readonly HistoryEntry[] {
  return world.history().filter(({ method, path }) => method !== 'GET' && !path.includes('access_tokens'));
}

export function mintsOf(world: GitHubWorld): readonly HistoryEntry[] {
  return world.history().filter(({ path }) => path.includes('access_tokens'));
}
