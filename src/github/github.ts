import { setTimeout as wait } from 'node:timers/promises';
import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/rest';
import { createCaller, unlessAborted, type Line, type Target, type Work } from '../calls/index.ts';
import { createApp } from './app.ts';
import type { GitHub, Watch } from './client.ts';
import { createReads, readRepositories } from './facts.ts';
import { createGitData } from './git-data.ts';
import { createOrganisationFiles } from './organisation.ts';
import { createLimits, type Blocks } from '../quota/index.ts';
import { createReviews } from './reviews.ts';
import { createTalk } from './talk.ts';
import { createThreads } from './threads.ts';

export interface GitHubOptions {
  readonly appId: number;
  /** PEM; as a function, it is asked again when GitHub refuses the last one, so that a rotated key needs no restart. */
  readonly privateKey: string | (() => string);
  /** API root: `https://host/api/v3` for GitHub Enterprise Server or a stand-in. Default: github.com's. */
  readonly baseUrl?: string;
  /** Octokit's own remarks (deprecations, clock skew); bodies and tokens never appear in them. */
  readonly log?: Readonly<Record<'debug' | 'info' | 'warn' | 'error', (text: string) => void>>;
  readonly userAgent?: string;
  /** Milliseconds after which an unanswered call counts as failed. Default 30,000. */
  readonly timeoutMs?: number;
  /** Shares what GitHub's limits forbid with our other processes. Default: this process alone remembers. */
  readonly blocks?: Blocks;
  readonly watch?: Watch;
  /** Our clock, milliseconds since 1970, and how to wait on it; for tests, in which a minute takes no minute. */
  readonly now?: () => number;
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<unknown>;
}

const publicApi = 'https://api.github.com';
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Opens the door to GitHub as an App. No plugin repeats or delays calls behind our back: a creating call whose answer got
 * lost may have worked, so who made it must look before repeating it.
 */
export function createGitHub({ appId, privateKey, baseUrl = publicApi, ...options }: GitHubOptions): GitHub {
  const { log = quiet, userAgent = 'backend-developer', watch } = options;
  const common = {
    baseUrl: baseUrl.replace(/\/$/, ''),
    userAgent,
    log,
    // A moved repository is followed by us, by id: a redirect that fetch follows could lose the method.
    request: { redirect: 'manual' as const },
  };
  const octokit = prepare(new Octokit(common), watch);
  const host = webHost(common.baseUrl);
  const line = createLine(options, log.warn);
  const { tokens, ...app } = createApp({
    line,
    appId,
    host,
    watch,
    anonymous: octokit,
    authenticated: (key) =>
      prepare(new Octokit({ ...common, authStrategy: createAppAuth, auth: { appId, privateKey: key, log } }), watch),
    readKey: typeof privateKey === 'string' ? () => privateKey : privateKey,
  });
  const callerFor = (target: Target, work?: Work) => createCaller({ line, octokit, tokens, target, work, userAgent });
  const organisationFile = createOrganisationFiles(callerFor, line.elapsed);

  return {
    ...app,
    repository(repository, work) {
      const caller = callerFor(repository, work);
      return {
        repository,
        release: async () => {
          if (work) await tokens.release(work.name);
        },
        organisationFile: (owner, path) =>
          unlessAborted(organisationFile(repository.installationId, owner, path), work?.signal),
        ...createReads(caller, repository.id, host),
        ...createGitData(caller),
        ...createTalk(caller, appId),
        ...createReviews(caller),
        ...createThreads(caller),
      };
    },
    repositoriesOf: (installationId) =>
      readRepositories(callerFor({ installationId, owner: '', name: '' }), installationId),
  };
}

function createLine(options: Omit<GitHubOptions, 'appId' | 'privateKey'>, warn: (text: string) => void): Line {
  const { blocks, timeoutMs = 30_000, now = Date.now } = options;
  const elapsed = options.now ?? (() => performance.now());
  const sleep = options.sleep ?? ((ms, signal) => wait(ms, undefined, { signal }));
  return { limits: createLimits({ blocks, now, elapsed, warn }), timeoutMs, elapsed, sleep };
}

/** Everything passes here on its way out. GitHub asks every client to name the version of the API it was written for. */
function prepare(octokit: Octokit, watch: Watch | undefined): Octokit {
  octokit.hook.before('request', (options) => {
    options.headers['x-github-api-version'] = '2022-11-28';
    if (options.method === 'GET') return;
    const { content } = options; // a file, in base64
    if (typeof content === 'string') watch?.inspect(Buffer.from(content, 'base64'));
    watch?.inspect(JSON.stringify({ ...options, content: undefined, headers: undefined, request: undefined }));
  });
  return octokit;
}

/** Where repositories are browsed and cloned, from where the API is. */
function webHost(baseUrl: string): string {
  return baseUrl === publicApi ? 'https://github.com' : new URL(baseUrl).origin;
}
