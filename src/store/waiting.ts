import type { Plan, WorkRequest } from '../domain/index.ts';
import type { Sql } from '../database/index.ts';
import { queueName } from './queue.ts';
import type { Store } from './store.ts';

/** What waits in the queue. Order and due times are the queue's own, by the database's clock. */
export function createWaiting(sql: Sql): Pick<Store, 'waiting' | 'stalled' | 'waitingPlans' | 'publishedSince'> {
  return {
    waiting: async (limit) => {
      const rows = await sql(
        `select j.id, j.request, j.created_at, j.claimed_at is not null as started,
           exists (select from backend.effects e
             where e.job_id = j.id and e.state = 'confirmed' and e.key like 'status:%') as greeted
         from ${queued} order by q.priority desc, q.created_on limit $2`,
        [queueName, limit],
      );
      return (rows as readonly unknown[] as readonly WaitingRow[]).map((row, position) => ({
        jobId: row.id,
        request: row.request,
        position,
        queuedAt: row.created_at.toISOString(),
        started: row.started,
        greeted: row.greeted,
      }));
    },
    waitingPlans: async (since, limit) => {
      const rows = await sql(waitingPlans, [new Date(since).toISOString(), limit]);
      return (rows as readonly { request: WorkRequest; comment: string }[]).map(({ request, comment }) => ({
        request,
        commentId: Number(comment),
      }));
    },
    publishedSince: async (since, limit) => {
      const rows = await sql(publishedSince, [new Date(since).toISOString(), limit]);
      return (rows as readonly { request: WorkRequest; number: number }[]).map(({ request, number }) => ({
        repository: request.repository,
        pullNumber: number,
      }));
    },
    stalled: async (olderThanMs) => {
      const rows = await sql(
        `select j.id, j.request, j.plan, j.epoch from ${queued} and j.claimed_at is not null
           and q.start_after < clock_timestamp() - $2 * interval '1 millisecond' order by q.start_after`,
        [queueName, olderThanMs],
      );
      const stalled = rows as readonly { id: string; request: WorkRequest; plan: Plan | null; epoch: number }[];
      return stalled.map(({ id, request, plan, epoch }) => ({
        jobId: id,
        request,
        epoch,
        ...(plan !== null && { plan }),
      }));
    },
  };
}

/** One whose process died is in the queue again, too, though our row says `running` until it is taken. */
const queued = `pgboss.job q join backend.jobs j on j.id = q.id
  where q.name = $1 and q.state < 'active' and j.state <> 'finished' and j.parked is null`;

/** What was accepted has a plan of ours; what was declined changed nothing. */
const waitingPlans = `select j.request, j.outcome->>'commentId' as comment from backend.jobs j
  where j.created_at >= $1 and j.outcome->>'type' = 'planned' and not j.forgotten
    and not exists (select from backend.jobs l
      where l.repository_id = j.repository_id and l.subject_number = j.subject_number
        and (l.intention = 'approve:' || (j.outcome->>'commentId')
          or l.number > j.number and l.plan is not null and l.verb in ('implement', 'plan', 'approve', 'retry', 'continue')))
  order by random() limit $2`;

const publishedSince = `select * from (
  select distinct on (repository_id, outcome->>'pullNumber') request, (outcome->>'pullNumber')::integer as number
  from backend.jobs where updated_at >= $1 and outcome->>'type' = 'published' and not forgotten
  order by repository_id, outcome->>'pullNumber', number desc) pulls order by random() limit $2`;

interface WaitingRow {
  readonly id: string;
  readonly request: WorkRequest;
  readonly created_at: Date;
  readonly started: boolean;
  readonly greeted: boolean;
}
