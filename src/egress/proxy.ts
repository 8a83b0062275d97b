import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { RefusedHost } from '../domain/index.ts';
import { admit, type Egress, type Target } from './admission.ts';

/** A host that somebody in the box asked for and did not get. */
export type BlockedHost = RefusedHost;

/** The only way out of a box in the set-up step: it reaches listed hosts and nothing else. It holds no secret. */
export interface AllowListProxy extends AsyncDisposable {
  /** The Unix socket it listens on. */
  readonly socketPath: string;
  /** Hosts it refused, each once. */
  blocked(): readonly BlockedHost[];
}

const idleMs = 60_000;
const maxConnections = 128;
const maxBytes = 4 * 1024 * 1024 * 1024;
const maxBlocked = 100;
const droppedHeaders = new Set(
  'host connection proxy-connection proxy-authorization keep-alive upgrade te trailer'.split(' '),
);

/** Opens a proxy for one box on a Unix socket to be made. `allowedHosts` are exact names or `*.suffix`. */
export async function openProxy(
  socketPath: string,
  allowedHosts: readonly string[],
  egress: Egress,
): Promise<AllowListProxy> {
  const blocked = new Map<string, BlockedHost>();
  const sockets = new Set<Duplex>();
  let bytes = 0;

  /** The address to connect to; undefined when the target is refused, which is written down. */
  async function pass(target: Target): Promise<string | undefined> {
    const admission = await admit(target, allowedHosts, egress);
    if ('address' in admission) return admission.address;
    if (blocked.size < maxBlocked)
      blocked.set(`${target.host}:${target.port}`, { ...target, reason: admission.reason });
    return undefined;
  }

  function watch(socket: Duplex): void {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) for (const open of sockets) open.destroy();
    });
  }

  const server = createServer(
    (request, response) => void forward(request, response, pass).catch(() => response.destroy()),
  );
  server.maxConnections = maxConnections;
  server.on('connection', watch);
  server.on('connect', (request: IncomingMessage, client: Duplex, head: Buffer) => {
    void tunnel({ url: request.url ?? '', client, head }, pass, watch).catch(() => {
      client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
  });
  await listen(server, socketPath);
  return {
    socketPath,
    blocked: () => [...blocked.values()],
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

type Pass = (target: Target) => Promise<string | undefined>;

async function tunnel(
  wanted: { url: string; client: Duplex; head: Buffer },
  pass: Pass,
  watch: (socket: Duplex) => void,
): Promise<void> {
  const { client, head } = wanted;
  // What the client sends before the way is open waits; the counter must not swallow it.
  client.pause();
  const target = readTarget(wanted.url);
  const address = target === undefined ? undefined : await pass(target);
  if (target === undefined || address === undefined) {
    client.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    return;
  }
  const upstream = await openConnection(address, target.port);
  watch(upstream);
  client.on('close', () => upstream.destroy());
  upstream.on('close', () => client.destroy());
  client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
  upstream.write(head);
  client.pipe(upstream);
  upstream.pipe(client);
}

/** `host:port` of a CONNECT. An address of version 6 stands in brackets. */
function readTarget(text: string): Target | undefined {
  const found = /^([a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\]):(\d{1,5})$/i.exec(text);
  return found === null ? undefined : { host: plainHost(found[1] ?? ''), port: Number(found[2]) };
}

function plainHost(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}

function openConnection(address: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port });
    socket.setTimeout(idleMs, () => socket.destroy(new Error('idle')));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

/** A plain HTTP request with a whole URL in its first line, as clients send to proxies. */
async function forward(request: IncomingMessage, response: ServerResponse, pass: Pass): Promise<void> {
  const url = readUrl(request.url ?? '');
  const target = url && { host: plainHost(url.hostname), port: Number(url.port || 80) };
  const address = target && (await pass(target));
  if (url === undefined || target === undefined || address === undefined) {
    response.writeHead(403).end();
    return;
  }
  const outgoing = httpRequest({
    host: address,
    port: target.port,
    method: request.method ?? 'GET',
    path: `${url.pathname}${url.search}`,
    headers: { ...keptHeaders(request), host: url.host, connection: 'close' },
    agent: false,
    timeout: idleMs,
  });
  outgoing.once('timeout', () => outgoing.destroy());
  outgoing.once('error', () => response.destroy());
  response.once('close', () => outgoing.destroy());
  outgoing.once('response', (incoming) => {
    response.writeHead(incoming.statusCode ?? 502, keptHeaders(incoming));
    incoming.pipe(response);
  });
  request.pipe(outgoing);
}

function readUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'http:' ? url : undefined;
}

function keptHeaders(message: IncomingMessage): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined && !droppedHeaders.has(name)) kept[name] = value;
  }
  return kept;
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
}
