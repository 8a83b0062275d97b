import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PGlite } from '@electric-sql/pglite';
import { fromPglite } from 'pg-boss';
import { BotError } from '../domain/index.ts';
import { sqlOn, translated } from './database.ts';
import type { Database } from './database.ts';

/**
 * Opens the database inside this process, in `<dataDir>/database`, creating it when missing.
 *
 * Durability: what was acknowledged survives the death of this process (`kill -9`), because every commit has been
 * handed to the operating system. PGlite never calls fsync, so power loss or a kernel crash may lose the last seconds;
 * operators who need more set `DATABASE_URL`.
 *
 * Rejects with `store-locked` when another process has the folder open (PGlite itself would let both write and lose data),
 * and with `store-unavailable` when the folder cannot be read.
 */
export async function openEmbedded(dataDir: string): Promise<Database> {
  const folder = join(dataDir, 'database');
  await makeFolder(dataDir);
  const lock = await lockFolder(folder);
  try {
    if (await isMissing(folder)) await createDatabase(folder);
    const engine = await openEngine(folder);
    return embeddedDatabase(engine, lock);
  } catch (error) {
    lock.close();
    throw error;
  }
}

function embeddedDatabase(engine: PGlite, lock: DatabaseSync): Database {
  return {
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
    throw unreadable(dataDir, 'it is not a folder we may write to', error);
  }
}

/**
 * Takes the folder for this process. The lock is SQLite's own on a file beside the folder: the system frees it when
 * the process dies in whatever way, so that it never has to be removed by hand.
 */
async function lockFolder(folder: string): Promise<DatabaseSync> {
  const lock = new DatabaseSync(`${folder}.lock`, { timeout: 0 });
  try {
    lock.exec('begin exclusive');
  } catch (error) {
    lock.close();
    const pid = await readFile(`${folder}.pid`, 'utf8').catch(() => '');
    const holder = pid === '' ? 'another process' : `process ${pid.trim()}`;
    const advice = 'Stop it, choose another DATA_DIR, or set DATABASE_URL to let several processes work together.';
    throw new BotError('store-locked', `The database in ${folder} is in use by ${holder}. ${advice}`, { cause: error });
  }
  await writeFile(`${folder}.pid`, `${process.pid}\n`);
  return lock;
}

async function isMissing(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return true;
    throw unreadable(folder, 'it is not a folder we may read', error);
  }
}

/** Makes the database beside its place and moves it there whole, so that a kill half-way leaves nothing that looks like one. */
async function createDatabase(folder: string): Promise<void> {
  const unfinished = `${folder}.new`;
  await rm(unfinished, { recursive: true, force: true });
  const engine = await openEngine(unfinished);
  await engine.close();
  await chmod(unfinished, 0o700);
  await rm(folder, { recursive: true, force: true });
  await rename(unfinished, folder);
}

async function openEngine(folder: string): Promise<PGlite> {
  try {
    return await PGlite.create(folder, {
      // Skips waiting for a flush that does not exist on Node's file system: the durability is the same.
      relaxedDurability: true,
      // 140 MB less memory than the default of 128 MB, at no cost for our small tables.
      startParams: [...PGlite.defaultStartParams, '-c', 'shared_buffers=8MB'],
    });
  } catch (error) {
    throw unreadable(folder, 'its files are damaged or of another version', error);
  }
}

function unreadable(folder: string, why: string, cause: unknown): BotError {
  const advice = 'Restore it from a backup, or move it away to start with an empty database.';
  return new BotError('store-unavailable', `The database in ${folder} cannot be opened: ${why}. ${advice}`, { cause });
}
