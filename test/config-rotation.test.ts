import { execFileSync } from 'node:child_process';
import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { readConfig } from '../src/config.ts';
import { createIntake, startServer, type HttpServer } from '../src/web/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'rotation-'));
const secretFile = join(folder, 'webhook-secret');
const keyFile = join(folder, 'app.pem');
const [oldSecret, newSecret, newestSecret] = ['a1', 'b2', 'c3'].map((each) => `${each}0123456789`.repeat(4)) as [
  string,
  string,
  string,
];
const [oldKey, newKey] = [makeKey(), makeKey()];
const servers: HttpServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function makeKey(): string {
  const encoding = { type: 'pkcs1', format: 'pem' } as const;
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(encoding).toString();
}

/** Config of files with the old values in them, and what it warns of. */
function readFiles() {
  writeFileSync(secretFile, `${oldSecret}\n`);
  writeFileSync(keyFile, oldKey);
  const { github } = readConfig({
    APP_ID: '1',
    PRIVATE_KEY_PATH: keyFile,
    WEBHOOK_SECRET_FILE: secretFile,
    ANTHROPIC_API_KEY: 'x',
  });
  const warnings: string[] = [];
  const warn = (problem: string) => void warnings.push(problem);
  return { secrets: () => github.readWebhookSecrets(warn), key: () => github.readPrivateKey(warn), warnings };
}

/** As a careful operator and every orchestrator do it: the new file takes the old one's place whole. */
function replace(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

async function serve(secret: () => readonly string[]): Promise<string> {
  const accept = async () => undefined;
  const intake = await createIntake({ appId: 1, privateKey: oldKey, secret, path: '/hooks', accept });
  const server = await startServer({ host: '127.0.0.1', port: 0, intake, ready: accept });
  servers.push(server);
  return `${server.url}/hooks`;
}

async function post(url: string, secret: string): Promise<number> {
  const body = JSON.stringify({ action: 'labeled', id: randomUUID() });
  const headers = {
    'content-type': 'application/json',
    'x-github-event': 'issues',
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  };
  const response = await fetch(url, { method: 'POST', body, headers });
  await response.arrayBuffer();
  return response.status;
}

interface Shot {
  readonly secret: string;
  readonly status: number;
  /** What the file held when it was sent and when it was answered, by number. */
  readonly from: number;
  readonly to: number;
}

it('RL-45: a webhook secret is rotated under load, none that is good is refused and none that is gone accepted', async () => {
  const { secrets, warnings } = readFiles();
  const url = await serve(secrets);
  const files = [[oldSecret], [oldSecret, newSecret], [newSecret], [newSecret, newestSecret], [newestSecret]];
  const shots: Shot[] = [];
  let now = 0;
  let isOver = false;
  const shoot = async (secret: string) => {
    while (!isOver) {
      const from = now;
      const status = await post(url, secret);
      shots.push({ secret, status, from, to: now });
    }
  };
  const load = [oldSecret, newSecret, newestSecret, oldSecret, newSecret, newestSecret].map(shoot);
  for (const held of files) {
    replace(secretFile, held.join('\n'));
    now = files.indexOf(held);
    const before = shots.length;
    while (shots.length < before + 100) await post(url, oldSecret);
  }
  isOver = true;
  await Promise.all(load);
  const settled = shots.filter(({ from, to }) => from === to);
  const wrong = settled.filter(({ secret, status, from }) => (status === 200) !== files[from]?.includes(secret));
  expect(wrong).toEqual([]);
  expect(settled.length).toBeGreaterThan(300);
  expect(new Set(settled.map(({ status }) => status))).toEqual(new Set([200, 400]));
  expect(warnings).toEqual([]);
});

it('RL-45: the App’s key is taken from its file again when that has changed', () => {
  const { key, warnings } = readFiles();
  expect(key().trim()).toBe(oldKey.trim());
  replace(keyFile, newKey);
  expect(key().trim()).toBe(newKey.trim());
  expect(warnings).toEqual([]);
});

it('RL-45: changes are seen that follow each other faster than the clock of the file system ticks', () => {
  const { secrets } = readFiles();
  for (let times = 0; times < 100; times += 1) {
    const secret = times % 2 === 0 ? newSecret : oldSecret;
    writeFileSync(secretFile, secret); // in place and of the same size
    expect(secrets()).toEqual([secret]);
  }
});

it.each([
  [
    'is empty',
    (file: string) => {
      writeFileSync(file, '');
    },
  ],
  [
    'is gone',
    (file: string) => {
      rmSync(file);
    },
  ],
  [
    'holds something else',
    (file: string) => {
      replace(file, 'hunter2');
    },
  ],
  [
    'is a folder',
    (file: string) => {
      rmSync(file);
      renameSync(mkdtempSync(join(folder, 'folder-')), file);
    },
  ],
  [
    'is far too large',
    (file: string) => {
      writeFileSync(file, 'x'.repeat(100_000));
    },
  ],
])('RL-45: a file that %s keeps the last good value, with one warning that names the variable', (_, spoil) => {
  const { secrets, key, warnings } = readFiles();
  spoil(secretFile);
  spoil(keyFile);
  for (let times = 0; times < 3; times += 1) {
    expect(secrets()).toEqual([oldSecret]);
    expect(key().trim()).toBe(oldKey.trim());
  }
  for (const file of [secretFile, keyFile]) rmSync(file, { recursive: true, force: true });
  expect(warnings.map((line) => line.split(':')[0])).toEqual(['WEBHOOK_SECRET_FILE', 'PRIVATE_KEY_PATH']);
  expect(warnings.join()).not.toContain('hunter2');
});

it('RL-45: a file that was mended is taken again, and its next fault is warned of again', () => {
  const { secrets, warnings } = readFiles();
  for (let times = 1; times <= 2; times += 1) {
    replace(secretFile, `${newSecret}\nshort\n`);
    secrets();
    expect(warnings).toHaveLength(times);
    expect(warnings.at(-1)).toMatch(
      /^WEBHOOK_SECRET_FILE: \S+ has secret 2 of 2 that is too weak: .*openssl rand -hex 32/,
    );
    replace(secretFile, `${oldSecret}\r\n\n ${newSecret}\n`);
    expect(secrets()).toEqual([oldSecret, newSecret]);
  }
});

it('RL-45: a secret from a pipe, which can be read only once, stays what it was', () => {
  const { secrets, warnings } = readFiles();
  rmSync(secretFile);
  execFileSync('mkfifo', [secretFile]);
  expect(secrets()).toEqual([oldSecret]);
  expect(warnings).toEqual([]);
  rmSync(secretFile);
});

it('RL-45: a secret in the environment itself stays what it was', () => {
  const variables = { APP_ID: '1', PRIVATE_KEY: oldKey, WEBHOOK_SECRET: oldSecret, ANTHROPIC_API_KEY: 'x' };
  const { github } = readConfig({ ...variables, WEBHOOK_SECRET_FILE: '/none' });
  expect(github.readWebhookSecrets()).toEqual([oldSecret]);
  expect(github.readPrivateKey().trim()).toBe(oldKey.trim());
});
