import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
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
}

export interface HttpServer extends AsyncDisposable {
  /** `http://host:port` as it was bound. */
  readonly url: string;
}

/** Listens for webhooks and health checks; everything else is a 404. Resolves once it accepts connections. */
export async function startServer(options: ServerOptions): Promise<HttpServer> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    route(request, response, options).catch(() => {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  await listen(server, options);
  const { port } = server.address() as AddressInfo; // a TCP server's address is never a string
  return {
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    [Symbol.asyncDispose]: () => close(server),
  };
}

async function route(request: IncomingMessage, response: ServerResponse, options: ServerOptions): Promise<void> {
  if (await options.intake?.(request, response)) return;
  const path = new URL(request.url ?? '/', 'http://localhost').pathname;
  if (path === '/healthz') text(response, 200, 'ok');
  else if (path === '/readyz') await answerReady(response, options);
  else if (options.pages) options.pages(request, response);
  else text(response, 404, 'There is nothing here.');
}

async function answerReady(response: ServerResponse, { ready }: ServerOptions): Promise<void> {
  try {
    await ready();
    text(response, 200, 'ready');
  } catch {
    text(response, 503, 'The database does not answer.');
  }
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

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
