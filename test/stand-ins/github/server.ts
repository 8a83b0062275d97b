import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerApi, isContentRoute, routeOf } from './api.ts';
import type { ApiDeps, ApiReply } from './api.ts';
import { actorName, callerOf, permissionsOf } from './auth.ts';
import type { Change } from './changes.ts';
import type { Chronicle } from './chronicle.ts';
import type { Fault, Faults } from './faults.ts';
import { readGitPath, serveGit } from './git-http.ts';
import type { GitRequest } from './git-http.ts';
import { createInterception } from '../intercept.ts';
import type { Hook, Interception } from '../intercept.ts';
import { isObject } from './route.ts';
import type { Actor } from './route.ts';
import type { Permissions } from './world.ts';

/** One call as it came and as it ended. */
export interface HistoryEntry {
  readonly at: number;
  readonly method: string;
  /** Below `/api/v3`, or the whole path of a git request; without the query. */
  readonly path: string;
  readonly query: string;
  readonly kind: 'api' | 'git' | 'other';
  /** The JSON body of an API call, for tests that ask what was sent; no header is kept. */
  readonly body: unknown;
  /** What the caller says it is; empty when it says nothing. */
  readonly userAgent: string;
  /** `GET /repos/{owner}/{repo}`; undefined when we have no such route, and for git. */
  route: string | undefined;
  /** 0 while it is under way, and for ever when the answer was lost or never came. */
  status: number;
  /** What the answer is, whether or not it arrives; 0 until that is known, and for ever when nothing came of the call. */
  result: number;
  actor: string;
  tokenPermissions: Permissions | undefined;
  /** undefined for a token that covers the whole installation, and for other callers. */
  tokenRepositoryIds: readonly number[] | undefined;
  installationId: number | undefined;
  /** The limit it ran into, unless that was planted. */
  limit: 'primary' | 'content' | undefined;
  /** Whether GitHub counts it against its limits for content. */
  isContent: boolean;
  /** What a planted fault did to it. */
  fault: Fault['then'] | undefined;
  /** True for a path that the stand-in doesn't have. */
  missed: boolean;
}

/** Answers what is neither API nor git: pages for people. */
export type Pages = (request: IncomingMessage, response: ServerResponse) => void;

export type CallPhase = 'before' | 'after';

export interface HttpSide {
  readonly intercept: (hook: Hook<HistoryEntry, CallPhase>) => () => void;
  /** Without pages, whatever is neither API nor git is a 404 that counts as missed. */
  readonly servePages: (pages: Pages) => void;
  readonly url: string;
  readonly history: readonly HistoryEntry[];
  readonly close: () => Promise<void>;
}

interface Deps {
  pages: Pages | undefined;
  readonly api: ApiDeps;
  readonly faults: Faults;
  readonly history: HistoryEntry[];
  readonly violations: string[];
  readonly chronicle: Chronicle;
  readonly hooks: Interception<HistoryEntry, CallPhase>;
}

const apiPrefix = '/api/v3';
/** Beside the REST API, and where github.com has it. */
const graphPaths: ReadonlySet<string> = new Set(['/api/graphql', '/graphql']);

/** Listens on a loopback port and answers API and git calls until it is closed. */
export async function listen(
  given: Pick<Deps, 'api' | 'chronicle' | 'faults' | 'violations'>,
  port: number,
): Promise<HttpSide> {
  const deps: Deps = { ...given, pages: undefined, history: [], hooks: createInterception() };
  const server = createServer((request, response) => {
    handle(deps, request, response).catch((error: unknown) => {
      deps.violations.push(String(error));
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  // A listening TCP server always has this kind of address.
  const address = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${address.port}`;
  deps.api.world.url = url;
  const servePages = (pages: Pages) => {
    deps.pages = pages;
  };
  return { url, servePages, history: deps.history, intercept: deps.hooks.add, close: () => close(server) };
}

async function handle(deps: Deps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const call = readCall(request);
  if (call.kind === 'other' && deps.pages !== undefined) {
    deps.pages(request, response);
    return;
  }
  response.setHeader('date', new Date(deps.api.world.now()).toUTCString());
  // A caller that dies while it is still talking has asked for nothing.
  const body = await readAll(request).catch(() => undefined);
  if (body !== undefined) await receive(deps, { call, request, response, body });
}

interface Received {
  readonly call: CalledUpon;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Buffer;
}

async function receive(deps: Deps, { call, request, response, body }: Received): Promise<void> {
  const arrivedAt = deps.chronicle.steady();
  const entry = startEntry(deps, { ...call, userAgent: request.headers['user-agent'] ?? '', body });
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  foresee(deps, entry, headers);
  const at = { request, headers, response, entry, arrivedAt, body, changes: [] };
  if (!(await deps.hooks.reach(entry, 'before'))) {
    cut(deps, at, 'cut-before');
    return;
  }
  const fault = deps.faults.take(entry.method, entry.path);
  if (fault !== undefined) noteFault(deps, entry, fault);
  if (fault?.then === 'hang') writeCall(deps, at);
  else if (fault?.then === 'cut') cut(deps, at);
  else {
    if (fault?.then === 'delay') await sleep(fault.ms);
    await serve(deps, { ...at, fault });
  }
}

/** Nothing happens and nothing is answered. */
function cut(deps: Deps, at: Omit<Exchange, 'fault'>, by?: string): void {
  if (by !== undefined) writeFault(deps, at.entry, { then: by, until: null });
  writeCall(deps, at);
  at.response.destroy();
}

function noteFault(deps: Deps, entry: HistoryEntry, fault: Fault): void {
  entry.fault = fault.then;
  const lasts = fault.then === 'rate-limit' ? (fault.resetInMs ?? 3_600_000) : undefined;
  writeFault(deps, entry, { then: fault.then, until: lasts === undefined ? null : deps.chronicle.steady() + lasts });
}

function writeFault(deps: Deps, entry: HistoryEntry, fault: { then: string; until: number | null }): void {
  const { method, path, installationId = null } = entry;
  deps.chronicle.write({ type: 'fault', ...fault, method, path, installation: installationId });
}

/** Written once it is known what the call did. */
function writeCall(deps: Deps, { entry, arrivedAt, changes }: Omit<Exchange, 'fault'>): void {
  const { kind, method, path, actor, userAgent, result, isContent } = entry;
  deps.chronicle.write({
    type: 'call',
    arrivedAt,
    kind,
    method,
    route: entry.route ?? null,
    path,
    actor,
    installation: entry.installationId ?? null,
    userAgent,
    result,
    isContent,
    fault: entry.fault ?? null,
    limit: entry.limit ?? null,
    changes,
  });
}

/** What a hook is told before anything happens: which route it will be, and who is calling. */
function foresee(deps: Deps, entry: HistoryEntry, headers: Headers): void {
  const { world } = deps.api;
  if (entry.kind === 'api') entry.route = routeOf(world, entry.method, entry.path);
  entry.isContent = entry.route !== undefined && isContentRoute(entry.route);
  noteActor(entry, callerOf(world, entry.kind, headers['authorization']));
}

type Headers = Readonly<Record<string, string>>;

type CalledUpon = Pick<HistoryEntry, 'method' | 'path' | 'query' | 'kind'>;

function readCall(request: IncomingMessage): CalledUpon {
  const { pathname, search } = new URL(request.url ?? '/', 'http://stand-in');
  const called = { method: request.method ?? 'GET', query: search.slice(1) };
  if (graphPaths.has(pathname)) return { ...called, kind: 'api', path: '/graphql' };
  if (pathname.startsWith(`${apiPrefix}/`)) return { ...called, kind: 'api', path: pathname.slice(apiPrefix.length) };
  return { ...called, kind: readGitPath(pathname) === undefined ? 'other' : 'git', path: pathname };
}

async function serve(deps: Deps, at: Exchange): Promise<void> {
  const wanted = readGitPath(at.entry.path);
  if (at.entry.kind === 'api') await serveApi(deps, at);
  else if (wanted === undefined) missing(deps, at);
  else await serveGitCall(deps, { ...at, wanted });
}

function startEntry(deps: Deps, call: CalledUpon & { userAgent: string; body: Buffer }): HistoryEntry {
  const entry: HistoryEntry = {
    at: deps.api.world.now(),
    ...call,
    body: call.kind === 'api' ? parsed(call.body) : undefined,
    route: undefined,
    status: 0,
    result: 0,
    actor: 'anonymous',
    tokenPermissions: undefined,
    tokenRepositoryIds: undefined,
    installationId: undefined,
    limit: undefined,
    isContent: false,
    fault: undefined,
    missed: false,
  };
  deps.history.push(entry);
  return entry;
}

function parsed(body: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(body.toString());
    return isObject(value) || Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly headers: Headers;
  readonly response: ServerResponse;
  readonly entry: HistoryEntry;
  /** On the chronicle's clock. */
  readonly arrivedAt: number;
  /** What it has changed so far. */
  readonly changes: Change[];
  readonly fault: Fault | undefined;
  readonly body: Buffer;
}

async function serveApi(deps: Deps, at: Exchange): Promise<void> {
  const { response, headers, entry, fault } = at;
  const { method, path } = entry;
  const query = new URLSearchParams(entry.query);
  const asked = { method, path, query, headers, body: at.body };
  const reply = await deps.api.world.changes.during(at.changes, () => answerApi(deps.api, asked, fault));
  entry.limit = reply.limit;
  entry.missed = reply.route === undefined && reply.status === 404;
  noteActor(entry, reply.actor);
  if (reply.violation !== undefined) deps.violations.push(reply.violation);
  await leave(deps, at, reply.status, () => {
    send(response, reply);
  });
}

/** The effect has happened: the hooks hear of it, then the answer leaves, unless it is to be lost. */
async function leave(deps: Deps, at: Exchange, status: number, answer: () => void): Promise<void> {
  const { response, entry, fault } = at;
  entry.result = status;
  writeCall(deps, at);
  if (!(await deps.hooks.reach(entry, 'after'))) {
    writeFault(deps, entry, { then: 'cut-after', until: null });
    response.destroy();
    return;
  }
  if (fault?.then === 'lose-reply') {
    lose(response, fault.how);
    return;
  }
  entry.status = status;
  answer();
}

function noteActor(entry: HistoryEntry, actor: Actor): void {
  entry.actor = actorName(actor);
  entry.tokenPermissions = permissionsOf(actor);
  entry.tokenRepositoryIds = actor.type === 'installation' ? actor.token.repositoryIds : undefined;
  entry.installationId = actor.type === 'installation' ? actor.installation.id : undefined;
}

function lose(response: ServerResponse, how: 'cut' | '502' = 'cut'): void {
  if (how === 'cut') {
    response.destroy();
    return;
  }
  response.writeHead(502, { 'content-type': 'text/html; charset=utf-8' });
  response.end('<html><head><title>Unicorn!</title></head><body>502 Bad Gateway</body></html>');
}

function send(response: ServerResponse, reply: ApiReply): void {
  const length = reply.status === 204 || reply.status === 304 ? {} : { 'content-length': String(reply.body.length) };
  response.writeHead(reply.status, { ...reply.headers, ...length });
  response.end(reply.body);
}

async function serveGitCall(deps: Deps, at: Exchange & { wanted: GitRequest }): Promise<void> {
  const { request, response, entry, fault } = at;
  if (fault?.then === 'status') {
    await leave(deps, at, fault.status, () => {
      response.writeHead(fault.status, { 'content-type': 'text/plain', ...fault.headers });
      response.end('Fault\n');
    });
    return;
  }
  const { world } = deps.api;
  const wire = { request, query: entry.query, body: at.body };
  const served = await world.changes.during(at.changes, () => serveGit(world, at.wanted, wire));
  noteActor(entry, served.actor);
  await leave(deps, at, served.status, () => {
    response.writeHead(served.status, served.headers);
    response.end(served.body);
  });
}

function missing(deps: Deps, at: Exchange): void {
  const { entry, response } = at;
  entry.status = 404;
  entry.result = 404;
  entry.missed = true;
  writeCall(deps, at);
  response.writeHead(404, { 'content-type': 'text/plain' });
  response.end('Not Found\n');
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
