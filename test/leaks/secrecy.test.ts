import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { openLeakScan, withoutSecrets } from '../../src/secrecy.ts';

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
});
const webhookSecret = 'J9vK2mQ7xL4pR8tW1zB5nC3dF6gH0sYa';
const apiKey = 'sk-ant-api03-Zk3Vb8Qw1Xc5Nm7Lp2Rt9Yh4';

function scanFor(databaseUrl: string) {
  const environment = {
    APP_ID: '1',
    PRIVATE_KEY: privateKey,
    WEBHOOK_SECRET: webhookSecret,
    ANTHROPIC_API_KEY: apiKey,
  };
  return openLeakScan(readConfig({ ...environment, DATABASE_URL: databaseUrl }));
}

it.each([
  ['postgres://app:s3cr%2Fet-w0rd%21x@db.example/app', 's3cr/et-w0rd!x'],
  ['postgres://app:s3cr%2Fet-w0rd%21x@db.example/app', 's3cr%2Fet-w0rd%21x'],
  ['postgres://app:100%zz-percent@db.example/app', '100%zz-percent'],
  ['postgres://db.example/app?password=qu3ry-passw0rd', 'qu3ry-passw0rd'],
  ['postgres://app:tr1cky9@db.example/app', 'tr1cky9'],
])('D30: the password of %s is known, and its whole address: %s', (url, password) => {
  const scan = scanFor(url);
  for (const text of [password, url, Buffer.from(password).toString('hex')])
    expect(scan.find(`"${text}"`)).toBe('DATABASE_URL');
});

it.each(['postgres://postgres:postgres@localhost/app', 'postgres://app:app@localhost/app', 'postgres://localhost/app'])(
  'D30: %s says nothing that is secret',
  (url) => {
    expect(scanFor(url).find(`DATABASE_URL=${url}`)).toBeUndefined();
  },
);

it('D30: the App’s key, the webhook’s secret and the model’s key are known', () => {
  const scan = scanFor('postgres://localhost/app');
  expect(scan.find(privateKey)).toBe('PRIVATE_KEY');
  expect(scan.find(webhookSecret.slice(3, 15))).toBe('WEBHOOK_SECRET');
  expect(scan.find(apiKey.slice(-12))).toBe('ANTHROPIC_API_KEY');
  expect(scan.find('sk-ant-api03-…')).toBeUndefined();
});

it('D30: a value for people keeps its shape without its secrets, also when one is spread over several strings', () => {
  const scan = scanFor('postgres://localhost/app');
  const plain = { a: ['x', 1, null], b: { c: true } };
  expect(withoutSecrets(plain, scan)).toBe(plain);
  expect(withoutSecrets({ a: [`<${webhookSecret}>`, 1], type: 'text' }, scan)).toEqual({
    a: ['<[secret WEBHOOK_SECRET]>', 1],
    type: 'text',
  });
  const digits = Buffer.from(webhookSecret).toString('hex');
  const spread = withoutSecrets({ lines: [digits.slice(0, 20), digits.slice(20, 40)] }, scan);
  expect(JSON.stringify(spread)).not.toContain(digits.slice(0, 20));
});
