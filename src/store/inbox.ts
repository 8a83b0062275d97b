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
    const alone = batch.length === 1 || (error instanceof BotError && error.code === 'store-unavailable');
    if (!alone) for (const arrival of batch) await commit([arrival], deps);
    else for (const arrival of batch) arrival.reject(error);
  }
}

/** Insert first, never check then insert. What is missing from the answer was delivered before. */
async function record(batch: readonly Arrival[], sql: Sql, deps: InboxDeps): Promise<ReadonlyMap<Arrival, Receipt>> {
  const at = iso(deps.now());
  const fresh = await insertDeliveries(batch, sql, at);
  const wishes = fresh.flatMap((arrival) => {
    const { reading, jobId } = arrival;
    return reading.type === 'work' ? [{ arrival, id: jobId, request: reading.request }] : [];
  });
  const created = await insertJobs(wishes, sql, at);
  const queued = wishes.filter(({ id }) => created.has(id));
  if (queued.length > 0) await deps.queue.send(queued, sql);
  const receipts = new Map(fresh.map((arrival) => [arrival, receiptOf(arrival)]));
  for (const wish of wishes.filter(({ id }) => !created.has(id))) {
    receipts.set(wish.arrival, await linkToEarlier(wish, sql));
  }
  return receipts;
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

function toDeliveryRow({ delivery, reading, jobId }: Arrival): readonly (string | null)[] {
  const { id, event, bodyHash } = delivery;
  const fate = reading.type === 'work' ? ['queued', null, jobId] : ['ignored', toText(reading.reason), null];
  return [toText(id), toText(event), bodyHash, ...fate];
}

interface Wish {
  readonly arrival: Arrival;
  readonly id: string;
  readonly request: WorkRequest;
}

/** The ids of the wishes that became jobs; the others were wished for before. */
async function insertJobs(wishes: readonly Wish[], sql: Sql, at: string): Promise<ReadonlySet<unknown>> {
  if (wishes.length === 0) return new Set();
  const rows = await sql(
    `insert into backend.jobs (id, repository_id, subject_kind, subject_number, intention, verb, request, created_at, updated_at)
     select id, repository_id, subject_kind, subject_number, intention, verb, request::json, $1, $1
     from unnest($2::uuid[], $3::bigint[], $4::text[], $5::integer[], $6::text[], $7::text[], $8::text[])
       with ordinality as j (id, repository_id, subject_kind, subject_number, intention, verb, request, position)
     order by position on conflict do nothing returning id`,
    [at, ...columns(wishes.map(toJobRow))],
  );
  return new Set(rows.map((row) => row['id']));
}

function toJobRow({ id, request }: Wish): readonly unknown[] {
  const { repository, subject, verb, intention } = request;
  return [id, repository.id, subject.kind, subject.number, toText(intention), verb, toJson(request)];
}

/** Rows as the columns that `unnest` takes. */
function columns(rows: readonly (readonly unknown[])[]): unknown[][] {
  const width = rows[0]?.length ?? 0;
  return Array.from({ length: width }, (_, index) => rows.map((row) => row[index]));
}

function receiptOf({ reading, jobId }: Arrival): Receipt {
  return reading.type === 'work' ? { type: 'queued', jobId } : { type: 'ignored', reason: reading.reason };
}

async function linkToEarlier({ arrival, request }: Wish, sql: Sql): Promise<Receipt> {
  const [row] = await sql(
    `update backend.deliveries d set fate = 'duplicate-intention', job_id = j.id from backend.jobs j
     where d.id = $1 and j.repository_id = $2 and j.intention = $3 returning j.id`,
    [toText(arrival.delivery.id), request.repository.id, toText(request.intention)],
  );
  return { type: 'duplicate-intention', jobId: String(row?.['id']) };
}
