import pg from 'pg';
import type { ConstructorOptions } from 'pg-boss';
import { BotError } from '../domain/index.ts';

/** A row as the driver gives it. Callers say with `as` which columns their own statement selects. */
export type Row = Readonly<Record<string, unknown>>;

/** Runs one statement with `$1`-style values and returns its rows. Rejects only with `BotError`. */
export type Sql = (text: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

/** The seam between our SQL and the two databases it runs on. */
export interface Database {
  readonly sql: Sql;
  /** Commits when `work` resolves, rolls back when it rejects. On the embedded database nothing else runs meanwhile: keep it short. */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /** How pg-boss reaches the same database. */
  readonly queue: ConstructorOptions;
  /** Whether no other process can be using this database, so that every job found running at start is an orphan. */
  readonly exclusive: boolean;
  close(): Promise<void>;
}

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

/** Our `Sql` over a driver's own query function, with its errors translated. */
export function sqlOn(query: (text: string, values: unknown[]) => Promise<{ rows: unknown[] }>): Sql {
  return async (text, values = []) => {
    try {
      const { rows } = await query(text, [...values]);
      return rows as Row[]; // both drivers give plain objects keyed by column
    } catch (error) {
      throw translated(error);
    }
  };
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

/** SQLSTATEs (PostgreSQL appendix A) that say the server cannot serve us now: connections, resources, shutdown, read-only standby. */
const unavailable = /^(08|53|57P|25006|58)/;

/**
 * A driver's error as one of ours. What carries no SQLSTATE never came from the server's SQL engine: the connection
 * is gone, could not be made, or the embedded database died.
 */
export function translated(error: unknown): BotError {
  if (error instanceof BotError) return error;
  const code = sqlState(error);
  const message = error instanceof Error && error.message !== '' ? error.message : String(error);
  if (code === undefined || unavailable.test(code)) {
    return new BotError('store-unavailable', `The database does not answer: ${message}`, { cause: error });
  }
  return new BotError('bug', `The database refused a statement of ours: ${message}`, { cause: error });
}

/** Whether a unique constraint refused the statement (SQLSTATE 23505). */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof BotError && sqlState(error.cause) === '23505';
}

function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
}

/** A JSON value as a statement's parameter for a `json` column; `undefined` becomes SQL NULL, and back by `fromJson`. */
export function toJson(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

export function fromJson(value: unknown): unknown {
  return value === null ? undefined : value;
}

/** PostgreSQL's text type cannot hold NUL, which strangers may send. */
export function toText(value: string): string {
  return value.replaceAll('\0', '');
}
