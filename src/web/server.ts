import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { BotError } from '../domain/index.ts';
import type { Intake } from './intake.ts';

export interface ServerOptions {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly intake?: Intake;
  /** Rejects while a delivery could not be kept: readiness. */
  readonly ready: () => Promise<void>;
  /** Pages for people; absent means that no such route exists. */
  readonly pages?: (request: IncomingMessage, response: ServerResponse) => void;
  readonly limits?: Partial<Limits>;
}

/** All in milliseconds. */
interface Limits {
  /** From a connection, or a request's first byte, to the end of its headers. */
  readonly headers: number;
  /** To the end of its body. GitHub itself gives up after ten seconds. */
  readonly request: number;
  /** How long a quiet connection is kept: longer than the usual minute of a proxy, which would otherwise use one that we are closing. */
  readonly keepAlive: number;
  /** For readiness; an answer takes two seconds at most. */
  readonly ready: number;
  /** For the deliveries under way when it is closed. */
  readonly drain: number;
}

const defaults: Limits = { headers: 5_000, request: 10_000, keepAlive: 65_000, ready: 1_800, drain: 2_000 };

export interface HttpServer extends AsyncDisposable {
  /** `http://host:port` as it was bound. */
  readonly url: string;
}

/**
 * Listens for webhooks and health checks; everything else is a 404. Resolves once it accepts connections. Closing takes no new
 * connections, lets what has begun be answered, and then cuts the rest.
 */
export async function startServer(options: ServerOptions): Promise<HttpServer> {
  const limits = { ...defaults, ...options.limits };
  const underWay = new Set<Promise<void>>();
  const server = createServer(connectionOptions(limits), (request, response) => {
    const call = answer(request, response, { ...options, limits });
    underWay.add(call);
    void call.then(() => underWay.delete(call));
  });
  await listen(server, options);
  const { port } = server.address() as AddressInfo; // a TCP server's address is never a string
  return {
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    [Symbol.asyncDispose]: () => close(server, underWay, limits),
  };
}

function connectionOptions({ headers, request, keepAlive }: Limits) {
  return {
    headersTimeout: headers,
    requestTimeout: request,
    keepAliveTimeout: keepAlive,
    connectionsCheckingInterval: Math.min(1_000, headers), // Node's default of 30 s would make the limits above as long
  };
}

type Routes = ServerOptions & { readonly limits: Limits };

/** Never rejects. */
async function answer(request: IncomingMessage, response: ServerResponse, options: Routes): Promise<void> {
  try {
    await route(request, response, options);
  } catch {
    if (!response.headersSent) response.writeHead(500);
    response.end();
  }
}

async function route(request: IncomingMessage, response: ServerResponse, options: Routes): Promise<void> {
  if (await options.intake?.(request, response)) return;
  const path = new URL(request.url ?? '/', 'http://localhost').pathname;
  if (path === '/healthz') text(response, 200, 'ok');
  else if (path === '/readyz') await answerReady(response, options);
  else if (options.pages) options.pages(request, response);
  else text(response, 404, 'There is nothing here.');
}

async function answerReady(response: ServerResponse, { ready, limits }: Routes): Promise<void> {
  const late = sleep(limits.ready, false, { ref: false });
  const isReady = await Promise.race([ready().then(() => true), late]).catch(() => false);
  if (isReady) text(response, 200, 'ready');
  else text(response, 503, 'The database does not answer.');
}

function text(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${body}\n`);
}

function listen(server: Server, { host, port }: ServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(new BotError('config-invalid', explainListen(cause, { host, port }), { cause }));
    });
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

/** What an operator can change about an address that is not to be had. */
function explainListen({ code, message }: NodeJS.ErrnoException, at: { host: string; port: number }): string {
  if (code === 'EADDRINUSE')
    return `PORT ${at.port} on ${at.host} is in use by another process: set another, for example PORT=3001`;
  if (code === 'EACCES')
    return `PORT ${at.port} needs rights this user lacks: set one above 1023, for example PORT=3000`;
  return `HOST ${at.host}, PORT ${at.port}: cannot listen there (${message}); for example HOST=127.0.0.1 PORT=3000`;
}

async function close(server: Server, underWay: ReadonlySet<Promise<void>>, { drain }: Limits): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  await Promise.race([Promise.all(underWay), sleep(drain, undefined, { ref: false })]);
  server.closeAllConnections();
  await closed;
}
