import { PgBoss } from 'pg-boss';
import type { Db } from 'pg-boss';
import { asideVerbs, type WorkRequest } from '../domain/index.ts';
import { translated } from '../database/index.ts';
import type { Database, Sql } from '../database/index.ts';

/** Where the door reports what it survived on its own. The app's logger fits. */
export interface StoreLog {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** An entry to be: jobs are taken by their turns, lowest first. */
interface NewEntry {
  readonly id: string;
  readonly request: WorkRequest;
  readonly turn: number;
}

/** The queue that says who runs which job when; where a job resumes is the journal's business. */
export interface Queue {
  readonly boss: PgBoss;
  /** Adds jobs within the caller's transaction. */
  send(jobs: readonly NewEntry[], sql: Sql): Promise<void>;
  /** Whether a job of the same subject whose turn is before this one's could be taken just now. */
  hasEarlier(id: string): Promise<boolean>;
  /** Puts a taken job back, within the caller's transaction. */
  putBack(attempt: { readonly id: string; readonly retryCount: number }, afterSeconds: number, sql: Sql): Promise<void>;
  /** Makes a waiting job due at once, within the caller's transaction. */
  makeDue(id: string, sql: Sql): Promise<void>;
  /** Takes jobs out that are ended otherwise, whether waiting or taken, within the caller's transaction. */
  remove(ids: readonly string[], sql: Sql): Promise<void>;
  close(): Promise<void>;
}

export const queueName = 'jobs';
const deadQueueName = 'jobs-dead';

/**
 * `singleton`: one job at a time per subject, over all processes. Heartbeat: a dead worker's job is free after ten seconds
 * plus one supervision and one poll, under fifteen. Attempts are counted by us (a restart is not a failure), hence no limit here.
 */
const queueOptions = {
  heartbeatSeconds: 10,
  expireInSeconds: 86_400,
  retryLimit: 1_000_000,
  retentionSeconds: 31_536_000,
  deadLetter: deadQueueName,
  notify: true,
};

export async function openQueue(database: Database, log: StoreLog): Promise<Queue> {
  const boss = createBoss(database, log);
  try {
    await boss.start();
    await boss.createQueue(deadQueueName, { retentionSeconds: 31_536_000 });
    await boss.createQueue(queueName, { ...queueOptions, policy: 'singleton' });
    await boss.updateQueue(queueName, queueOptions); // a database made by an earlier version may have other settings
    if (database.exclusive) await requeueOrphans(boss, database.sql);
  } catch (error) {
    await boss.stop({ graceful: false }).catch((failed: unknown) => {
      log.warn({ err: failed }, 'queue did not stop cleanly');
    });
    throw translated(error);
  }
  return {
    boss,
    send: async (jobs, sql) => {
      if (jobs.length === 0) return;
      const entries = jobs.map(({ id, request, turn }) => ({ id, singletonKey: subjectKey(request), priority: -turn }));
      await boss.insert(queueName, entries, { db: executor(sql) });
      if (jobs.length > 1) await keepOrder(jobs, sql);
    },
    hasEarlier: async (id) => {
      const earlier = `select from pgboss.job e join pgboss.job j using (name, singleton_key)
        where j.name = $1 and j.id = $2 and e.state < 'active' and e.start_after <= clock_timestamp() and e.priority > j.priority limit 1`;
      return (await database.sql(earlier, [queueName, id])).length > 0;
    },
    putBack: async (attempt, afterSeconds, sql) => {
      const db = executor(sql);
      await boss.fail(queueName, attempt, null, { db });
      await boss.update(queueName, undefined, { id: attempt.id, startAfter: afterSeconds, db });
    },
    makeDue: async (id, sql) => {
      await boss.update(queueName, undefined, { id, startAfter: 0, db: executor(sql) });
    },
    remove: async (ids, sql) => {
      if (ids.length === 0) return;
      await boss.complete(queueName, [...ids], null, { includeQueued: true, db: executor(sql) });
    },
    close: () => boss.stop({ graceful: true, timeout: 2_000 }),
  };
}

function createBoss(database: Database, log: StoreLog): PgBoss {
  const boss = new PgBoss({
    ...database.queue,
    schema: 'pgboss',
    useListenNotify: true,
    schedule: false,
    superviseIntervalSeconds: 1,
    monitorIntervalSeconds: 1,
    registerInstance: false,
    monitorVacuum: !database.exclusive, // the embedded database has no autovacuum to watch
  });
  boss.on('error', (error) => {
    log.warn({ err: error }, 'queue met an error and goes on');
  });
  boss.on('warning', (warning) => {
    log.warn({ warning }, 'queue warns');
  });
  return boss;
}

/** Nobody else can hold this database, so what is marked as taken was taken by a process that is gone: no need to wait for its heartbeat. */
async function requeueOrphans(boss: PgBoss, sql: Sql): Promise<void> {
  const rows = await sql(`select id from pgboss.job where name = $1 and state = 'active'`, [queueName]);
  const ids = rows.map((row) => String(row['id']));
  if (ids.length > 0) await boss.fail(queueName, ids);
}

/** Entries of one transaction would share its time, and the order of equal turns would be left to chance. */
async function keepOrder(jobs: readonly NewEntry[], sql: Sql): Promise<void> {
  await sql(
    `update pgboss.job j set created_on = created_on + position * interval '1 microsecond'
     from unnest($2::uuid[]) with ordinality as e (id, position) where j.name = $1 and j.id = e.id`,
    [queueName, jobs.map(({ id }) => id)],
  );
}

/** What is only answered does not wait for the work on its subject. */
function subjectKey({ repository, subject, verb }: WorkRequest): string {
  return `${repository.id}#${subject.number}${asideVerbs.includes(verb) ? ':aside' : ''}`;
}

function executor(sql: Sql): Db {
  return { executeSql: async (text, values) => ({ rows: [...(await sql(text, values))] }) };
}
