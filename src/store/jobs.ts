import { BotError } from '../domain/index.ts';
import type { Outcome, Plan, Step, WorkRequest } from '../domain/index.ts';
import { fromJson, toJson } from '../database/index.ts';
import type { Row, Sql } from '../database/index.ts';
import type { Claim, JournalEntry, RunSummary, Store } from './store.ts';

/** What of the store reads and moves jobs and counts money. */
export type Jobs = Pick<
  Store,
  'setPlan' | 'setStep' | 'finish' | 'spentToday' | 'publishedPulls' | 'runs' | 'run' | 'transcript'
>;

/**
 * A claim may write while its epoch is the job's latest and the job has not gone back into the queue.
 * Statements give the job's id as `$1` and the epoch as `$2`.
 */
export const isHeld = "epoch = $2 and state <> 'queued'";
export const heldBy = `id = $1 and ${isHeld}`;

/** `now` is the clock in milliseconds since 1970. */
export function createJobs(sql: Sql, now: () => number): Jobs {
  return {
    setPlan: (claim, plan) => move(claim, 'plan = $3::json, updated_at = $4', [toJson(plan)]),
    setStep: (claim, step) => move(claim, 'step = $3, updated_at = $4', [step]),
    finish: (claim, outcome) =>
      move(claim, "state = 'finished', outcome = $3::json, updated_at = $4", [toJson(outcome)]),
    spentToday: () => readSpentSince(sql, midnight(now())),
    publishedPulls: async (repositoryId, subjectNumber) => {
      const rows = await sql(
        `select distinct (outcome->>'pullNumber')::integer as number from backend.jobs
         where repository_id = $1 and subject_number = $2 and outcome->>'type' = 'published' order by 1`,
        [repositoryId, subjectNumber],
      );
      return rows.map((row) => Number(row['number']));
    },
    runs: async (limit) => {
      const rows = await sql('select * from backend.jobs order by created_at desc, id limit $1', [limit]);
      return rows.map(toSummary);
    },
    run: async (jobId) => {
      const [row] = isUuid(jobId) ? await sql('select * from backend.jobs where id = $1', [jobId]) : [];
      return row === undefined ? undefined : { ...toSummary(row), job: toJob(row) };
    },
    transcript: async (jobId) =>
      (await sql('select seq, kind, data, at from backend.journal where job_id = $1 order by seq', [jobId])).map(
        toEntry,
      ),
  };

  async function move(claim: Claim, assignments: string, values: readonly unknown[]): Promise<void> {
    const at = iso(now());
    const statement = `update backend.jobs set ${assignments} where ${heldBy} returning id`;
    const moved = await sql(statement, [claim.jobId, claim.epoch, ...values, at]);
    if (moved.length === 0) throw fenced(claim);
  }
}

/** The error for a claim that another one, or its own return to the queue, has made outdated. */
export function fenced(claim: Claim): BotError {
  return new BotError('fenced', `Job ${claim.jobId} is no longer held by claim ${claim.epoch}; nothing was written.`);
}

/** What anybody may type into an address; PostgreSQL would refuse the whole statement. */
function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

export function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

async function readSpentSince(sql: Sql, since: number): Promise<number> {
  const [row] = await sql('select coalesce(sum(usd), 0) as usd from backend.spend where at >= $1', [iso(since)]);
  return Number(row?.['usd']);
}

function midnight(milliseconds: number): number {
  return new Date(milliseconds).setUTCHours(0, 0, 0, 0);
}

/** The columns of `backend.jobs` that people get to see. */
interface JobRow {
  readonly id: string;
  readonly request: WorkRequest;
  readonly plan: Plan | null;
  readonly state: RunSummary['state'];
  readonly step: Step | null;
  readonly usd: string;
  readonly outcome: Outcome | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

function toSummary(row: Row): RunSummary {
  const job = row as unknown as JobRow; // our own columns, written by this room only
  const { repository, subject, verb } = job.request;
  return {
    jobId: job.id,
    repository: `${repository.owner}/${repository.name}`,
    subjectNumber: subject.number,
    verb,
    state: job.state,
    ...(job.step !== null && { step: job.step }),
    usd: Number(job.usd),
    ...(job.outcome !== null && { outcome: job.outcome }),
    createdAt: job.created_at.toISOString(),
    updatedAt: job.updated_at.toISOString(),
  };
}

function toJob(row: Row): { id: string; request: WorkRequest; plan?: Plan } {
  const { id, request, plan } = row as unknown as JobRow; // as above
  return { id, request, ...(plan !== null && { plan }) };
}

/** A row of `seq, kind, data, at` as an entry. */
export function toEntry(row: Row): JournalEntry {
  const { seq, kind, data, at } = row as { seq: number; kind: string; data: unknown; at: Date };
  return { seq, kind, data: fromJson(data), at: at.toISOString() };
}
