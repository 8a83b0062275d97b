import { PgBoss } from 'pg-boss';
import type { Db } from 'pg-boss';
import type { WorkRequest } from '../domain/index.ts';
import { translated } from '../database/index.ts';
import type { Database, Sql } from '../database/index.ts';

/** Where the door reports what it survived on its own. The app's logger fits. */
export interface StoreLog {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** The queue that says who runs which job when; where a job resumes is the journal's business. */
export interface Queue {
  readonly boss: PgBoss;
  /** Adds jobs within the caller's transaction. */
  send(jobs: readonly { readonly id: string; readonly request: WorkRequest }[], sql: Sql): Promise<void>;
  /** Puts a taken job back, within the caller's transaction. */
  putBack(attempt: { readonly id: string; readonly retryCount: number }, afterSeconds: number, sql: Sql): Promise<void>;
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
      const entries = jobs.map(({ id, request }) => ({ id, singletonKey: subjectKey(request) }));
      await boss.insert(queueName, entries, { db: executor(sql) });
    },
    putBack: async (attempt, afterSeconds, sql) => {
      const db = executor(sql);
      await boss.fail(queueName, attempt, null, { db });
      await boss.update(queueName, undefined, { id: attempt.id, startAfter: afterSeconds, db });
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

function subjectKey({ repository, subject }: WorkRequest): string {
  return `${repository.id}#${subject.number}`;
}

function executor(sql: Sql): Db {
  return { executeSql: async (text, values) => ({ rows: [...(await sql(text, values))] }) };
}
