import pg from 'pg';
import { sqlOn, translated } from './database.ts';
import type { Database, Sql } from './database.ts';

/** How long anything waits for a connection, in milliseconds: below the two seconds in which a delivery is answered. */
const connectMs = 1_500;

/** A statement that takes longer than this, in milliseconds, is on a connection that has silently died. */
const statementMs = 30_000;

/**
 * Opens a pool on a PostgreSQL server (15 or newer). Nothing is kept per connection, so restarts of the server
 * are survived by the next statement. Rejects with `store-unavailable` when the server does not answer.
 */
export async function openPostgres(databaseUrl: string, onError: (error: Error) => void): Promise<Database> {
  const connection = { connectionString: databaseUrl, connectionTimeoutMillis: connectMs, query_timeout: statementMs };
  const pool = new pg.Pool({ ...connection, max: 8, keepAlive: true, application_name: 'backend-developer' });
  pool.on('error', onError);
  const database: Database = {
    sql: sqlOn((text, values) => pool.query(text, values)),
    transaction: (work) => transactionOn(pool, work),
    queue: { ...connection, max: 4 },
    exclusive: false,
    close: () => pool.end(),
  };
  try {
    await database.sql('select 1');
  } catch (error) {
    await pool.end();
    throw error;
  }
  return database;
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
