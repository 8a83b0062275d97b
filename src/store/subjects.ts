import { fenced, heldBy } from '../claim/index.ts';
import type { Claim } from '../claim/index.ts';
import { toJson } from '../database/index.ts';
import type { Database, Sql } from '../database/index.ts';
import type { Outcome, WorkRequest } from '../domain/index.ts';
import { iso, toJob, toSummary } from './jobs.ts';
import { queueName } from './queue.ts';
import type { Queue } from './queue.ts';
import type { EarlierJob, Store, StoredJob } from './store.ts';

/** What of the store looks from one job at the others of its subject. */
export type Subjects = Pick<Store, 'stopWishes' | 'withdraw' | 'earlier' | 'resume' | 'hasLabelWish'>;

interface SubjectDeps {
  readonly database: Database;
  readonly queue: Queue;
  readonly now: () => number;
}

export function createSubjects({ database, queue, now }: SubjectDeps): Subjects {
  return {
    stopWishes: async (claim) => {
      const rows = await database.sql(
        `select j.request from backend.jobs j ${sameSubject} and j.number > mine.number
           and j.verb = 'stop' and j.state <> 'finished' order by j.number`,
        [claim.jobId],
      );
      return rows.map((row) => row['request'] as WorkRequest); // written by the inbox only
    },
    withdraw: (claim, outcome) =>
      database.transaction(async (sql) => {
        await requireHeldForNow(claim, sql);
        const jobs = await endWaiting(claim, { outcome, at: iso(now()) }, sql);
        const ids = jobs.map(({ id }) => id);
        await queue.remove(ids, sql);
        return jobs.map((job) => ({ job }));
      }),
    earlier: (claim) => readEarlier(claim, database.sql),
    resume: (claim, jobId) =>
      database.transaction(async (sql) => {
        await requireHeldForNow(claim, sql);
        const waiting = `update backend.jobs set parked = null where id = $2 and state = 'queued'
          and id in (select j.id from backend.jobs j ${sameSubject}) returning id`;
        const found = await sql(waiting, [claim.jobId, jobId]);
        if (found.length > 0) await queue.makeDue(jobId, sql);
      }),
    hasLabelWish: (repositoryId, issueNumber, label, since) =>
      hasLabelWish({ repositoryId, issueNumber, label, since: Date.parse(since) }, database.sql),
  };
}

/** `$1` is the id of the job that looks at the others. */
const sameSubject = `join backend.jobs mine on mine.id = $1 and mine.id <> j.id
  and mine.repository_id = j.repository_id and mine.subject_number = j.subject_number where true`;

/** The job's row stays locked until the transaction ends, so that no newer claim can begin meanwhile. */
async function requireHeldForNow(claim: Claim, sql: Sql): Promise<void> {
  const held = await sql(`select id from backend.jobs where ${heldBy} for share`, [claim.jobId, claim.epoch]);
  if (held.length === 0) throw fenced(claim);
}

/** Whoever still has one of them from before it went back, or is about to take it, finds a newer epoch. */
async function endWaiting(
  claim: Claim,
  { outcome, at }: { readonly outcome: Outcome; readonly at: string },
  sql: Sql,
): Promise<readonly StoredJob[]> {
  const waiting = `select j.id from backend.jobs j ${sameSubject} and j.number < mine.number and j.state <> 'finished'
     and not exists (select from pgboss.job q where q.name = $2 and q.id = j.id and q.state = 'active')
     order by j.number for update of j`;
  const rows = await sql(
    `with ended as (
       update backend.jobs set state = 'finished', epoch = epoch + 1, parked = null, outcome = $3::json, updated_at = $4
       where id in (${waiting}) returning id, request, plan, number)
     select id, request, plan from ended order by number`,
    [claim.jobId, queueName, toJson(outcome), at],
  );
  return rows.map(toJob);
}

async function readEarlier(claim: Claim, sql: Sql): Promise<readonly EarlierJob[]> {
  const rows = await sql(`select j.* from backend.jobs j ${sameSubject} and j.number < mine.number order by j.number`, [
    claim.jobId,
  ]);
  return rows.map((row) => ({ ...toSummary(row), ...toJob(row) }));
}

/** GitHub's own clocks differ by this much between a delivery, the issue and its history, in milliseconds. */
const sameActMs = 10_000;

async function hasLabelWish(
  wish: { readonly repositoryId: number; readonly issueNumber: number; readonly label: string; readonly since: number },
  sql: Sql,
): Promise<boolean> {
  const rows = await sql(
    `select request->>'requestedAt' as at from backend.jobs where repository_id = $1 and subject_number = $2
       and verb <> 'stop' and request->>'via' = 'label' and lower(request->>'trigger') = lower($3)`,
    [wish.repositoryId, wish.issueNumber, wish.label],
  );
  return rows.some((row) => Date.parse(String(row['at'])) >= wish.since - sameActMs);
}
