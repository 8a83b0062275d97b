import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/rest';
import { createCaller } from './caller.ts';
import { calls } from './calls.ts';
import { createChecks } from './checks.ts';
import type { AppIdentity, GitHub } from './client.ts';
import { translate } from './errors.ts';
import { createReads } from './facts.ts';
import { createGitData } from './git-data.ts';
import { createTalk } from './talk.ts';
import { createTokens } from './tokens.ts';

export interface GitHubOptions {
  readonly appId: number;
  /** PEM. */
  readonly privateKey: string;
  /** API root: `https://host/api/v3` for GitHub Enterprise Server or a stand-in. Default: github.com's. */
  readonly baseUrl?: string;
  /** Octokit's own remarks (deprecations, clock skew); bodies and tokens never appear in them. */
  readonly log?: {
    debug(text: string): void;
    info(text: string): void;
    warn(text: string): void;
    error(text: string): void;
  };
  readonly userAgent?: string;
  /** Milliseconds after which an unanswered call counts as failed. Default 30,000. */
  readonly timeoutMs?: number;
}

const publicApi = 'https://api.github.com';
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Opens the door to GitHub as an App. No plugin repeats or delays calls behind our back: a creating call whose answer got
 * lost may have worked, so who made it must look before repeating it.
 */
export function createGitHub({ appId, privateKey, baseUrl = publicApi, ...options }: GitHubOptions): GitHub {
  const { log = quiet, userAgent = 'backend-developer', timeoutMs = 30_000 } = options;
  const common = {
    baseUrl: baseUrl.replace(/\/$/, ''),
    userAgent,
    log,
    // A moved repository is followed by us, by id: a redirect that fetch follows could lose the method.
    request: { redirect: 'manual' as const },
  };
  const octokit = asApiVersion(new Octokit(common));
  const app = asApiVersion(new Octokit({ ...common, authStrategy: createAppAuth, auth: { appId, privateKey, log } }));
  const tokens = createTokens(app);
  const host = webHost(common.baseUrl);
  let identity: Promise<AppIdentity> | undefined;

  return {
    identity() {
      identity ??= readIdentity(app, octokit).catch((error: unknown) => {
        identity = undefined;
        throw translate(error, { ...calls.facts, doing: 'ask who we are' }, host);
      });
      return identity;
    },
    repository(repository) {
      const caller = createCaller({ octokit, tokens, repository, timeoutMs });
      return {
        repository,
        ...createReads(caller, repository.id, host),
        ...createGitData(caller),
        ...createTalk(caller),
        ...createChecks(caller, appId),
      };
    },
  };
}

/** GitHub asks every client to name the version of the API it was written for. */
function asApiVersion(octokit: Octokit): Octokit {
  octokit.hook.before('request', (options) => {
    options.headers['x-github-api-version'] = '2022-11-28';
  });
  return octokit;
}

/** Where repositories are browsed and cloned, from where the API is. */
function webHost(baseUrl: string): string {
  return baseUrl === publicApi ? 'https://github.com' : new URL(baseUrl).origin;
}

/** The bot's account is public; its id tells our comments from those of somebody with a similar name. */
async function readIdentity(app: Octokit, octokit: Octokit): Promise<AppIdentity> {
  const { data } = await app.rest.apps.getAuthenticated();
  if (!data) throw new Error('GitHub does not know this App');
  const slug = data.slug ?? '';
  const botLogin = `${slug}[bot]`;
  const bot = await octokit.rest.users.getByUsername({ username: botLogin });
  return { id: data.id, slug, botLogin, botId: bot.data.id };
}
