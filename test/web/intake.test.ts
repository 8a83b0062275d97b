import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { createIntake, startServer, type HttpServer, type VerifiedDelivery } from '../../src/web/index.ts';

const secret = '0123456789abcdef0123456789abcdef';
const privateKey = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
}).privateKey;
const open: HttpServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server[Symbol.asyncDispose]();
});

async function serve(
  accept: (delivery: VerifiedDelivery) => Promise<void> = async () => undefined,
  ready = async () => undefined,
) {
  const kept: VerifiedDelivery[] = [];
  const intake = await createIntake({
    appId: 1,
    privateKey,
    secret,
    path: '/hooks',
    accept: async (delivery) => {
      await accept(delivery);
      kept.push(delivery);
    },
  });
  const server = await startServer({ host: '127.0.0.1', port: 0, intake, ready });
  open.push(server);
  return { url: server.url, kept };
}

function post(url: string, body: string, headers: Record<string, string> = {}) {
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  return fetch(`${url}/hooks`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'issues',
      'x-github-delivery': randomUUID(),
      'x-hub-signature-256': signature,
      ...headers,
    },
  });
}

it('hands a signed delivery on and answers 200 once it is kept', async () => {
  const { url, kept } = await serve();
  const answer = await post(url, '{"action":"labeled"}', { 'x-github-delivery': 'abc' });
  expect(answer.status).toBe(200);
  expect(kept).toMatchObject([{ id: 'abc', event: 'issues', payload: { action: 'labeled' } }]);
});

it('gives the same body the same hash under another delivery id, and another event another one', async () => {
  const { url, kept } = await serve();
  await post(url, '{"action":"labeled"}');
  await post(url, '{"action":"labeled"}');
  await post(url, '{"action":"labeled"}', { 'x-github-event': 'issue_comment' });
  expect(kept[0]?.bodyHash).toBe(kept[1]?.bodyHash);
  expect(kept[0]?.bodyHash).not.toBe(kept[2]?.bodyHash);
});

it.each([
  ['without a signature', { 'x-hub-signature-256': '' }, 401],
  ['with a wrong signature', { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` }, 400],
])('refuses a delivery %s', async (_, headers, status) => {
  const { url, kept } = await serve();
  expect((await post(url, '{}', headers)).status).toBe(status);
  expect(kept).toEqual([]);
});

it('answers 503 with words of its own when a delivery cannot be kept', async () => {
  const { url } = await serve(() => Promise.reject(new Error('password=hunter2')));
  const answer = await post(url, '{}');
  expect(answer.status).toBe(503);
  expect(await answer.text()).not.toContain('hunter2');
});

it('refuses a body over the cap from its declared length, before reading it', async () => {
  const { url } = await serve();
  expect(await sendHeaders(url, 27 * 1024 * 1024)).toBe(413);
});

it('stops reading a body that turns out too large', async () => {
  const { url, kept } = await serve();
  expect(await sendChunks(url, 27)).toBe(413);
  expect(kept).toEqual([]);
});

it.each([
  ['GET', '/hooks', 405],
  ['GET', '/healthz', 200],
  ['GET', '/readyz', 200],
  ['GET', '/', 404],
  ['GET', '/probot', 404],
  ['POST', '/probot/import', 404],
  ['GET', '/hooks/../etc/passwd', 404],
])('answers %s %s with %i', async (method, path, status) => {
  const { url } = await serve();
  expect((await fetch(url + path, { method })).status).toBe(status);
});

it('is not ready while the database does not answer', async () => {
  const { url } = await serve(undefined, () => Promise.reject(new Error('down')));
  expect((await fetch(`${url}/readyz`)).status).toBe(503);
});

it.each([
  [
    'a port that is taken',
    () => ({ host: '127.0.0.1', port: Number(new URL(open[0]?.url ?? '').port) }),
    /^PORT \d+ on 127\.0\.0\.1 is in use.*PORT=3001/,
  ],
  [
    'an address that is not ours',
    () => ({ host: '192.0.2.1', port: 0 }),
    /^HOST 192\.0\.2\.1, PORT 0: cannot listen there/,
  ],
])('says what to change about %s', async (_, place, message) => {
  await serve();
  const started = startServer({ ...place(), ready: async () => undefined });
  await expect(started).rejects.toMatchObject({
    code: 'config-invalid',
    message: expect.stringMatching(message) as string,
  });
});

function sendHeaders(url: string, length: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const call = request(`${url}/hooks`, {
      method: 'POST',
      headers: { 'content-length': length, 'x-hub-signature-256': 'x' },
    });
    call.once('response', (response) => {
      resolve(response.statusCode);
      call.destroy();
    });
    call.once('error', reject);
    call.flushHeaders();
  });
}

/** Sends megabytes without saying how many. */
function sendChunks(url: string, megabytes: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const call = request(`${url}/hooks`, { method: 'POST', headers: { 'x-hub-signature-256': 'x' } });
    let status: number | undefined;
    call.once('response', (response) => {
      status = response.statusCode;
      response.resume();
    });
    call.once('error', () => undefined);
    call.once('close', () => {
      resolve(status);
    });
    const chunk = Buffer.alloc(1024 * 1024, 32);
    for (let index = 0; index < megabytes; index += 1) call.write(chunk);
    call.end();
  });
}
