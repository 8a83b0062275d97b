import type { Outcome, WorkRequest } from '../domain/index.ts';
import { toJson, toText } from '../database/index.ts';
import type { Database, Sql } from '../database/index.ts';
import { iso } from './jobs.ts';
import type { Queue } from './queue.ts';
import type { Store } from './store.ts';

interface RetentionDeps {
  readonly database: Database;
  readonly queue: Queue;
  readonly now: () => number;
}

/** How many jobs are cleaned in one transaction: on the embedded database nothing else runs meanwhile. */
const batchSize = 50;

/** What the store knows of deliveries long after they came, and how it forgets. */
export function createRetention(deps: RetentionDeps): Pick<Store, 'forget' | 'purge' | 'unknownDeliveries'> {
  const { database } = deps;
  return {
    unknownDeliveries: async (ids) => {
      const rows = await database.sql('select id from backend.deliveries where id = any($1::text[])', [
        ids.map(toText),
      ]);
      const known = new Set(rows.map((row) => row['id']));
      return ids.filter((id) => !known.has(toText(id)));
    },
    forget: async (installationId, repositoryIds) => {
      const repositories = new Set(repositoryIds ?? []);
      for (;;) {
        const found = await database.transaction((sql) => forgetSome({ installationId, repositoryIds }, sql, deps));
        for (const id of found) repositories.add(id);
        if (found.length < batchSize) return [...repositories];
      }
    },
    purge: async (before) => {
      await database.sql('delete from backend.deliveries where received_at < $1', [iso(before)]);
      for (;;) {
        const purged = await database.transaction((sql) => purgeSome(iso(before), sql));
        if (purged < batchSize) break;
      }
      await database.transaction(async (sql) => {
        await lockBlobs(sql);
        await sql(
          'delete from backend.blobs b where not exists (select from backend.blob_names n where n.sha256 = b.sha256)',
        );
      });
    },
  };
}

/** Gives the repository of each job that it forgot. */
async function forgetSome(
  whose: { readonly installationId: number; readonly repositoryIds: readonly number[] | undefined },
  sql: Sql,
  { queue, now }: RetentionDeps,
): Promise<readonly number[]> {
  await lockBlobs(sql);
  const rows = await sql(
    `select id, repository_id, request, outcome from backend.jobs
     where not forgotten and (request->'repository'->>'installationId')::bigint = $1
       and ($2::bigint[] is null or repository_id = any($2::bigint[])) order by number limit $3 for update`,
    [whose.installationId, whose.repositoryIds ?? null, batchSize],
  );
  const jobs = rows as readonly unknown[] as readonly StoredRow[];
  const ids = jobs.map(({ id }) => id);
  await sql(
    `update backend.jobs j set request = f.request::json, outcome = f.outcome::json, plan = null, parked = null, forgotten = true,
       state = 'finished', epoch = j.epoch + 1, updated_at = case when j.state = 'finished' then j.updated_at else $4 end
     from unnest($1::uuid[], $2::text[], $3::text[]) as f (id, request, outcome) where j.id = f.id`,
    [
      ids,
      jobs.map(({ request }) => toJson(withoutTexts(request))),
      jobs.map(({ outcome }) => toJson(withoutReason(outcome))),
      iso(now()),
    ],
  );
  await queue.remove(ids, sql);
  await sql('delete from backend.effects where job_id = any($1::uuid[])', [ids]);
  await removeJournals(ids, sql);
  return jobs.map(({ repository_id: id }) => Number(id));
}

interface StoredRow {
  readonly id: string;
  readonly repository_id: string | number;
  readonly request: WorkRequest;
  readonly outcome: Outcome | null;
}

function withoutTexts(request: WorkRequest): WorkRequest {
  return { ...request, instruction: '', seen: { title: '', body: '' } };
}

/** Reasons may quote what the model or a person wrote. */
function withoutReason(outcome: Outcome | null): Outcome {
  if (outcome === null) return { type: 'ignored', reason: 'the app was uninstalled' };
  return 'reason' in outcome ? { ...outcome, reason: 'removed after the app was uninstalled' } : outcome;
}

async function purgeSome(before: string, sql: Sql): Promise<number> {
  await lockBlobs(sql);
  const rows = await sql(
    `select id from backend.jobs j where state = 'finished' and updated_at < $1
       and exists (select from backend.journal where job_id = j.id) limit $2 for update`,
    [before, batchSize],
  );
  const ids = rows.map((row) => String(row['id']));
  await removeJournals(ids, sql);
  return ids.length;
}

/** The journals of finished jobs, and the contents that only they name. */
async function removeJournals(ids: readonly string[], sql: Sql): Promise<void> {
  await sql('delete from backend.journal where job_id = any($1::uuid[])', [ids]);
  await sql(
    `with gone as (delete from backend.blob_names where job_id = any($1::uuid[]) returning sha256)
     delete from backend.blobs b where sha256 in (select sha256 from gone)
       and not exists (select from backend.blob_names n where n.sha256 = b.sha256 and n.job_id <> all($1::uuid[]))`,
    [ids],
  );
}

/**
 * Nobody can begin to name a content while it is decided whether anybody does; contents and their names are written in one statement.
 * Comes first in its transaction: whoever writes a content has locked the table before the job.
 */
async function lockBlobs(sql: Sql): Promise<void> {
  await sql('lock table backend.blobs in share row exclusive mode');
}
