import { fenced, heldBy, readTranscript, requireHeld } from '../claim/index.ts';
import type { Claim } from '../claim/index.ts';
import type { Outcome, Plan, Step, WorkRequest } from '../domain/index.ts';
import { toJson } from '../database/index.ts';
import type { Row, Sql } from '../database/index.ts';
import type { Parking, RunSummary, Store, StoredJob } from './store.ts';

/** What of the store reads and moves jobs and counts money. */
export type Jobs = Pick<
  Store,
  | 'setPlan'
  | 'setStep'
  | 'finish'
  | 'requireHeld'
  | 'spentToday'
  | 'spentBeside'
  | 'publishedPulls'
  | 'publisherOf'
  | 'runs'
  | 'run'
  | 'transcript'
>;

/** `now` is the clock in milliseconds since 1970. */
export function createJobs(sql: Sql, now: () => number): Jobs {
  return {
    setPlan: (claim, plan) => move(claim, 'plan = $3::json, updated_at = $4', [toJson(plan)]),
    setStep: (claim, step) => move(claim, 'step = $3, updated_at = $4', [step]),
    finish: (claim, outcome) =>
      move(claim, "state = 'finished', outcome = $3::json, updated_at = $4", [toJson(outcome)]),
    requireHeld: (claim) => requireHeld(claim, sql),
    spentToday: () => readSpentSince(sql, midnight(now())),
    spentBeside: async ({ jobId }) => {
      const [row] = await sql(spentBeside, [jobId]);
      return { usd: Number(row?.['usd']), jobs: Number(row?.['jobs']) };
    },
    publishedPulls: async (repositoryId, subjectNumber) => {
      const rows = await sql(
        `select distinct (outcome->>'pullNumber')::integer as number from backend.jobs
         where repository_id = $1 and subject_number = $2 and outcome->>'type' = 'published' order by 1`,
        [repositoryId, subjectNumber],
      );
      return rows.map((row) => Number(row['number']));
    },
    publisherOf: async (repositoryId, pullNumber) => {
      const [row] = await sql(
        `select id from backend.jobs where repository_id = $1 and outcome->>'type' = 'published'
         and (outcome->>'pullNumber')::integer = $2 order by created_at desc, id limit 1`,
        [repositoryId, pullNumber],
      );
      return row === undefined ? undefined : String(row['id']);
    },
    runs: async (limit) => {
      const rows = await sql('select * from backend.jobs order by created_at desc, id limit $1', [limit]);
      return rows.map(toSummary);
    },
    run: async (jobId) => {
      const [row] = isUuid(jobId) ? await sql('select * from backend.jobs where id = $1', [jobId]) : [];
      return row === undefined ? undefined : { ...toSummary(row), job: toJob(row) };
    },
    transcript: (jobId) => readTranscript(jobId, sql),
  };

  async function move(claim: Claim, assignments: string, values: readonly unknown[]): Promise<void> {
    const at = iso(now());
    const statement = `update backend.jobs set ${assignments} where ${heldBy} returning id`;
    const moved = await sql(statement, [claim.jobId, claim.epoch, ...values, at]);
    if (moved.length === 0) throw fenced(claim);
  }
}

/** What anybody may type into an address; PostgreSQL would refuse the whole statement. */
function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

export function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** Issues and pull requests have their numbers from one row. */
const spentBeside = `with own as (select * from backend.jobs where id = $1),
  about as (
    select subject_number as number from own
    union select (p.outcome->>'pullNumber')::integer from backend.jobs p, own
      where p.repository_id = own.repository_id and p.subject_number = own.subject_number and p.outcome->>'type' = 'published'
    union select p.subject_number from backend.jobs p, own
      where p.repository_id = own.repository_id and (p.outcome->>'pullNumber')::integer = own.subject_number)
  select coalesce(sum(j.usd), 0) as usd, count(*) as jobs from backend.jobs j, own
  where j.repository_id = own.repository_id and j.subject_number in (select number from about) and j.id <> $1 and j.usd > 0`;

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
  readonly parked: Parking | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** A row of `backend.jobs` as people see it. */
export function toSummary(row: Row): RunSummary {
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
    ...(job.parked !== null && job.state === 'queued' && { parked: job.parked }),
    createdAt: job.created_at.toISOString(),
    updatedAt: job.updated_at.toISOString(),
  };
}

/** A row of `id, request, plan` as a job. */
export function toJob(row: Row): StoredJob {
  const { id, request, plan } = row as unknown as JobRow; // as above
  return { id, request, ...(plan !== null && { plan }) };
}
