import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrate, openEmbedded } from '../src/database/index.ts';
import { mainFile, startProcess } from './main-process.ts';
import { makeScratchFolder } from './stand-ins/postgres.ts';

const privateKey = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
}).privateKey;
/** As an ordinary user, root too: without the rights that let root write everywhere. */
const asUser = ['bwrap', '--dev-bind', '/', '/', '--unshare-user', '--cap-drop', 'ALL'];

let folder: string;
beforeAll(async () => {
  folder = await makeScratchFolder('main-start-');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Starts the app as an operator does, and waits for its end. */
async function run(variables: Readonly<Record<string, string>>, wrapper: readonly string[] = []) {
  const environment = {
    APP_ID: '1',
    PRIVATE_KEY: privateKey,
    WEBHOOK_SECRET: '0123456789abcdef0123456789abcdef',
    ANTHROPIC_API_KEY: 'sk-ant-test',
    SANDBOX: 'unsafe-none',
    PORT: '0',
    ...variables,
  };
  await using running = startProcess([mainFile], { environment, wrapper });
  return await running.end;
}

it.each([
  ['that is a file', 'file', [], /is a file, not a folder: set a folder .*DATA_DIR=\/var\/lib\/backend/],
  ['below a file', 'file/data', [], /has a file in its path/],
  ['that this user may not write to', 'locked', asUser, /is not writable for this user/],
  ['that this user may not make', 'locked/data', asUser, /is not writable for this user/],
  ['on a read-only file system', 'mounted', ['--ro-bind'], /is on a read-only file system/],
])('refuses a DATA_DIR %s with one line and exit code 1', async (_, name, how, message) => {
  writeFileSync(join(folder, 'file'), '');
  for (const each of ['locked', 'mounted']) mkdirSync(join(folder, each), { recursive: true });
  chmodSync(join(folder, 'locked'), 0o500);
  const DATA_DIR = join(folder, name);
  const { code, stderr } = await run(
    { DATA_DIR },
    how[0] === '--ro-bind' ? [...asUser, ...how, DATA_DIR, DATA_DIR] : how,
  );
  const [first, line, ...rest] = stderr.trim().split('\n');
  expect([first, rest]).toEqual(['Cannot start.', []]);
  expect(line).toMatch(message);
  expect(line).toContain(`DATA_DIR ${DATA_DIR} `);
  expect(code).toBe(1);
});

it('refuses a database that another process holds, and one of a newer version, with one line each and exit code 1', async () => {
  const DATA_DIR = join(folder, 'data');
  const holder = await openEmbedded(DATA_DIR);
  await migrate(holder);
  await holder.sql('insert into backend.migrations (id) values (999)');
  const held = await run({ DATA_DIR });
  await holder.close();
  const newer = await run({ DATA_DIR });
  expect(held).toMatchObject({ code: 1 });
  expect(held.stderr).toMatch(
    new RegExp(`^Cannot start\\.\nThe database in ${DATA_DIR}/database is in use by process ${process.pid}\\..*\n$`),
  );
  expect(newer).toMatchObject({ code: 1 });
  expect(newer.stderr).toMatch(/^Cannot start\.\nThe database has schema 999, .*Start the newer version.*\n$/);
});

it('refuses a weak secret among several with one line and exit code 1', async () => {
  const WEBHOOK_SECRET_FILE = join(folder, 'secrets');
  writeFileSync(WEBHOOK_SECRET_FILE, `${'0123456789abcdef'.repeat(2)}\nhunter2\n`);
  const { code, stderr } = await run({ WEBHOOK_SECRET: '', WEBHOOK_SECRET_FILE, DATA_DIR: folder });
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^Cannot start\.\nWEBHOOK_SECRET has secret 2 of 2 that is too weak: .*openssl rand -hex 32`\n$/,
  );
  expect(stderr).not.toContain('hunter2');
});
