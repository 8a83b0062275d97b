import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, rm, truncate } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPostgres } from '../../src/database/index.ts';
import type { Sql } from '../../src/database/index.ts';
import { openStore } from '../../src/store/index.ts';
import { aDelivery, work } from '../store/builders.ts';
import { kinds, startEmbedded, startServer } from '../store/databases.ts';
import type { Databases } from '../store/databases.ts';
import { makeScratchFolder } from '../stand-ins/postgres.ts';

const run = promisify(execFile);

let embedded: Databases;
let server: Databases;
beforeAll(async () => {
  [embedded, server] = await Promise.all([startEmbedded(), startServer()]);
});
afterAll(() => Promise.all([embedded[Symbol.asyncDispose](), server[Symbol.asyncDispose]()]));

describe('the embedded database', () => {
  it.each([
    ['an existing database', async () => (await embedded.create()).place.dataDir],
    ['an empty data folder', () => makeScratchFolder('read-only-')],
  ])('names the folder and the way out when it is read-only, and writes nothing: %s', async (_which, make) => {
    const dataDir = await make();
    const before = await hashOf(dataDir);
    const program = join(import.meta.dirname, 'child-open.ts');
    const readOnly = ['--bind', '/', '/', '--dev-bind', '/dev', '/dev', '--ro-bind', dataDir, dataDir];
    const { stdout } = await run('bwrap', [...readOnly, process.execPath, program, dataDir]);
    const refusal =
      /^store-unavailable: The database in (\S+) cannot be opened: we may not write there\. Make it writable/;
    expect(refusal.exec(stdout)?.[1]).toContain(dataDir);
    expect(await hashOf(dataDir)).toBe(before);
    await rm(dataDir, { recursive: true });
  });

  it.each([
    ['a table of ours', "select pg_relation_filepath('backend.jobs') as path"],
    ['an index of the queue', "select pg_relation_filepath('pgboss.version_pkey') as path"],
    ['a system catalogue', "select pg_relation_filepath('pg_class') as path"],
    ['the log', "select 'pg_wal/' || pg_walfile_name(pg_current_wal_lsn()) as path"],
  ])('says that it is damaged, and never hangs, when a file was cut: %s', async (_what, find) => {
    await using database = await embedded.create();
    const store = await database.open();
    for (let number = 0; number < 5; number += 1)
      await store.receive(aDelivery(), work({ subject: { kind: 'issue', number } }));
    const [row] = await database.inspect((sql) => sql(find));
    await truncate(join(database.place.dataDir, 'database', String(row?.['path'])), 100);
    const use = async () => {
      await (await database.open()).receive(aDelivery(), work());
    };
    await expect(use()).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringMatching(/damaged.*[Rr]estore it from a backup/) as string,
    });
  });
});

describe('PostgreSQL', () => {
  it.each([
    [
      'a wrong password',
      'config-invalid',
      /password authentication failed/,
      (url: URL) => (url.password = 'wrong-secret'),
    ],
    [
      'an unknown user',
      'config-invalid',
      /authentication failed for user "nobody"/,
      (url: URL) => (url.username = 'nobody'),
    ],
    ['a database that is not there', 'config-invalid', /"none" does not exist/, (url: URL) => (url.pathname = '/none')],
    ['a port where nobody listens', 'store-unavailable', /ECONNREFUSED/, (url: URL) => (url.port = '1')],
    [
      'a name that nobody has',
      'store-unavailable',
      /ENOTFOUND|EAI_AGAIN/,
      (url: URL) => (url.hostname = 'database.invalid'),
    ],
  ])('is named, without the password, when it cannot be used: %s', async (_why, code, said, change) => {
    const url = new URL((await server.create()).place.databaseUrl ?? '');
    change(url);
    const error = await openStore({ dataDir: tmpdir(), databaseUrl: url.href }).catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ code, message: expect.stringMatching(said) as string });
    expect(error).toMatchObject({
      message: expect.stringContaining(`${url.host}${url.pathname} of DATABASE_URL`) as string,
    });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(url.password);
  });

  it('quotes nothing of an address that cannot be read', async () => {
    const databaseUrl = 'postgres://us:secret@[/name';
    const error = await openStore({ dataDir: tmpdir(), databaseUrl }).catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ code: 'config-invalid', message: expect.stringContaining('DATABASE_URL') as string });
    expect(String(error)).not.toContain('secret');
  });

  it('is refused when it accepts a connection and then says nothing', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const databaseUrl = `postgres://us:secret@127.0.0.1:${port}/name`;
    await expect(openStore({ dataDir: tmpdir(), databaseUrl })).rejects.toMatchObject({ code: 'store-unavailable' });
    silent.close();
  });

  it('is refused when it takes no writes, and nothing is written', async () => {
    const databaseUrl = (await server.server?.createDatabase()) ?? '';
    const name = new URL(databaseUrl).pathname.slice(1);
    const database = await openPostgres(databaseUrl, () => undefined);
    await database.sql(`alter database ${name} set default_transaction_read_only = on`);
    await expect(openStore({ dataDir: tmpdir(), databaseUrl })).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringMatching(/takes no writes.*primary/) as string,
    });
    expect(await schemas(database.sql)).toEqual([]);
    await database.close();
  });
});

it('RL-16: a full disk is said to be full, loses nothing, and needs no restart, even when the engine dies of it', async () => {
  const { dataDir } = (await embedded.create()).place;
  const place = await makeScratchFolder('full-disk-');
  const disk = ['--bind', '/', '/', '--dev-bind', '/dev', '/dev', '--size', String(110 * 2 ** 20), '--tmpfs', place];
  const program = join(import.meta.dirname, 'child-full-disk.ts');
  const { stdout } = await run('bwrap', [...disk, process.execPath, program, dataDir, place]);
  expect(JSON.parse(stdout)).toEqual([
    { refusal: 'disk-full', readable: true, lost: 0 },
    { refusal: 'disk-full', meanwhile: 'disk-full', lost: [0, 0] },
  ]);
  await rm(place, { recursive: true });
});

describe.each(kinds)('a full disk (%s)', (kind) => {
  it('RL-16: is told apart from a database that is away', async () => {
    await using database = await (kind === 'embedded' ? embedded : server).create();
    const raise = "do $$ begin raise exception 'No space left on device' using errcode = '53100'; end $$";
    await expect(database.inspect((sql) => sql(raise))).rejects.toMatchObject({
      code: 'disk-full',
      isOutage: true,
      message: expect.stringMatching(/disk of the database is full.*Free some space/) as string,
    });
  });
});

async function schemas(sql: Sql): Promise<readonly unknown[]> {
  const rows = await sql("select nspname from pg_namespace where nspname in ('backend', 'pgboss')");
  return rows.map((row) => row['nspname']);
}

async function hashOf(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries.map((each) => join(each.parentPath, each.name)).sort()) {
    hash.update(entry);
    hash.update(await readFile(entry).catch(() => 'folder'));
  }
  return hash.digest('hex');
}
