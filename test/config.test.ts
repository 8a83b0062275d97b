import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { needsSetup, readConfig } from '../src/config.ts';
import { toBotError, type BotError } from '../src/domain/index.ts';
import { writeEnvironmentFile } from '../src/setup.ts';

const privateKey = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
}).privateKey;
const good = {
  APP_ID: '123',
  PRIVATE_KEY: privateKey,
  WEBHOOK_SECRET: '0123456789abcdef0123456789abcdef',
  ANTHROPIC_API_KEY: 'sk-ant-test',
};
const folder = mkdtempSync(join(tmpdir(), 'config-'));

function refusalOf(variables: Readonly<Record<string, string | undefined>>): BotError {
  try {
    readConfig(variables);
  } catch (error) {
    return toBotError(error);
  }
  throw new Error('it was accepted');
}

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

it('reads a whole configuration with its defaults', () => {
  expect(readConfig(good)).toMatchObject({
    github: { appId: 123, apiUrl: 'https://api.github.com', webUrl: 'https://github.com' },
    http: { host: '127.0.0.1', port: 3000, webhookPath: '/api/github/webhooks' },
    model: { provider: 'anthropic', apiKey: 'sk-ant-test' },
    role: 'all',
    sandbox: 'bubblewrap',
    budget: { usdPerJob: 5, usdPerDay: 50 },
  });
});

it.each([
  ['one line with \\n', privateKey.replaceAll('\n', '\\n')],
  ['base64', Buffer.from(privateKey).toString('base64')],
])('takes a private key as %s', (_, PRIVATE_KEY) => {
  expect(readConfig({ ...good, PRIVATE_KEY }).github.privateKey.trim()).toBe(privateKey.trim());
});

it('takes secrets from files', () => {
  const { WEBHOOK_SECRET } = good;
  const config = readConfig({
    ...good,
    PRIVATE_KEY: undefined,
    WEBHOOK_SECRET: '',
    PRIVATE_KEY_PATH: write('key.pem', privateKey),
    WEBHOOK_SECRET_FILE: write('secret', `${WEBHOOK_SECRET}\n`),
  });
  expect(config.github.webhookSecret).toBe(WEBHOOK_SECRET);
});

it('reaches an Enterprise Server over http with a port', () => {
  const { github } = readConfig({ ...good, GHE_HOST: '127.0.0.1:8080', GHE_PROTOCOL: 'http' });
  expect(github).toMatchObject({ apiUrl: 'http://127.0.0.1:8080/api/v3', webUrl: 'http://127.0.0.1:8080' });
});

it.each([
  ['no App id', { APP_ID: undefined }, /^APP_ID is missing: .*APP_ID=123456/],
  ['an App id that is no number', { APP_ID: 'my-app' }, /^APP_ID must be the number of your GitHub App/],
  ['an unreadable key', { PRIVATE_KEY: 'nonsense' }, /^PRIVATE_KEY is not a readable private key: .*\.pem/],
  [
    'a key file that is not there',
    { PRIVATE_KEY: undefined, PRIVATE_KEY_PATH: '/none.pem' },
    /^PRIVATE_KEY: the file \/none\.pem cannot be read/,
  ],
  ['no secret', { WEBHOOK_SECRET: undefined }, /^WEBHOOK_SECRET is missing/],
  [
    'the secret that everybody knows',
    { WEBHOOK_SECRET: 'development' },
    /^WEBHOOK_SECRET is too weak: .*openssl rand -hex 32/,
  ],
  ['a secret of 31 characters', { WEBHOOK_SECRET: good.WEBHOOK_SECRET.slice(1) }, /^WEBHOOK_SECRET is too weak/],
  ['a secret of one letter', { WEBHOOK_SECRET: 'a'.repeat(64) }, /^WEBHOOK_SECRET is too weak/],
  ['a port out of range', { PORT: '70000' }, /^PORT is too big: expected number to be <=65535/],
  ['a webhook path without a slash', { WEBHOOK_PATH: 'hooks' }, /^WEBHOOK_PATH must start with a slash/],
  ['a host with a scheme', { GHE_HOST: 'https://ghe.example.com' }, /^GHE_HOST must be a host name without a scheme/],
  ['a sandbox we do not have', { SANDBOX: 'chroot' }, /^SANDBOX is invalid option: expected one of "bubblewrap"/],
  ['a budget of nothing', { BUDGET_USD_PER_JOB: '0' }, /^BUDGET_USD_PER_JOB is too small/],
  ['a database URL of another kind', { DATABASE_URL: 'mysql://x' }, /^DATABASE_URL must look like postgresql:/],
  ['no model key', { ANTHROPIC_API_KEY: undefined }, /^ANTHROPIC_API_KEY is missing/],
  ['roles apart on the embedded database', { ROLE: 'worker' }, /^ROLE=worker needs DATABASE_URL/],
])('refuses %s with one line that shows a right value', (_, wrong, message) => {
  const refusal = refusalOf({ ...good, ...wrong });
  expect(refusal.code).toBe('config-invalid');
  expect(refusal.message).toMatch(message);
});

it('never repeats a secret in a complaint', () => {
  const secret = 'hunter2-hunter2';
  expect(refusalOf({ ...good, WEBHOOK_SECRET: secret, PRIVATE_KEY: secret }).message).not.toContain(secret);
});

it.each([
  ['nothing is configured', {}, true],
  ['production', { NODE_ENV: 'production' }, false],
  ['an App id is there', { APP_ID: '1' }, false],
])('asks for set-up when %s: %s → %s', (_, variables, expected) => {
  expect(needsSetup(variables)).toBe(expected);
});

it('writes credentials to a file that only its owner reads, and that reads back as the same configuration', async () => {
  const file = write('.env', 'KEEP=1\n');
  writeEnvironmentFile(file, { APP_ID: '123', PRIVATE_KEY: `"${privateKey}"`, WEBHOOK_SECRET: good.WEBHOOK_SECRET });
  const { parseEnv } = await import('node:util');
  const values = parseEnv(readFileSync(file, 'utf8'));
  expect(values['KEEP']).toBe('1');
  expect(readConfig({ ...values, ANTHROPIC_API_KEY: 'x' }).github.privateKey.trim()).toBe(privateKey.trim());
  expect(statSync(file).mode & 0o077).toBe(0);
});
