import type { Octokit } from '@octokit/rest';
import { BotError, toBotError } from '../domain/index.ts';
import type { Tokens } from '../tokens/index.ts';
import { calls, type Call, type CallName, type Purpose } from './calls.ts';
import { readRefusal, translate, translateMint } from './errors.ts';
import { carryOut, readPages, unlessAborted, type Answer, type Line, type Trip } from './sending.ts';
import type { Work } from './work.ts';

/** Whose token a call is made with: one repository's, by its id or else its name, or without both a whole installation's. */
export interface Target {
  readonly installationId: number;
  readonly id?: number;
  readonly owner: string;
  readonly name: string;
}

/** Installation tokens for one target and one purpose each, opaque and of any length. */
export type InstallationTokens = Tokens<Wish>;

/** What a token is for. */
export interface Wish {
  readonly target: Target;
  readonly purpose: Purpose;
}

/** What every call on a repository carries. `signal` ends a call that GitHub never answers. */
export interface At {
  readonly owner: string;
  readonly repo: string;
  readonly headers: { readonly authorization: string; readonly 'user-agent'?: string };
  readonly request: { readonly signal: AbortSignal };
}

export type Send<T> = (octokit: Octokit, at: At) => Promise<Answer<T>>;

/** Sends the calls of one repository: limits kept, right token, one re-mint, bounded retries of reads, a rename followed, errors translated. */
export interface Caller {
  call<T>(name: CallName, send: Send<T>): Promise<T>;
  /** The same for what may not be there (404, 409: an empty repository, 410: deleted) or not here any more (301: moved to another repository). */
  find<T>(name: CallName, send: Send<T>): Promise<T | undefined>;
  /** Every page of a list. `page` counts from 1. */
  all<T>(name: CallName, send: (octokit: Octokit, at: At, page: number) => Promise<Answer<T>>): Promise<T[]>;
  /** `refused`: one that GitHub did not take; it is not given again. */
  token(purpose: 'clone', refused?: string): Promise<string>;
  /** Where the repository is now; its old name may have been taken by another one since. */
  locate(present: Place): void;
}

export interface CallerOptions {
  readonly line: Line;
  readonly octokit: Octokit;
  readonly tokens: InstallationTokens;
  readonly target: Target;
  readonly work?: Work | undefined;
  readonly userAgent: string;
}

type Place = Pick<At, 'owner' | 'repo'>;

export function createCaller(options: CallerOptions): Caller {
  const { line, target, work } = options;
  let place: Place = { owner: target.owner, repo: target.name };
  const where = () => whereOf(target, place);

  async function send<T>(name: CallName, start: Send<T>): Promise<Answer<T>> {
    const errand = { call: calls[name], where: where(), scopes: scopesOf(target, calls[name]), signal: work?.signal };
    return carryOut(line, errand, async (trip) => {
      const used = place;
      const answer = await sendOnce({ name, trip, place: used }, start, options);
      if (!isElsewhere(answer) || target.id === undefined) return answer;
      place = await presentPlace(trip, target.id, options);
      // When the repository is where it was, what was asked for has moved: an issue that was transferred.
      return nameOf(place) === nameOf(used) ? answer : sendOnce({ name, trip, place }, start, options);
    });
  }

  async function answered<T>(name: CallName, start: Send<T>): Promise<Answer<T>> {
    const answer = await send(name, start).catch((error: unknown) => {
      throw translate(error, calls[name], where());
    });
    if (isElsewhere(answer)) throw translate({ status: answer.status, response: answer }, calls[name], where());
    return answer;
  }

  return {
    call: async (name, start) => (await answered(name, start)).data,
    async find(name, start) {
      try {
        const answer = await send(name, start);
        return isElsewhere(answer) ? undefined : answer.data;
      } catch (error) {
        if ([404, 409, 410].includes(readRefusal(error).status)) return undefined;
        throw translate(error, calls[name], where());
      }
    },
    all: (name, start) => readPages((page) => answered(name, (kit, at) => start(kit, at, page))),
    locate: (present) => {
      place = present;
    },
    async token(purpose, refused) {
      if (refused !== undefined) options.tokens.drop({ target: options.target, purpose }, refused);
      return tokenFor({ ...calls.fileText, doing: 'get a token to fetch with', purpose }, options);
    },
  };
}

/** GraphQL counts by itself, and waits for what holds everything up. */
function scopesOf({ installationId }: Target, { isGraph }: Call): readonly [string, ...string[]] {
  const all = `github:${installationId}`;
  return isGraph ? [`${all}:graphql`, all] : [all];
}

function whereOf({ id, installationId }: Target, place: Place): string {
  return id === undefined && place.repo === '' ? `installation ${installationId}` : nameOf(place);
}

function nameOf({ owner, repo }: Place): string {
  return `${owner}/${repo}`;
}

/** GitHub answers 301 or 307 for what was renamed or moved; nothing was done then. */
function isElsewhere({ status }: Answer<unknown>): boolean {
  return status >= 300 && status <= 399;
}

/** By its id, a repository is found under any name. */
async function presentPlace(trip: Trip, id: number, options: CallerOptions): Promise<Place> {
  const sending = { name: 'facts', trip, place: { owner: '', repo: '' } } as const;
  const { data } = await sendOnce<unknown>(sending, requestById(id), options);
  const { owner, name } = data as { name: string; owner: { login: string } }; // GitHub's "repository"
  return { owner: owner.login, repo: name };
}

/** The route by id is missing in Octokit's types. */
export function requestById(id: number): Send<unknown> {
  return (kit, { headers, request }) => kit.request('GET /repositories/{id}', { id, headers, request });
}

interface Sending {
  readonly name: CallName;
  readonly trip: Trip;
  readonly place: Place;
}

/** Sends it once; after a 401, which did nothing, once more with a new token. */
async function sendOnce<T>(sending: Sending, start: Send<T>, options: CallerOptions): Promise<Answer<T>> {
  const { octokit, tokens, target } = options;
  const sendWith = (token: string) =>
    sending.trip.send((signal) =>
      start(octokit, { ...sending.place, headers: headersOf(token, options), request: { signal } }),
    );
  const token = await admit(sending, options);
  try {
    return await sendWith(token);
  } catch (error) {
    if (readRefusal(error).status !== 401) throw error;
    tokens.drop({ target, purpose: calls[sending.name].purpose }, token);
    return sendWith(await admit(sending, options));
  }
}

function headersOf(token: string, { work, userAgent }: CallerOptions): At['headers'] {
  const authorization = `token ${token}`;
  return work ? { authorization, 'user-agent': `${userAgent} (${work.name})` } : { authorization };
}

/** What `beforeWrite` made sure of is not relied on for longer. */
const freshMs = 1000;
const maxAdmissions = 5;

/** Resolves with a token when the call may leave at once. */
async function admit({ name, trip }: Sending, options: CallerOptions): Promise<string> {
  const call: Call = calls[name];
  for (let admission = 1; admission <= maxAdmissions; admission++) {
    const token = await tokenFor(call, options);
    await trip.ready();
    if (call.kind === 'read' || !options.work) return token;
    await options.work.beforeWrite({ name, content: call.content }).catch((error: unknown) => {
      throw toBotError(error);
    });
    // Somebody else may have run into the limit while it waited.
    const asked = options.line.elapsed();
    if (!(await trip.isBlocked()) && options.line.elapsed() - asked < freshMs) return token;
  }
  throw new BotError('github-unavailable', `Could not ${call.doing}: each time, something came in between.`);
}

/** One of the App's tokens that several calls may wait for at once. */
async function tokenFor(call: Call, { tokens, target, work }: CallerOptions): Promise<string> {
  try {
    return await unlessAborted(tokens.get({ target, purpose: call.purpose }, work?.name), work?.signal);
  } catch (error) {
    throw translateMint(error, call, whereOf(target, { owner: target.owner, repo: target.name }));
  }
}
