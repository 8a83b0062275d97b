import { setTimeout as sleep } from 'node:timers/promises';
import type { Octokit } from '@octokit/rest';
import { BotError, type Repository } from '../domain/index.ts';
import { calls, type Call, type CallName } from './calls.ts';
import { isRateLimit, readRefusal, translate, translateMint, waitSeconds } from './errors.ts';
import type { Tokens } from './tokens.ts';

/** What every call on a repository carries. `signal` ends a call that GitHub never answers. */
export interface At {
  readonly owner: string;
  readonly repo: string;
  readonly headers: { readonly authorization: string };
  readonly request: { readonly signal: AbortSignal };
}

interface Answer<T> {
  readonly status: number;
  readonly headers: { readonly link?: string | undefined };
  readonly data: T;
}

export type Send<T> = (octokit: Octokit, at: At) => Promise<Answer<T>>;

/** Sends the calls of one repository: right token, one re-mint, bounded retries of reads, a rename followed, errors translated. */
export interface Caller {
  call<T>(name: CallName, send: Send<T>): Promise<T>;
  /** The same for a read whose 404 (or 409: an empty repository) means "there is none". */
  find<T>(name: CallName, send: Send<T>): Promise<T | undefined>;
  /** Every page of a list. `page` counts from 1. */
  all<T>(name: CallName, send: (octokit: Octokit, at: At, page: number) => Promise<Answer<T>>): Promise<T[]>;
  token(purpose: 'clone'): Promise<string>;
}

export interface CallerOptions {
  readonly octokit: Octokit;
  readonly tokens: Tokens;
  readonly repository: Repository;
  /** Milliseconds after which an unanswered call counts as failed. */
  readonly timeoutMs: number;
}

const maxReads = 4;
const maxPages = 300;
/** Longer waits are the worker's business, which can do something else meanwhile. */
const longestWaitMs = 10_000;

export function createCaller(options: CallerOptions): Caller {
  const { repository } = options;
  const place: Place = { owner: repository.owner, repo: repository.name };
  const where = (): string => `${place.owner}/${place.repo}`;

  async function answered<T>(callName: CallName, send: Send<T>): Promise<Answer<T>> {
    const call = calls[callName];
    for (let attempt = 1; ; attempt++) {
      try {
        return await follow(call, send, place, options);
      } catch (error) {
        const wait = call.kind === 'read' && attempt < maxReads ? waitBeforeRead(error, attempt) : undefined;
        if (wait === undefined) throw translate(error, call, where());
        await sleep(wait);
      }
    }
  }

  return {
    call: async (callName, send) => (await answered(callName, send)).data,
    async find(callName, send) {
      try {
        return (await answered(callName, send)).data;
      } catch (error) {
        if (error instanceof BotError && [404, 409].includes(readRefusal(error.cause).status)) return undefined;
        throw error;
      }
    },
    async all(callName, send) {
      const pages = [];
      for (let page = 1; page <= maxPages; page++) {
        const { data, headers } = await answered(callName, (kit, at) => send(kit, at, page));
        pages.push(data);
        if (!headers.link?.includes('rel="next"')) break;
      }
      return pages;
    },
    async token(purpose) {
      const call = { ...calls.fileText, doing: 'get a token to fetch with', purpose };
      try {
        return await tokenFor(call, options);
      } catch (error) {
        throw translate(error, call, `${repository.owner}/${repository.name}`);
      }
    },
  };
}

interface Place {
  owner: string;
  repo: string;
}

/** GitHub answers a renamed or moved repository with 301 or 307 to its id; nothing was done yet, so the call is sent again. */
async function follow<T>(call: Call, send: Send<T>, place: Place, options: CallerOptions): Promise<Answer<T>> {
  const answer = await once(call, send, place, options);
  if (answer.status < 300 || answer.status > 399) return answer;
  const answerById: Answer<unknown> = await once(
    calls.facts,
    (kit, { headers, request }) =>
      kit.request('GET /repositories/{id}', { id: options.repository.id, headers, request }),
    place,
    options,
  );
  const moved = answerById.data as { name: string; owner: { login: string } }; // GitHub's "repository" by id, missing in Octokit's types
  place.owner = moved.owner.login;
  place.repo = moved.name;
  return once(call, send, place, options);
}

/** Sends it once; after a 401, which did nothing, once more with a new token. */
async function once<T>(call: Call, send: Send<T>, place: Place, options: CallerOptions): Promise<Answer<T>> {
  const { octokit, tokens, repository, timeoutMs } = options;
  const at = (token: string): At => ({
    ...place,
    headers: { authorization: `token ${token}` },
    request: { signal: AbortSignal.timeout(timeoutMs) },
  });
  const token = await tokenFor(call, options);
  try {
    return await send(octokit, at(token));
  } catch (error) {
    if (readRefusal(error).status !== 401) throw error;
    tokens.drop(repository, call.purpose, token);
    return send(octokit, at(await tokenFor(call, options)));
  }
}

/** GitHub answers 422 when a token is asked for with more than the installation was granted, or for a repository it has not. */
async function tokenFor(call: Call, { tokens, repository }: CallerOptions): Promise<string> {
  try {
    return await tokens.get(repository, call.purpose);
  } catch (error) {
    throw translateMint(error, call, `${repository.owner}/${repository.name}`);
  }
}

/** Milliseconds to wait before a read is sent again; undefined when it would not help. */
function waitBeforeRead(error: unknown, attempt: number): number | undefined {
  if (error instanceof BotError) return undefined;
  const refusal = readRefusal(error);
  if (isRateLimit(refusal)) {
    const wait = waitSeconds(refusal) * 1000;
    return wait <= longestWaitMs ? wait : undefined;
  }
  return refusal.status === 0 || refusal.status >= 500 ? 100 * 3 ** (attempt - 1) : undefined;
}
