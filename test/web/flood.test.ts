import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort, mainFile, startProcess, type Process } from '../main-process.ts';
import { copyEmptyDatabase } from '../store/databases.ts';

const secret = createHmac('sha256', 'a').update('webhook').digest('hex');
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
});
const dataDir = mkdtempSync(join(tmpdir(), 'web-flood-'));
const mebibyte = 1024 * 1024;
const sentence = 'nothing of this may be in the log ';
let running: Process;
let port: number;

beforeAll(async () => {
  await copyEmptyDatabase(dataDir);
  port = await freePort();
  const file = (name: string, text: string) => {
    writeFileSync(join(dataDir, name), text);
    return join(dataDir, name);
  };
  const environment = {
    APP_ID: '1',
    PRIVATE_KEY_FILE: file('key.pem', privateKey),
    WEBHOOK_SECRET_FILE: file('webhook', secret),
    ANTHROPIC_API_KEY_FILE: file('model', `sk-ant-api03-${secret}`),
    SANDBOX: 'unsafe-none',
    NODE_ENV: 'production',
    LOG_LEVEL: 'trace',
    // Nobody listens there.
    GHE_HOST: '127.0.0.1:9',
    GHE_PROTOCOL: 'http',
    DATA_DIR: dataDir,
    PORT: String(port),
  };
  running = startProcess([mainFile], { environment });
  await running.says('"ready"');
});
afterAll(async () => {
  await running[Symbol.asyncDispose]();
  rmSync(dataDir, { recursive: true });
});

/** The most memory that it has held since that was last forgotten, in MiB. */
function mostHeld(): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${running.child.pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** What it holds once it does nothing on its own any more: it goes on starting when it is ready. */
async function heldAtRest(): Promise<number> {
  for (;;) {
    writeFileSync(`/proc/${running.child.pid}/clear_refs`, '5'); // proc(5): forgets the most
    const before = mostHeld();
    await sleep(300);
    if (mostHeld() - before < 1) return before;
  }
}

/** Sends as much as is taken, until the connection is cut. */
async function flood(headers: string, mebibytes: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString()));
  socket.on('error', () => undefined); // it is cut
  const closed = new Promise((resolve) => socket.on('close', resolve));
  socket.write(`POST /api/github/webhooks HTTP/1.1\r\nhost: us\r\nx-github-event: issues\r\n${headers}\r\n\r\n`);
  const block = Buffer.from(sentence.repeat(Math.ceil(mebibyte / sentence.length))).subarray(0, mebibyte);
  const framed = headers.includes('chunked')
    ? Buffer.concat([Buffer.from(`${mebibyte.toString(16)}\r\n`), block, Buffer.from('\r\n')])
    : block;
  for (let sent = 0; sent < mebibytes && socket.writable; sent += 1) {
    const more = new Promise((resolve) => socket.once('drain', resolve));
    if (!socket.write(framed)) await Promise.race([more, closed]);
  }
  await closed;
  return answer;
}

const forged = `x-hub-signature-256: sha256=${'0'.repeat(64)}`;

it('D7: a delivery that is signed is taken all the same, of 20 MiB as well', async () => {
  const post = async (text: string) => {
    const body = JSON.stringify({ zen: text });
    const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
    const headers = { 'x-github-event': 'ping', 'x-github-delivery': randomUUID(), 'x-hub-signature-256': signature };
    const url = `http://127.0.0.1:${port}/api/github/webhooks`;
    return fetch(url, { method: 'POST', body, headers: { ...headers, 'content-type': 'application/json' } });
  };
  expect((await post('short')).status).toBe(200);
  expect((await post(sentence.repeat((20 * mebibyte) / sentence.length))).status).toBe(200);
  expect(running.output().join('')).not.toContain(sentence.trim());
});

it.each([
  ['unsigned', `content-length: ${200 * mebibyte}`, 401],
  ['with a forged signature', `${forged}\r\ncontent-length: ${200 * mebibyte}`, 413],
  ['with a forged signature and no length', `${forged}\r\ntransfer-encoding: chunked`, 413],
])('D7: 200 MiB %s are cut off, cost 50 MiB at most and leave no trace in the log', async (_, headers, status) => {
  const before = await heldAtRest();
  const answer = await flood(headers, 200);
  // Who goes on sending may be cut before it has read the answer.
  expect(['', String(status)]).toContain(answer.slice(9, 12));
  expect(mostHeld() - before).toBeLessThan(50);
  expect(running.output().join('')).not.toContain(sentence.trim());
});

it('D37: in production no route leads to a set-up page, and without credentials it does not start', async () => {
  for (const path of ['/', '/probot', '/probot/setup', '/probot/import', '/setup', '/stats', '/runs', '/metrics'])
    for (const method of ['GET', 'POST'])
      expect((await fetch(`http://127.0.0.1:${port}${path}`, { method })).status, path).toBe(404);
  await using bare = startProcess([mainFile], { environment: { NODE_ENV: 'production', PORT: '0' } });
  expect(await bare.end).toMatchObject({ code: 1, stderr: expect.stringContaining('APP_ID') as string });
});

it('D2: secrets in files are neither in its environment nor on its command line', () => {
  for (const place of ['environ', 'cmdline']) {
    const text = readFileSync(`/proc/${running.child.pid}/${place}`, 'utf8');
    expect(text).toContain(place === 'environ' ? 'WEBHOOK_SECRET_FILE' : 'main.ts');
    for (const value of [secret, privateKey.slice(100, 140)]) expect(text).not.toContain(value);
  }
});
