import { access, chmod, constants, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fromPglite } from 'pg-boss';
import { BotError } from '../domain/index.ts';
import { sqlOn, translated } from './database.ts';
import type { Database } from './database.ts';
import { openEngine } from './engine.ts';
import type { Engine } from './engine.ts';

/**
 * Opens the database inside this process, in `<dataDir>/database`, creating it when missing.
 *
 * Durability: what was acknowledged survives the death of this process (`kill -9`), because every commit has been
 * handed to the operating system. PGlite never calls fsync, so power loss or a kernel crash may lose the last seconds;
 * operators who need more set `DATABASE_URL`.
 *
 * Rejects with `store-locked` when another process has the folder open (PGlite itself would let both write and lose data),
 * with `disk-full`, and with `store-unavailable` when the folder cannot be used: read-only, or damaged.
 */
export async function openEmbedded(dataDir: string): Promise<Database> {
  const folder = join(dataDir, 'database');
  await makeFolder(dataDir);
  const isNew = await isMissing(folder);
  await requireWritable(isNew ? [dataDir] : [dataDir, folder]);
  const lock = await lockFolder(folder);
  try {
    if (isNew) await createDatabase(folder);
    return embeddedDatabase(folder, await openEngineIn(folder), lock);
  } catch (error) {
    lock.close();
    throw error;
  }
}

function embeddedDatabase(folder: string, engine: Engine, lock: DatabaseSync): Database {
  return {
    place: folder,
    sql: sqlOn((text, values) => engine.query(text, values)),
    transaction: async (work) => {
      try {
        return await engine.transaction((inner) => work(sqlOn((text, values) => inner.query(text, values))));
      } catch (error) {
        throw translated(error);
      }
    },
    queue: { db: fromPglite(engine), backend: 'pglite' },
    exclusive: true,
    close: async () => {
      await engine.close();
      lock.close();
    },
  };
}

async function makeFolder(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unusable(dataDir, 'it is not a folder we may make', writeAdvice, error);
  }
}

async function isMissing(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return true;
    throw unusable(folder, 'it is not a folder we may read', repairAdvice, error);
  }
}

/** Before anything is written: the engine would begin, and fail half-way with less to say. */
async function requireWritable(folders: readonly string[]): Promise<void> {
  for (const folder of folders)
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK).catch((error: unknown) => {
      throw unusable(folder, 'we may not write there', writeAdvice, error);
    });
}

/**
 * Takes the folder for this process. The lock is SQLite's own on a file beside the folder: the system frees it when
 * the process dies in whatever way, so that it never has to be removed by hand.
 */
async function lockFolder(folder: string): Promise<DatabaseSync> {
  const lock = openLock(folder);
  try {
    lock.exec('begin exclusive');
    await writeFile(`${folder}.pid`, `${process.pid}\n`);
    return lock;
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw unusable(dirname(folder), 'we may not write there', writeAdvice, error);
    const pid = await readFile(`${folder}.pid`, 'utf8').catch(() => '');
    const holder = pid === '' ? 'another process' : `process ${pid.trim()}`;
    const advice = 'Stop it, choose another DATA_DIR, or set DATABASE_URL to let several processes work together.';
    throw new BotError('store-locked', `The database in ${folder} is in use by ${holder}. ${advice}`, { cause: error });
  }
}

function openLock(folder: string): DatabaseSync {
  try {
    return new DatabaseSync(`${folder}.lock`, { timeout: 0 });
  } catch (error) {
    throw unusable(dirname(folder), 'we may not write there', writeAdvice, error);
  }
}

/** SQLITE_BUSY of SQLite's result codes. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5;
}

/** Makes the database beside its place and moves it there whole, so that a kill half-way leaves nothing that looks like one. */
async function createDatabase(folder: string): Promise<void> {
  const unfinished = `${folder}.new`;
  await rm(unfinished, { recursive: true, force: true });
  const engine = await openEngineIn(unfinished);
  await engine.close();
  await chmod(unfinished, 0o700);
  await rm(folder, { recursive: true, force: true });
  await rename(unfinished, folder);
}

async function openEngineIn(folder: string): Promise<Engine> {
  try {
    return await openEngine(folder);
  } catch (error) {
    if (error instanceof BotError) throw error;
    throw unusable(folder, 'its files are damaged or of another version', repairAdvice, error);
  }
}

const repairAdvice = 'Restore it from a backup, or move it away to start with an empty database.';
const writeAdvice = 'Make it writable for this user, or choose another DATA_DIR.';

function unusable(folder: string, why: string, advice: string, cause: unknown): BotError {
  return new BotError('store-unavailable', `The database in ${folder} cannot be opened: ${why}. ${advice}`, { cause });
}
