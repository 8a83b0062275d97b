import { randomUUID } from 'node:crypto';
import { BotError } from '../domain/index.ts';
import type { WorkRequest } from '../domain/index.ts';
import { toJson, toText } from '../database/index.ts';
import type { Database, Sql } from '../database/index.ts';
import { iso } from './jobs.ts';
import type { Queue } from './queue.ts';
import type { Delivery, Reading, Receipt, Store } from './store.ts';

/** How many deliveries share a transaction at most. */
const batchSize = 100;

/** GitHub waits ten seconds for an answer; when the database is away it is told so well before, in milliseconds. */
const answerMs = 1_900;

/** Any number will do, as long as all our processes use the same one, and for nothing else. */
const lockSpace = 0x7265706f;

const nothingToStop = 'nothing to stop';

/** A delivery on its way in. `jobId` is the id its job gets if it becomes one. */
interface Arrival {
  readonly delivery: Delivery;
  readonly reading: Reading;
  readonly jobId: string;
  readonly resolve: (receipt: Receipt) => void;
  readonly reject: (error: unknown) => void;
  /** Set once the sender has been told that we can't take it: it comes again. */
  refused: boolean;
}

interface InboxDeps {
  readonly database: Database;
  readonly queue: Queue;
  readonly now: () => number;
}

/**
 * Records deliveries: those that arrive while a commit is under way share the next one, so that throughput
 * is not bound by commits one by one. Rejects with `store-unavailable` within two seconds when the database is away.
 */
export function createInbox(deps: InboxDeps): Store['receive'] {
  let waiting: Arrival[] = [];
  let committing = false;

  return (delivery, reading) =>
    new Promise((resolve, reject) => {
      const arrival: Arrival = { delivery, reading, jobId: randomUUID(), resolve, reject, refused: false };
      refuseLate(arrival);
      waiting.push(arrival);
      if (!committing) void commitWaiting();
    });

  /** Never rejects: each arrival hears of its own end. */
  async function commitWaiting(): Promise<void> {
    committing = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchSize);
      waiting = waiting.slice(batchSize);
      await commit(
        batch.filter(({ refused }) => !refused),
        deps,
      );
    }
    committing = false;
  }
}

function refuseLate(arrival: Arrival): void {
  const timer = setTimeout(() => {
    arrival.refused = true;
    arrival.reject(
      new BotError('store-unavailable', `The database took longer than ${answerMs} ms to take a delivery.`),
    );
  }, answerMs);
  const { resolve, reject } = arrival;
  Object.assign(arrival, {
    resolve: (receipt: Receipt) => {
      clearTimeout(timer);
      resolve(receipt);
    },
    reject: (error: unknown) => {
      clearTimeout(timer);
      reject(error);
    },
  });
}

/** One that the database refuses must not sink the others: a refused batch is done again one by one. */
async function commit(batch: readonly Arrival[], deps: InboxDeps): Promise<void> {
  try {
    const receipts = await deps.database.transaction((sql) => record(batch, sql, deps));
    for (const arrival of batch) arrival.resolve(receipts.get(arrival) ?? { type: 'duplicate-delivery' });
  } catch (error) {
    const alone = batch.length === 1 || (error instanceof BotError && error.isOutage);
    if (!alone) for (const arrival of batch) await commit([arrival], deps);
    else for (const arrival of batch) arrival.reject(error);
  }
}

/** Insert first, never check then insert. What is missing from the answer was delivered before. */
async function record(batch: readonly Arrival[], sql: Sql, deps: InboxDeps): Promise<ReadonlyMap<Arrival, Receipt>> {
  const at = iso(deps.now());
  const fresh = await insertDeliveries(batch, sql, at);
  const receipts = new Map(fresh.map((arrival) => [arrival, receiptOf(arrival)]));
  const wishes = fresh.flatMap(toWish);
  if (wishes.length === 0) return receipts;
  if (!deps.database.exclusive) await lockRepositories(wishes, sql);
  const rows = await insertJobs(wishes, sql, at);
  const turns = new Map(rows.map(({ id, turn }) => [id, turn]));
  await deps.queue.send(
    wishes.flatMap(({ id, request }) => ({ id, request, turn: turns.get(id) ?? -1 })).filter(({ turn }) => turn >= 0),
    sql,
  );
  for (const wish of wishes.filter(({ id }) => !turns.has(id)))
    receipts.set(wish.arrival, await settleOther(wish, sql));
  return receipts;
}

/** One at a time per repository: what is under way there, and whose turn it is, must not change until the jobs are in. */
async function lockRepositories(wishes: readonly Wish[], sql: Sql): Promise<void> {
  const ids = wishes.map(({ request }) => request.repository.id);
  const keys = 'select distinct hashint8(id) as key from unnest($2::bigint[]) as r (id) order by key';
  await sql(`select pg_advisory_xact_lock($1, key) from (${keys}) as keys`, [lockSpace, ids]);
}

/** The arrivals whose delivery id and body are new, in order. */
async function insertDeliveries(batch: readonly Arrival[], sql: Sql, at: string): Promise<readonly Arrival[]> {
  const rows = await sql(
    `insert into backend.deliveries (id, event, body_hash, received_at, fate, reason, job_id)
     select id, event, body_hash, $1, fate, reason, job_id
     from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[])
       with ordinality as d (id, event, body_hash, fate, reason, job_id, position)
     order by position on conflict do nothing returning id`,
    [at, ...columns(batch.map(toDeliveryRow))],
  );
  const inserted = new Set(rows.map((row) => row['id']));
  return batch.filter(({ delivery }) => inserted.delete(toText(delivery.id)));
}

function toDeliveryRow(arrival: Arrival): readonly (string | null)[] {
  const { id, event, bodyHash } = arrival.delivery;
  const receipt = receiptOf(arrival);
  const fate = receipt.type === 'ignored' ? ['ignored', toText(receipt.reason), null] : ['queued', null, arrival.jobId];
  return [toText(id), toText(event), bodyHash, ...fate];
}

interface Wish {
  readonly arrival: Arrival;
  readonly id: string;
  readonly request: WorkRequest;
  /** Becomes a job only while another one of its subject is not finished: nobody waits for an answer. */
  readonly conditional: boolean;
}

function toWish(arrival: Arrival): readonly Wish[] {
  const { reading, jobId: id } = arrival;
  if (reading.type !== 'work' && reading.type !== 'stop') return [];
  const { request } = reading;
  return [{ arrival, id, request, conditional: reading.type === 'stop' && request.via !== 'command' }];
}

/**
 * The wishes that became jobs, with their turns; the others were wished for before, or had nothing to stop. A turn is one after the
 * repository's last and after that of the job taken last, whichever is later: a repository with a thousand jobs waiting takes turns
 * with one that has its first. Wishes to stop have turns of their own, and the first one is level with the job taken last: they don't
 * stand behind what they want to stop.
 */
async function insertJobs(
  wishes: readonly Wish[],
  sql: Sql,
  at: string,
): Promise<readonly { readonly id: string; readonly turn: number }[]> {
  const rows = await sql(
    `with wish as (
       select * from unnest($2::uuid[], $3::bigint[], $4::text[], $5::integer[], $6::text[], $7::text[], $8::text[], $9::boolean[])
         with ordinality as w (id, repository_id, subject_kind, subject_number, intention, verb, request, conditional, position)),
     wanted as (
       select * from wish w where not conditional
         or exists (select from backend.jobs j where j.repository_id = w.repository_id
                      and j.subject_number = w.subject_number and j.state <> 'finished')
         or exists (select from wish e where e.repository_id = w.repository_id
                      and e.subject_number = w.subject_number and e.position < w.position and not e.conditional))
     insert into backend.jobs (id, repository_id, subject_kind, subject_number, intention, verb, request, created_at, updated_at, turn)
     select id, repository_id, subject_kind, subject_number, intention, verb, request::json, $1, $1,
       greatest(
         (select max(turn) from backend.jobs where claimed_at is not null),
         (select max(j.turn) + (w.verb = 'stop')::integer from backend.jobs j
            where j.repository_id = w.repository_id and (j.verb = 'stop') = (w.verb = 'stop')),
         0) + row_number() over (partition by repository_id, verb = 'stop' order by position) - (verb = 'stop')::integer
     from wanted w order by position on conflict do nothing returning id, turn`,
    [at, ...columns(wishes.map(toJobRow))],
  );
  return rows as readonly { id: string; turn: number }[];
}

function toJobRow({ id, request, conditional }: Wish): readonly unknown[] {
  const { repository, subject, verb, intention } = request;
  return [id, repository.id, subject.kind, subject.number, toText(intention), verb, toJson(request), conditional];
}

/** Rows as the columns that `unnest` takes. */
function columns(rows: readonly (readonly unknown[])[]): unknown[][] {
  const width = rows[0]?.length ?? 0;
  return Array.from({ length: width }, (_, index) => rows.map((row) => row[index]));
}

function receiptOf({ reading, jobId }: Arrival): Receipt {
  switch (reading.type) {
    case 'work':
    case 'stop':
      return { type: 'queued', jobId };
    case 'uninstalled':
      return { type: 'ignored', reason: 'the app was uninstalled' };
    case 'ignored':
      return { type: 'ignored', reason: reading.reason };
  }
}

/** A wish that became no job: the same was wished for before, or there is nothing to stop. */
async function settleOther({ arrival, request }: Wish, sql: Sql): Promise<Receipt> {
  const [row] = await sql(
    `with earlier as (select id from backend.jobs where repository_id = $2 and intention = $3)
     update backend.deliveries set job_id = (select id from earlier),
       fate = case when exists (select from earlier) then 'duplicate-intention' else 'ignored' end,
       reason = case when exists (select from earlier) then null else $4 end
     where id = $1 returning job_id`,
    [toText(arrival.delivery.id), request.repository.id, toText(request.intention), nothingToStop],
  );
  const jobId = row?.['job_id'];
  if (typeof jobId !== 'string') return { type: 'ignored', reason: nothingToStop };
  return { type: 'duplicate-intention', jobId };
}
