import type { ConstructorOptions } from 'pg-boss';
import { BotError } from '../domain/index.ts';
import type { ErrorCode } from '../domain/index.ts';

/** A row as the driver gives it. Callers say with `as` which columns their own statement selects. */
export type Row = Readonly<Record<string, unknown>>;

/** Runs one statement with `$1`-style values and returns its rows. Rejects only with `BotError`. */
export type Sql = (text: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

/** The seam between our SQL and the two databases it runs on. */
export interface Database {
  /** Where it is, for messages: the folder, or the server without anything secret. */
  readonly place: string;
  readonly sql: Sql;
  /** Commits when `work` resolves, rolls back when it rejects. On the embedded database nothing else runs meanwhile: keep it short. */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /** How pg-boss reaches the same database. */
  readonly queue: ConstructorOptions;
  /** Whether no other process can be using this database, so that every job found running at start is an orphan. */
  readonly exclusive: boolean;
  close(): Promise<void>;
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

/** SQLSTATEs (PostgreSQL appendix A), by their beginning, and what they mean to whoever runs us. The first that fits counts. */
const meanings: readonly (readonly [states: RegExp, code: ErrorCode, meaning: string])[] = [
  [/^53100/, 'disk-full', 'The disk of the database is full. Free some space; no restart is needed'],
  [/^(XX001|XX002|58P01)/, 'store-unavailable', 'The database is damaged: restore it from a backup'],
  [/^25006/, 'store-unavailable', 'The database takes no writes: it must be a primary server, not read-only'],
  // Connections, resources, shutdown, the system below.
  [/^(08|53|57P|58)/, 'store-unavailable', 'The database does not answer'],
  [/^/, 'bug', 'The database refused a statement of ours'],
];

/**
 * A driver's error as one of ours. What carries no SQLSTATE never came from the server's SQL engine: the connection
 * is gone, could not be made, or the embedded database died.
 */
export function translated(error: unknown): BotError {
  if (error instanceof BotError) return error;
  const said = error instanceof Error && error.message !== '' ? error.message : String(error);
  const state = sqlState(error) ?? '08';
  const [, code, meaning] = meanings.find(([states]) => states.test(state)) ?? [state, 'bug', 'Unknown'];
  return new BotError(code, `${meaning}: ${said}`, { cause: error });
}

/** Whether a unique constraint refused the statement (SQLSTATE 23505). */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof BotError && sqlState(error.cause) === '23505';
}

/** The five characters that say what kind of error the server met; undefined when it did not come from a server. */
export function sqlState(error: unknown): string | undefined {
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
