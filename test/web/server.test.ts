import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import {
  createIntake,
  startServer,
  type HttpServer,
  type IntakeOptions,
  type ServerOptions,
} from '../../src/web/index.ts';

const secret = '0123456789abcdef0123456789abcdef';
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
});
const never = new Promise<never>(() => undefined);
const open: HttpServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server[Symbol.asyncDispose]();
});

async function serve(options: Partial<ServerOptions>, kept: Partial<Pick<IntakeOptions, 'accept' | 'acceptMs'>> = {}) {
  const accept = async () => undefined;
  const intake = await createIntake({ appId: 1, privateKey, secret, path: '/hooks', accept, ...kept });
  const server = await startServer({ host: '127.0.0.1', port: 0, intake, ready: async () => undefined, ...options });
  open.push(server);
  return server;
}

async function post(url: string): Promise<number> {
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'issues',
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update('{}').digest('hex')}`,
  };
  return (await fetch(`${url}/hooks`, { method: 'POST', body: '{}', headers })).status;
}

/** What a connection that sends this and nothing more is told before it is closed. */
async function tell(url: string, text: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString()));
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

it('RL-06: a delivery that is never kept is answered 503, and never 202 as if it were', async () => {
  const { url } = await serve({}, { accept: () => never, acceptMs: 50 });
  expect(await post(url)).toBe(503);
});

it('RL-06: a database that never answers makes readiness 503', async () => {
  const { url } = await serve({ ready: () => never, limits: { ready: 50 } });
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
});

it.each([
  ['headers', 'POST /hooks HTTP/1.1\r\nhost: us\r\n'],
  ['a body', 'POST /hooks HTTP/1.1\r\nhost: us\r\nx-hub-signature-256: x\r\ncontent-length: 10\r\n\r\n{'],
])('a connection that never finishes %s is told so and closed', async (_, text) => {
  const { url } = await serve({ limits: { headers: 50, request: 100 } });
  expect(await tell(url, text)).toMatch(/^HTTP\/1\.1 408 /);
});

it.each([
  ['headers', 'POST /hooks HTTP/1.1\r\nhost: us\r\nx-a: '],
  ['a body', 'POST /hooks HTTP/1.1\r\nhost: us\r\nx-hub-signature-256: x\r\ncontent-length: 99999\r\n\r\n{'],
])('D7: a connection that sends %s byte by byte is cut like one that sends nothing', async (_, text) => {
  const { url } = await serve({ limits: { headers: 50, request: 100 } });
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined).on('data', () => undefined);
  const closed = new Promise((resolve) => socket.on('close', resolve));
  socket.write(text);
  const drip = setInterval(() => socket.write('x'), 10);
  await closed;
  clearInterval(drip);
});

it('RL-11: a delivery under way is answered before the server closes, and no other connection is taken', async () => {
  const arrived = Promise.withResolvers<undefined>();
  const kept = Promise.withResolvers<undefined>();
  const accept = () => {
    arrived.resolve(undefined);
    return kept.promise;
  };
  const server = await serve({}, { accept });
  const answer = post(server.url);
  await arrived.promise;
  const closed = server[Symbol.asyncDispose]();
  await expect(post(server.url)).rejects.toThrow('fetch failed');
  kept.resolve(undefined);
  expect(await answer).toBe(200);
  await closed;
});

it('RL-11: what never ends does not keep the server from closing', async () => {
  const server = await serve({ limits: { drain: 50 } });
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  socket.write('POST /hooks HTTP/1.1\r\nhost: us\r\nx-hub-signature-256: x\r\n');
  socket.write('content-length: 10\r\nexpect: 100-continue\r\n\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer]; // what a socket's `data` carries
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 100 /); // it waits for the body now
  const closed = once(socket, 'close');
  await server[Symbol.asyncDispose]();
  await closed;
});
