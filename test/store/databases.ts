import { execFile as execFileWithCallback } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openPostgres } from '../../src/database/index.ts';
import type { Database, Sql } from '../../src/database/index.ts';
import { openEmbedded } from '../../src/database/index.ts';
import { openStore } from '../../src/store/index.ts';
import type { Store, StoreOptions } from '../../src/store/index.ts';
import { makeScratchFolder, startPostgres } from '../stand-ins/postgres.ts';
import type { PostgresStandIn } from '../stand-ins/postgres.ts';

const execFile = promisify(execFileWithCallback);

/** One fresh database of a test. */
export interface TestDatabase extends AsyncDisposable {
  readonly place: Pick<StoreOptions, 'dataDir' | 'databaseUrl'>;
  /** Opens a store on it, disposed of with the database at the latest. */
  open(options?: Partial<StoreOptions>): Promise<Store>;
  /** Looks into it, or damages it, beside the store. The embedded one is first taken from its stores: they are closed. */
  inspect<T>(look: (sql: Sql) => Promise<T>): Promise<T>;
  /** The same within a transaction. */
  transact<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
}

/** A kind of database, with the schema made once and copied for every test. */
export interface Databases extends AsyncDisposable {
  create(): Promise<TestDatabase>;
  /** The server behind them; undefined for the embedded kind. */
  readonly server?: PostgresStandIn;
}

export const kinds: readonly (readonly [string, () => Promise<Databases>])[] = [
  ['embedded', startEmbedded],
  ['PostgreSQL', startServer],
];

export async function startEmbedded(): Promise<Databases> {
  const root = await makeScratchFolder('store-');
  let made = 0;
  return {
    create: async () => {
      made += 1;
      const dataDir = join(root, String(made));
      await copyEmptyDatabase(dataDir);
      return createTestDatabase({ dataDir }, () => openEmbedded(dataDir));
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

/** Puts an empty embedded database into a data folder, in place of the first start's work of making one. */
export async function copyEmptyDatabase(dataDir: string): Promise<void> {
  // A thousand files: `cp` takes half as long as Node.
  await execFile('cp', ['-rT', await openTemplate(), dataDir]);
}

const home = join(import.meta.dirname, '../..');

/** An empty embedded database, made once for as long as what it is made by stays the same: making one takes seconds. */
async function openTemplate(): Promise<string> {
  const cache = join(home, 'node_modules/.cache/backend-developer');
  const template = join(cache, `database-${await hashMakers()}`);
  if (await isThere(template)) return template;
  await mkdir(cache, { recursive: true });
  const unfinished = await mkdtemp(join(cache, 'unfinished-'));
  await (await openStore({ dataDir: unfinished }))[Symbol.asyncDispose]();
  // Another process may have been first: then its one is as good.
  await rename(unfinished, template).catch(() => rm(unfinished, { recursive: true }));
  return template;
}

/** Changes whenever an empty database may. */
async function hashMakers(): Promise<string> {
  const makers = (await readdir(join(home, 'src/database'))).map((name) => `src/database/${name}`);
  const hash = createHash('sha256');
  for (const path of [...makers.sort(), 'src/store/queue.ts', 'package-lock.json'])
    hash.update(await readFile(join(home, path)));
  return hash.digest('hex').slice(0, 16);
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

export async function startServer(): Promise<Databases> {
  const server = await startPostgres();
  const template = await server.createDatabase();
  const dataDir = tmpdir();
  await (await openStore({ dataDir, databaseUrl: template }))[Symbol.asyncDispose]();
  return {
    server,
    create: async () => {
      const databaseUrl = await server.createDatabase(template);
      return createTestDatabase({ dataDir, databaseUrl }, () => openPostgres(databaseUrl, () => undefined));
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function createTestDatabase(place: TestDatabase['place'], openDatabase: () => Promise<Database>): TestDatabase {
  const stores = new Set<Store>();
  const closeStores = async () => {
    for (const store of stores) await store[Symbol.asyncDispose]();
    stores.clear();
  };
  const beside = async <T>(act: (database: Database) => Promise<T>): Promise<T> => {
    if (place.databaseUrl === undefined) await closeStores();
    const database = await openDatabase();
    try {
      return await act(database);
    } finally {
      await database.close();
    }
  };
  return {
    place,
    open: async (options) => {
      const store = await openStore({ ...place, ...options });
      stores.add(store);
      return store;
    },
    inspect: (look) => beside((database) => look(database.sql)),
    transact: (work) => beside((database) => database.transaction(work)),
    [Symbol.asyncDispose]: closeStores,
  };
}
