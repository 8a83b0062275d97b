import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPostgres } from '../src/database/index.ts';
import { freePort, mainFile, startProcess } from './main-process.ts';
import { startPostgres, type PostgresStandIn } from './stand-ins/postgres.ts';

const secret = '0123456789abcdef0123456789abcdef';
const privateKey = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
}).privateKey;
/** GitHub counts a delivery as failed after this, in milliseconds. */
const patienceMs = 10_000;

let postgres: PostgresStandIn;
const dataDir = mkdtempSync(join(tmpdir(), 'main-web-'));
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
  rmSync(dataDir, { recursive: true });
});

/** The process that takes deliveries, as an operator starts it. */
async function startWeb(databaseUrl: string, variables: Readonly<Record<string, string>> = {}) {
  const PORT = String(await freePort());
  const environment = {
    APP_ID: '1',
    PRIVATE_KEY: privateKey,
    WEBHOOK_SECRET: secret,
    ROLE: 'web',
    DATABASE_URL: databaseUrl,
    DATA_DIR: dataDir,
    // Nobody listens there: what the process asks of GitHub on its own finds nothing.
    GHE_HOST: '127.0.0.1:9',
    GHE_PROTOCOL: 'http',
    PORT,
    ...variables,
  };
  const running = startProcess([mainFile], { environment, unread: true });
  const url = `http://127.0.0.1:${PORT}`;
  const ended = running.end.then(({ stderr }) => {
    throw new Error(`It did not start: ${stderr}`);
  });
  await Promise.race([ended, isReady(url, 200)]);
  ended.catch(() => undefined);
  return { ...running, url };
}

/** Resolves once `/readyz` answers with this status. */
async function isReady(url: string, status: number): Promise<void> {
  while ((await fetch(`${url}/readyz`).catch(() => undefined))?.status !== status)
    await new Promise((resolve) => setTimeout(resolve, 20));
}

async function post(url: string, id: string = randomUUID(), key = secret): Promise<number> {
  const body = JSON.stringify({ zen: 'Keep it logically awesome.', id });
  const response = await fetch(`${url}/api/github/webhooks`, {
    method: 'POST',
    body,
    signal: AbortSignal.timeout(patienceMs),
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'ping',
      'x-github-delivery': id,
      'x-hub-signature-256': `sha256=${createHmac('sha256', key).update(body).digest('hex')}`,
    },
  });
  await response.arrayBuffer();
  return response.status;
}

async function keptIn(databaseUrl: string): Promise<ReadonlySet<unknown>> {
  const database = await openPostgres(databaseUrl, () => undefined);
  const rows = await database.sql('select id from backend.deliveries');
  await database.close();
  return new Set(rows.map(({ id }) => id));
}

it('RL-06: of 500 deliveries during which the database stops, each is kept or answered 503, and none is lost that was taken', async () => {
  const databaseUrl = await postgres.createDatabase();
  await using web = await startWeb(databaseUrl);
  const { url } = web;
  const answers: { readonly id: string; readonly status: number; readonly phases: readonly string[] }[] = [];
  let phase = 'up';
  const shoot = async () => {
    while (answers.length < 500) {
      const id = randomUUID();
      const before = phase;
      const status = await post(url, id);
      answers.push({ id, status, phases: [before, phase] });
    }
  };
  const load = Promise.all(Array.from({ length: 10 }, shoot));
  const reached = async (count: number) => {
    while (answers.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await reached(150);
  phase = 'stopping';
  await postgres.stop();
  phase = 'down';
  await isReady(url, 503);
  await reached(350);
  phase = 'starting';
  await postgres.start();
  await isReady(url, 200);
  phase = 'up again';
  await load;
  const within = (name: string) => answers.filter(({ phases }) => phases.every((each) => each === name));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 503]));
  expect(new Set(within('down').map(({ status }) => status))).toEqual(new Set([503]));
  for (const name of ['up', 'up again']) expect(within(name).filter(({ status }) => status !== 200)).toEqual([]);
  const kept = await keptIn(databaseUrl);
  expect(answers.filter(({ id, status }) => status === 200 && !kept.has(id))).toEqual([]);
});

it('RL-06: a database that has fallen silent makes readiness and deliveries 503, until it speaks again', async () => {
  const databaseUrl = new URL(await postgres.createDatabase());
  await using wire = await openWire(Number(databaseUrl.port));
  databaseUrl.port = String(wire.port);
  await using web = await startWeb(databaseUrl.href);
  const { url } = web;
  expect(await post(url)).toBe(200);
  wire.hold();
  const answers = await Promise.all([post(url), post(url), isReady(url, 503)]);
  expect(answers).toEqual([503, 503, undefined]);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  wire.release();
  await isReady(url, 200);
  expect(await post(url)).toBe(200);
});

it('RL-45: the running process takes a new webhook secret from its file, and goes on when that is spoilt', async () => {
  const WEBHOOK_SECRET_FILE = join(dataDir, 'secret');
  const next = 'fedcba9876543210fedcba9876543210';
  writeFileSync(WEBHOOK_SECRET_FILE, secret);
  const files = { WEBHOOK_SECRET: '', WEBHOOK_SECRET_FILE };
  await using web = await startWeb(await postgres.createDatabase(), files);
  const answers = async () => [await post(web.url, undefined, secret), await post(web.url, undefined, next)];
  expect(await answers()).toEqual([200, 400]);
  writeFileSync(WEBHOOK_SECRET_FILE, `${secret}\n${next}\n`);
  expect(await answers()).toEqual([200, 200]);
  writeFileSync(WEBHOOK_SECRET_FILE, next);
  expect(await answers()).toEqual([400, 200]);
  writeFileSync(WEBHOOK_SECRET_FILE, 'short');
  expect(await answers()).toEqual([400, 200]);
  await web.says('WEBHOOK_SECRET_FILE');
});

it('RL-43, RL-11: nobody reads its log and people hold connections open: it answers everything, and SIGTERM ends it with 0', async () => {
  await using web = await startWeb(await postgres.createDatabase(), { LOG_LEVEL: 'trace' });
  const { url } = web;
  const idle = await openConnection(url, '');
  const unfinished = await openConnection(url, 'POST /api/github/webhooks HTTP/1.1\r\nhost: us\r\n');
  // The id is in every line of the log; together they are several times what a pipe holds.
  const answers = await Promise.all(
    Array.from({ length: 400 }, () => post(url, `${randomUUID()}${'x'.repeat(1_500)}`)),
  );
  expect(new Set(answers)).toEqual(new Set([200]));
  web.child.kill('SIGTERM');
  expect(await web.end).toMatchObject({ code: 0, signal: null, stderr: '' });
  for (const socket of [idle, unfinished]) socket.destroy();
});

async function openConnection(url: string, text: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => undefined); // it is cut in the end
  socket.write(text);
  return socket;
}

/** A way to a port of this machine that can fall silent without being cut. */
async function openWire(to: number) {
  const sockets = new Set<Socket>();
  let isHeld = false;
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (chunk) => into.write(chunk)).on('error', () => undefined);
      from.on('close', () => {
        into.destroy();
        sockets.delete(from);
      });
      if (isHeld) from.pause();
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port, // a TCP server's address is never a string
    hold() {
      isHeld = true;
      for (const socket of sockets) socket.pause();
    },
    release() {
      isHeld = false;
      for (const socket of sockets) socket.resume();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
