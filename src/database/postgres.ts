import pg from 'pg';
import { BotError } from '../domain/index.ts';
import { sqlOn, sqlState, translated } from './database.ts';
import type { Database, Sql } from './database.ts';

/** How long anything waits for a connection, in milliseconds: below the two seconds in which a delivery is answered. */
const connectMs = 1_500;

/** A statement that takes longer than this, in milliseconds, is on a connection that has silently died. */
const statementMs = 30_000;

/** A process that freezes within a transaction loses it after this time, in milliseconds, so that others don't wait for its locks. */
const idleMs = 5_000;

/**
 * Opens a pool on a PostgreSQL server (15 or newer). Nothing is kept per connection, so restarts of the server are survived by the
 * next statement. Rejects with `store-unavailable` when the server does not answer or takes no writes, and with `config-invalid`
 * when it does not let us in.
 */
export async function openPostgres(databaseUrl: string, onError: (error: Error) => void): Promise<Database> {
  if (!URL.canParse(databaseUrl)) throw new BotError('config-invalid', unreadable);
  const connection = { connectionString: databaseUrl, connectionTimeoutMillis: connectMs, query_timeout: statementMs };
  const settings = { max: 8, keepAlive: true, application_name: 'backend-developer' };
  const pool = new pg.Pool({ ...connection, ...settings, idle_in_transaction_session_timeout: idleMs });
  pool.on('error', onError);
  const database: Database = {
    place: placeOf(databaseUrl),
    sql: sqlOn((text, values) => pool.query(text, values)),
    transaction: (work) => transactionOn(pool, work),
    queue: { ...connection, max: 4 },
    exclusive: false,
    close: () => pool.end(),
  };
  try {
    await requireWritable(database);
  } catch (error) {
    await pool.end();
    throw explained(error, databaseUrl);
  }
  return database;
}

/** Doesn't quote it: there is a password in it, most likely the part that cannot be read. */
const unreadable =
  'DATABASE_URL cannot be read: it must look like postgresql://user:password@host:5432/name, with special characters percent-encoded.';

/** Before anything is tried: a standby, or a server that was set to read-only. */
async function requireWritable({ sql }: Database): Promise<void> {
  const [row] = await sql("select current_setting('transaction_read_only') = 'on' as read_only");
  if (row?.['read_only'] !== true) return;
  const message = 'it takes no writes; it must be a primary server that is not set to read-only';
  throw new BotError('store-unavailable', message);
}

/** Says which server, without the password. SQLSTATEs: 28 is about who may come in, 3D000 a database that is not there. */
function explained(error: unknown, databaseUrl: string): BotError {
  const failure = translated(error);
  const said = failure.cause instanceof Error ? describe(failure.cause) : failure.message;
  const isRefused = /^(28|3D)/.test(sqlState(failure.cause) ?? '');
  const advice = isRefused ? 'Correct it' : 'Start the server, or correct the address';
  const message = `The database ${placeOf(databaseUrl)} of DATABASE_URL cannot be used: ${said}. ${advice}.`;
  return new BotError(isRefused ? 'config-invalid' : 'store-unavailable', message, { cause: error });
}

function placeOf(databaseUrl: string): string {
  const { hostname, port, pathname } = new URL(databaseUrl);
  return `${hostname}:${port === '' ? '5432' : port}${pathname}`;
}

/** Node says nothing itself when it tried several addresses of one name. */
function describe(error: Error): string {
  const all = error instanceof AggregateError ? (error.errors as readonly unknown[]) : [error];
  return all.map((each) => (each instanceof Error ? each.message : String(each))).join('; ');
}

async function transactionOn<T>(pool: pg.Pool, work: (sql: Sql) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw translated(error);
  });
  let lost: Error | undefined;
  const onLost = (error: Error) => {
    lost = error; // a checked-out client without a listener would end the process
  };
  client.on('error', onLost);
  const sql = sqlOn((text, values) => client.query(text, values));
  try {
    await sql('begin');
    const result = await work(sql);
    await sql('commit');
    return result;
  } catch (error) {
    await sql('rollback').catch((failed: unknown) => {
      lost ??= failed instanceof Error ? failed : new Error(String(failed));
    });
    throw error;
  } finally {
    client.removeListener('error', onLost);
    client.release(lost);
  }
}
