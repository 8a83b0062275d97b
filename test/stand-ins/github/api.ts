import { createHash, randomBytes } from 'node:crypto';
import { acceptedPermissions, authenticate, canSee, requireAccess } from './auth.ts';
import { ApiError, movedTo, notAccessible, notFound } from './api-error.ts';
import type { Fault } from './faults.ts';
import { asSeenAt } from './lag.ts';
import type { Contract } from './openapi.ts';
import { pageOf } from './pages.ts';
import { primaryLimit, secondaryLimit } from './rate-limit.ts';
import type { RateLimits, Resource } from './rate-limit.ts';
import { isObject } from './route.ts';
import type { Actor, Answer, Call, Route } from './route.ts';
import { graphRoute, matchRoute } from './routes.ts';
import type { Match } from './routes.ts';
import type { Webhooks } from './webhooks.ts';
import { findRepo, fullName } from './world.ts';
import type { Repo, World } from './world.ts';

export interface ApiRequest {
  readonly method: string;
  /** Below `/api/v3`, still encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

export interface ApiReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly actor: Actor;
  /** `GET /repos/{owner}/{repo}`, or undefined for a path that we don't have. */
  readonly route: string | undefined;
  /** The limit that the caller ran into, unless it was planted. */
  readonly limit: 'primary' | 'content' | undefined;
  /** Set when the answer breaks GitHub's own description of its API. */
  readonly violation: string | undefined;
}

export interface ApiDeps {
  readonly world: World;
  readonly contract: Contract;
  readonly limits: RateLimits;
  readonly webhooks: Webhooks;
  /** Whether every answer is checked against GitHub's description. */
  readonly strict: boolean;
}

interface Progress {
  actor: Actor;
  match: Match | undefined;
  limit: 'primary' | 'content' | undefined;
}

/** Answers one API call from start to end. Never rejects: what goes wrong inside is a 500 that says so. */
export async function answerApi(deps: ApiDeps, request: ApiRequest, fault?: Fault): Promise<ApiReply> {
  const progress: Progress = { actor: { type: 'anonymous' }, match: undefined, limit: undefined };
  const answer = await perform(deps, request, { progress, fault }).catch((error: unknown) =>
    errorAnswer(deps.contract, progress, error),
  );
  const route = routeName(progress.match);
  const shown = answer.list === undefined ? answer : pageOf(answer, request, deps.world);
  const violation = deps.strict ? violationOf(deps.contract, route, shown, request) : undefined;
  const sent = violation === undefined ? shown : broken(violation);
  return finish(deps, request, { progress, sent, violation });
}

/** The route that will answer, as `GET /repos/{owner}/{repo}`. */
export function routeOf(world: World, method: string, path: string): string | undefined {
  return routeName(matchRoute(method, withoutRepositoryId(world, path)));
}

interface State {
  readonly progress: Progress;
  readonly fault: Fault | undefined;
}

async function perform(deps: ApiDeps, request: ApiRequest, state: State): Promise<Answer> {
  const { world } = deps;
  if (request.headers['user-agent'] === undefined) {
    throw new ApiError(
      403,
      'Request forbidden by administrative rules. Please make sure your request has a User-Agent header.',
    );
  }
  const actor = authenticate(world, request.headers['authorization']);
  state.progress.actor = actor;
  const path = withoutRepositoryId(world, request.path);
  const match = matchRoute(request.method, path);
  state.progress.match = match;
  throwLimits(deps, state.progress, state.fault);
  if (match === undefined) throw notFound();
  countCall(deps, match.route, state.progress);
  throwStatus(state.fault);
  const call: Call = {
    world,
    actor,
    method: request.method,
    params: match.params,
    belowIssue: /\/issues\/\d+(\/.*)$/.exec(path)?.[1] ?? '',
    query: request.query,
    ...readBody(request),
    accept: request.headers['accept'] ?? '',
    asOf: lagOf(world, request, state.fault),
    limits: deps.limits,
    webhooks: deps.webhooks,
  };
  return asSeenAt(await access(deps, match, call), call.asOf);
}

function resourceOf(route: Route | undefined): Resource {
  return route === graphRoute ? 'graphql' : 'core';
}

/** Asking for the limits costs nothing. */
function countCall({ limits }: ApiDeps, route: Route, progress: Progress): void {
  const resource = resourceOf(route);
  const refusal = route.path === '/rate_limit' ? undefined : limits.count(progress.actor, isContent(route), resource);
  if (refusal === undefined) return;
  progress.limit = refusal.limit;
  throw refusal.answer;
}

function throwStatus(fault: Fault | undefined): void {
  if (fault?.then !== 'status') return;
  const { status, body = {}, headers = {} } = fault;
  const message = typeof body['message'] === 'string' ? body['message'] : 'Fault';
  throw new ApiError(status, message, { fields: body, headers });
}

/** A reader who lags sees nothing that is younger than this. */
function lagOf(world: World, request: ApiRequest, fault: Fault | undefined): number {
  if (fault?.then !== 'lag' || request.method !== 'GET') return Infinity;
  return world.now() - (fault.ms ?? 30_000);
}

function throwLimits(deps: ApiDeps, { actor, match }: Progress, fault: Fault | undefined): void {
  const { now } = deps.world;
  if (fault?.then === 'rate-limit') {
    const who = actor.type === 'installation' ? `installation ID ${actor.installation.id}` : actor.type;
    const resetInMs = fault.resetInMs ?? 3_600_000;
    if (fault.holds === true) deps.limits.close(actor, resetInMs, resourceOf(match?.route));
    throw primaryLimit(who, now() + resetInMs, now(), fault.status);
  }
  if (fault?.then === 'secondary-limit') throw secondaryLimit(fault.retryAfter, fault.status);
}

/** Who may call it, for which repository, and whether the body is one that GitHub would read. In GitHub's order. */
async function access(deps: ApiDeps, match: Match, call: Call): Promise<Answer> {
  const { route } = match;
  if (route.access !== 'repository') {
    requireKind(route, call.actor);
    checkBody(deps.contract, route, call);
    return route.handle(call);
  }
  const repo = findRepo(call.world, call.params['owner'] ?? '', call.params['repo'] ?? '');
  if (repo === undefined) throw movedOrMissing(call, match);
  requireAccess(call.actor, repo, route.needs, route.role);
  if (repo.archived && route.method !== 'GET') {
    throw new ApiError(403, 'Repository was archived so is read-only.');
  }
  checkBody(deps.contract, route, call);
  return route.handle({ ...call, repo });
}

function requireKind(route: Route, actor: Actor): void {
  if (route.access === 'app' && actor.type !== 'app') {
    throw new ApiError(401, 'A JSON web token could not be decoded');
  }
  if (route.access === 'installation' && actor.type !== 'installation') throw notAccessible();
}

function movedOrMissing(call: Call, match: Match): ApiError {
  const id = call.world.moved.get(`${call.params['owner'] ?? ''}/${call.params['repo'] ?? ''}`.toLowerCase());
  const repo = id === undefined ? undefined : call.world.repos.get(id);
  if (repo === undefined || !canSee(call.actor, repo)) return notFound();
  return movedTo(`${call.world.url}/api/v3/repositories/${repo.id}${match.belowRepository}`, match.route.method);
}

/** `/repositories/<id>/…` is the address that survives renames. */
function withoutRepositoryId(world: World, path: string): string {
  const [, id, rest = ''] = /^\/repositories\/(\d+)(\/.*)?$/.exec(path) ?? [];
  if (id === undefined) return path;
  const repo: Repo | undefined = world.repos.get(Number(id));
  // No owner has this name: it leads to the 404 of a repository that is not there.
  return `/repos/${repo === undefined ? '-/-' : fullName(repo)}${rest}`;
}

function readBody(request: ApiRequest): Pick<Call, 'body' | 'rawBody'> {
  if (request.method === 'GET' || request.body.length === 0) return { body: {}, rawBody: undefined };
  let rawBody: unknown;
  try {
    rawBody = JSON.parse(request.body.toString());
  } catch {
    throw new ApiError(400, 'Problems parsing JSON');
  }
  return { body: isObject(rawBody) ? rawBody : {}, rawBody };
}

function checkBody(contract: Contract, route: Route, call: Call): void {
  if (route.method === 'GET') return;
  const problem = contract.requestProblem(`${route.method} ${route.path}`, call.rawBody ?? {});
  if (problem !== undefined) throw new ApiError(422, problem);
}

const issue = '/repos/{owner}/{repo}/issues';
const pull = '/repos/{owner}/{repo}/pulls';
const contentRoutes = new Set([
  `POST ${issue}`,
  `POST ${issue}/{issue_number}/comments`,
  `PATCH ${issue}/comments/{comment_id}`,
  `POST ${issue}/{issue_number}/reactions`,
  `POST ${issue}/comments/{comment_id}/reactions`,
  `POST ${pull}`,
  `PATCH ${pull}/{pull_number}`,
  `POST ${pull}/{pull_number}/reviews`,
  `POST ${pull}/{pull_number}/comments/{comment_id}/replies`,
  `POST ${pull}/comments/{comment_id}/reactions`,
  'POST /repos/{owner}/{repo}/check-runs',
  'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}',
  'POST /repos/{owner}/{repo}/git/refs',
  'PATCH /repos/{owner}/{repo}/git/refs/{ref}',
]);

/** What GitHub counts against its limits for content: what people are told of, and branches. Not blobs, trees and commits. */
function isContent(route: Route): boolean {
  return isContentRoute(`${route.method} ${route.path}`);
}

export function isContentRoute(route: string): boolean {
  return contentRoutes.has(route);
}

function routeName(match: Pick<Match, 'route'> | undefined): string | undefined {
  return match === undefined ? undefined : `${match.route.method} ${match.route.path}`;
}

function errorAnswer(contract: Contract, progress: Progress, error: unknown): Answer {
  const route = routeName(progress.match);
  if (!(error instanceof ApiError))
    return broken(error instanceof Error ? (error.stack ?? error.message) : String(error));
  if (progress.match?.route === graphRoute && error.headers['x-ratelimit-remaining'] === '0') {
    const errors = [{ type: 'RATE_LIMITED', message: error.message }];
    return { status: 200, body: { errors }, headers: error.headers };
  }
  const docs = route === undefined || error.status === 401 ? 'https://docs.github.com/rest' : contract.docs(route);
  const body = { message: error.message, ...error.fields, documentation_url: docs, status: String(error.status) };
  return { status: error.status, body, headers: error.headers };
}

/** A mistake of the stand-in itself, never GitHub's. */
function broken(problem: string): Answer {
  const body = { message: `The stand-in is at fault: ${problem}`, status: '500' };
  return { status: 500, body, mistake: problem };
}

function violationOf(
  contract: Contract,
  route: string | undefined,
  answer: Answer,
  request: ApiRequest,
): string | undefined {
  if (answer.mistake !== undefined) return answer.mistake;
  if (route === undefined || answer.bytes !== undefined || route === routeName({ route: graphRoute })) return undefined;
  const problem = contract.answerProblem(route, answer.status, answer.body);
  return problem === undefined ? undefined : `${request.method} ${request.path}: ${problem}`;
}

function finish(
  deps: ApiDeps,
  request: ApiRequest,
  done: { progress: Progress; sent: Answer; violation: string | undefined },
): ApiReply {
  const { progress, sent, violation } = done;
  const body = sent.bytes?.data ?? encoded(sent.body);
  const type = sent.bytes?.type ?? 'application/json; charset=utf-8';
  const caching = request.method === 'GET' && sent.status === 200 ? cachingHeaders(body) : {};
  const unchanged = isKnown(request, caching['etag']);
  return {
    status: unchanged ? 304 : sent.status,
    headers: {
      ...commonHeaders(deps, progress),
      ...caching,
      ...(body.length > 0 ? { 'content-type': type } : {}),
      ...sent.headers,
    },
    body: unchanged ? Buffer.alloc(0) : body,
    actor: progress.actor,
    route: routeName(progress.match),
    limit: progress.limit,
    violation,
  };
}

function isKnown(request: ApiRequest, etag: string | undefined): boolean {
  return etag !== undefined && request.headers['if-none-match'] === etag;
}

function encoded(body: unknown): Buffer {
  return body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body));
}

function cachingHeaders(body: Buffer): Record<string, string> {
  const etag = `W/"${createHash('sha256').update(body).digest('hex')}"`;
  return { etag, 'cache-control': 'private, max-age=60, s-maxage=60' };
}

function commonHeaders(deps: ApiDeps, progress: Progress): Record<string, string> {
  const { match, actor } = progress;
  const needs = match?.route.access === 'repository' ? match.route.needs : undefined;
  return {
    date: new Date(deps.world.now()).toUTCString(),
    server: 'github.com',
    vary: 'Accept, Authorization, Cookie, X-GitHub-OTP, Accept-Encoding, Accept, X-Requested-With',
    'x-github-media-type': 'github.v3; format=json',
    'x-github-api-version-selected': '2022-11-28',
    'x-github-request-id': randomBytes(10).toString('hex').toUpperCase(),
    ...deps.limits.headers(actor, resourceOf(match?.route)),
    ...(needs === undefined || actor.type !== 'installation'
      ? {}
      : { 'x-accepted-github-permissions': acceptedPermissions(needs) }),
  };
}
