import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerApi } from './api.ts';
import type { ApiDeps, ApiReply } from './api.ts';
import { actorName, permissionsOf } from './auth.ts';
import type { Fault, Faults } from './faults.ts';
import { readGitPath, serveGit } from './git-http.ts';
import type { GitRequest } from './git-http.ts';
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
  /** `GET /repos/{owner}/{repo}`; undefined when we have no such route. */
  route: string | undefined;
  /** 0 while it is under way, and for ever when the answer was lost or never came. */
  status: number;
  actor: string;
  tokenPermissions: Permissions | undefined;
  /** undefined for a token that covers the whole installation, and for other callers. */
  tokenRepositoryIds: readonly number[] | undefined;
  /** What a planted fault did to it. */
  fault: Fault['then'] | undefined;
  /** True for a path that the stand-in doesn't have. */
  missed: boolean;
}

/** Answers what is neither API nor git: pages for people. */
export type Pages = (request: IncomingMessage, response: ServerResponse) => void;

export interface HttpSide {
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
}

const apiPrefix = '/api/v3';

/** Listens on a loopback port and answers API and git calls until it is closed. */
export async function listen(given: Pick<Deps, 'api' | 'faults' | 'violations'>, port: number): Promise<HttpSide> {
  const deps: Deps = { ...given, pages: undefined, history: [] };
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
  return { url, servePages, history: deps.history, close: () => close(server) };
}

async function handle(deps: Deps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const call = readCall(request);
  if (call.kind === 'other' && deps.pages !== undefined) {
    deps.pages(request, response);
    return;
  }
  const body = await readAll(request);
  const fault = deps.faults.take(call.method, call.path);
  const entry = startEntry(deps, { ...call, body });
  entry.fault = fault?.then;
  if (fault?.then === 'hang') return;
  if (fault?.then === 'cut') {
    response.destroy();
    return;
  }
  if (fault?.then === 'delay') await sleep(fault.ms);
  await serve(deps, { request, response, entry, fault, body });
}

type CalledUpon = Pick<HistoryEntry, 'method' | 'path' | 'query' | 'kind'>;

function readCall(request: IncomingMessage): CalledUpon {
  const { pathname, search } = new URL(request.url ?? '/', 'http://stand-in');
  const called = { method: request.method ?? 'GET', query: search.slice(1) };
  if (pathname.startsWith(`${apiPrefix}/`)) return { ...called, kind: 'api', path: pathname.slice(apiPrefix.length) };
  return { ...called, kind: readGitPath(pathname) === undefined ? 'other' : 'git', path: pathname };
}

async function serve(deps: Deps, at: Exchange): Promise<void> {
  const wanted = readGitPath(at.entry.path);
  if (at.entry.kind === 'api') await serveApi(deps, at);
  else if (wanted === undefined) missing(at.response, at.entry);
  else await serveGitCall(deps, { ...at, wanted });
}

function startEntry(deps: Deps, call: CalledUpon & { body: Buffer }): HistoryEntry {
  const entry: HistoryEntry = {
    at: deps.api.world.now(),
    ...call,
    body: call.kind === 'api' ? parsed(call.body) : undefined,
    route: undefined,
    status: 0,
    actor: 'anonymous',
    tokenPermissions: undefined,
    tokenRepositoryIds: undefined,
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
  readonly response: ServerResponse;
  readonly entry: HistoryEntry;
  readonly fault: Fault | undefined;
  readonly body: Buffer;
}

async function serveApi(deps: Deps, at: Exchange): Promise<void> {
  const { request, response, entry, fault } = at;
  const { method, path } = entry;
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  const query = new URLSearchParams(entry.query);
  const reply = await answerApi(deps.api, { method, path, query, headers, body: at.body }, fault);
  entry.route = reply.route;
  entry.missed = reply.route === undefined && reply.status === 404;
  noteActor(entry, reply.actor);
  if (reply.violation !== undefined) deps.violations.push(reply.violation);
  if (fault?.then === 'lose-reply') {
    lose(response, fault.how);
    return;
  }
  entry.status = reply.status;
  send(response, reply);
}

function noteActor(entry: HistoryEntry, actor: Actor): void {
  entry.actor = actorName(actor);
  entry.tokenPermissions = permissionsOf(actor);
  entry.tokenRepositoryIds = actor.type === 'installation' ? actor.token.repositoryIds : undefined;
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
    entry.status = fault.status;
    response.writeHead(fault.status, { 'content-type': 'text/plain', ...fault.headers });
    response.end('Fault\n');
    return;
  }
  const lost = fault?.then === 'lose-reply' ? fault : undefined;
  const wire = { request, query: entry.query, body: at.body };
  const served = await serveGit(deps.api.world, at.wanted, wire);
  noteActor(entry, served.actor);
  if (lost !== undefined) {
    lose(response, lost.how);
    return;
  }
  entry.status = served.status;
  response.writeHead(served.status, served.headers);
  response.end(served.body);
}

function missing(response: ServerResponse, entry: HistoryEntry): void {
  entry.status = 404;
  entry.missed = true;
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
