import { BotError } from '../domain/index.ts';
import type { Database, Sql } from './database.ts';

/** One step of the schema's history. Never changed once released: a later step corrects it. */
interface Migration {
  readonly id: number;
  readonly statements: readonly string[];
}

/**
 * The schema's history. JSON is kept as `json`, not `jsonb`: it preserves key order and NUL escapes, so that a replayed
 * conversation is byte for byte what the model saw before (its prompt cache stays valid).
 */
const migrations: readonly Migration[] = [
  {
    id: 1,
    statements: [
      `create table backend.deliveries (
         id text primary key, event text not null, body_hash text not null unique, received_at timestamptz not null,
         fate text not null, reason text, job_id uuid)`,
      `create table backend.jobs (
         id uuid primary key, repository_id bigint not null, subject_kind text not null, subject_number integer not null,
         intention text not null, verb text not null, request json not null, plan json,
         state text not null default 'queued', step text, epoch integer not null default 0,
         journal_length integer not null default 0, usd numeric not null default 0, outcome json,
         attempts integer not null default 0, crashes integer not null default 0,
         created_at timestamptz not null, updated_at timestamptz not null, unique (repository_id, intention))`,
      'create index jobs_created on backend.jobs (created_at desc)',
      `create table backend.journal (
         job_id uuid not null, seq integer not null, kind text not null, name text, data json,
         at timestamptz not null, primary key (job_id, seq), unique (job_id, name))`,
      'create table backend.blobs (sha256 text primary key, bytes bytea not null)',
      `create table backend.effects (
         job_id uuid not null, key text not null, state text not null, remote json, epoch integer not null,
         at timestamptz not null, primary key (job_id, key))`,
      'create table backend.spend (job_id uuid not null, at timestamptz not null, usd numeric not null)',
      'create index spend_at on backend.spend (at)',
    ],
  },
];

/** Any number will do, as long as all our processes use the same. */
const lockKey = 0x6261636b;

/**
 * Brings the schema up to this code's, in one transaction that other processes starting now wait for.
 * Rejects with `store-newer` when a newer version of the app has been here: its data is left as it is.
 */
export async function migrate(database: Database): Promise<void> {
  await database.transaction(async (sql) => {
    await sql(`select pg_advisory_xact_lock(${lockKey})`);
    await sql('create schema if not exists backend');
    await sql(
      'create table if not exists backend.migrations (id integer primary key, applied_at timestamptz not null default now())',
    );
    const applied = await readApplied(sql);
    for (const migration of migrations.filter(({ id }) => id > applied)) await apply(migration, sql);
  });
}

async function readApplied(sql: Sql): Promise<number> {
  const rows = (await sql('select coalesce(max(id), 0) as id from backend.migrations')) as readonly { id: number }[];
  const applied = rows[0]?.id ?? 0;
  const known = migrations.at(-1)?.id ?? 0;
  if (applied <= known) return applied;
  const message = `The database has schema ${applied}, this version of the app knows up to ${known}. Start the newer version, or restore the backup made before the upgrade.`;
  throw new BotError('store-newer', message);
}

async function apply(migration: Migration, sql: Sql): Promise<void> {
  for (const statement of migration.statements) await sql(statement);
  await sql('insert into backend.migrations (id) values ($1)', [migration.id]);
}
