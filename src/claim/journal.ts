import { createHash } from 'node:crypto';
import { BotError } from '../domain/index.ts';
import type { Change, ChangeSet, FileMode } from '../domain/index.ts';
import { fromJson, isUniqueViolation, toJson, toText } from '../database/index.ts';
import type { Database, Row, Sql } from '../database/index.ts';
import type { Claim, Journal, JournalEntry } from './claim.ts';
import { fenced, isHeld } from './held.ts';

/** A change as the journal keeps it: the bytes are in `backend.blobs`. */
type SavedChange = { path: string; type: 'put'; mode: FileMode; sha256: string } | { path: string; type: 'delete' };

/** An entry about to be written; `name` makes it unique within the job. */
interface NewEntry {
  readonly kind: string;
  readonly name?: string;
  readonly data: unknown;
  readonly usd?: number;
  /** Contents by their SHA-256 that the entry names and this claim has not kept yet. */
  readonly blobs?: ReadonlyMap<string, Uint8Array>;
}

/** The journal of the claim's job. Every write is refused (`fenced`) once the claim is outdated; reading never is. */
export function createJournal({ sql }: Pick<Database, 'sql'>, claim: Claim, now: () => number): Journal {
  const keptBlobs = new Set<string>();
  let lastSaved: string | undefined;
  const add = (entry: NewEntry) => append(sql, claim, { ...entry, at: new Date(now()).toISOString() });
  return {
    once: async <T>(name: string, produce: () => Promise<T>) =>
      // The caller's own earlier value, or the one it has just produced.
      (await readOrRecord(sql, { jobId: claim.jobId, name, produce, add })) as T,
    append: (kind, data, usd = 0) => add({ kind, data, usd }),
    entries: async (...kinds) => {
      const all = kinds.length === 0;
      const statement = `select seq, kind, data, at from backend.journal
         where job_id = $1 and ($2 or kind = any($3::text[])) order by seq`;
      return (await sql(statement, [claim.jobId, all, kinds])).map(toEntry);
    },
    saveChanges: async (changes) => {
      const saved = changes.map(toSaved);
      const text = JSON.stringify(saved);
      if (text === lastSaved) return; // as most commands leave it
      const blobs = newBlobs(changes, keptBlobs);
      await add({ kind: 'changes', data: saved, blobs });
      for (const hash of blobs.keys()) keptBlobs.add(hash);
      lastSaved = text;
    },
    latestChanges: () => readLatestChanges(sql, claim.jobId),
  };
}

interface Once {
  readonly jobId: string;
  readonly name: string;
  readonly produce: () => Promise<unknown>;
  readonly add: (entry: NewEntry) => Promise<void>;
}

/** Two at once may both produce; both then get what was recorded first. */
async function readOrRecord(sql: Sql, { jobId, name, produce, add }: Once): Promise<unknown> {
  const recorded = await readNamed(sql, jobId, name);
  if (recorded !== undefined) return recorded.data;
  const data = await produce();
  try {
    await add({ kind: 'once', name, data });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
  }
  return (await readNamed(sql, jobId, name))?.data;
}

async function readNamed(sql: Sql, jobId: string, name: string): Promise<{ data: unknown } | undefined> {
  const statement = 'select data from backend.journal where job_id = $1 and name = $2';
  const [row] = await sql(statement, [jobId, toText(name)]);
  return row === undefined ? undefined : { data: fromJson(row['data']) };
}

/**
 * Counting up on the job's own row makes the sequence gapless and the fence exact, whoever writes at the same time. Contents are kept
 * in the statement of the entry that names them: none ever names a missing one, and none is kept that nobody names.
 */
async function append(sql: Sql, claim: Claim, entry: NewEntry & { readonly at: string }): Promise<void> {
  const blobs = [...(entry.blobs ?? [])];
  const written = await sql(
    `with job as (update backend.jobs set usd = usd + $7, journal_length = journal_length + (${isHeld})::integer
                  where id = $1 returning journal_length, ${isHeld} as is_held),
          spent as (insert into backend.spend (job_id, at, usd) select $1, $6, $7 where $7 > 0)${keepBlobs(blobs.length)}
     insert into backend.journal (job_id, seq, kind, name, data, at)
     select $1, journal_length, $3, $4, $5::json, $6 from job where is_held returning seq`,
    [
      claim.jobId,
      claim.epoch,
      entry.kind,
      entry.name === undefined ? null : toText(entry.name),
      toJson(entry.data),
      entry.at,
      entry.usd ?? 0,
      ...blobs.flat(),
    ],
  );
  if (written.length === 0) throw fenced(claim);
}

/** The part of the statement that keeps so many contents, given in pairs of hash and bytes after its seven other values. */
function keepBlobs(count: number): string {
  if (count === 0) return '';
  const rows = Array.from({ length: count }, (_, index) => `($${index * 2 + 8}::text, $${index * 2 + 9}::bytea)`);
  return `,
          blob as (select sha256, bytes from (values ${rows.join(', ')}) as b (sha256, bytes), job where is_held),
          kept as (insert into backend.blobs (sha256, bytes) select sha256, bytes from blob on conflict do nothing),
          named as (insert into backend.blob_names (job_id, sha256) select $1, sha256 from blob on conflict do nothing)`;
}

/** The contents that were not kept before, by their hash. */
function newBlobs(changes: ChangeSet, kept: ReadonlySet<string>): ReadonlyMap<string, Uint8Array> {
  const puts = changes.flatMap((change) => (change.type === 'put' ? [change.bytes] : []));
  return new Map(puts.map((bytes) => [sha256(bytes), bytes] as const).filter(([hash]) => !kept.has(hash)));
}

function toSaved(change: Change): SavedChange {
  if (change.type === 'delete') return { path: change.path, type: 'delete' };
  return { path: change.path, type: 'put', mode: change.mode, sha256: sha256(change.bytes) };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function readLatestChanges(sql: Sql, jobId: string): Promise<ChangeSet> {
  const statement = `select data from backend.journal where job_id = $1 and kind = 'changes' order by seq desc limit 1`;
  const [row] = await sql(statement, [jobId]);
  if (row === undefined) return [];
  const saved = row['data'] as readonly SavedChange[]; // written by saveChanges only
  const blobs = await readBlobs(sql, saved);
  return saved.map((change) => toChange(change, blobs));
}

async function readBlobs(sql: Sql, saved: readonly SavedChange[]): Promise<ReadonlyMap<string, Uint8Array>> {
  const hashes = saved.flatMap((change) => (change.type === 'put' ? [change.sha256] : []));
  const rows = await sql('select sha256, bytes from backend.blobs where sha256 = any($1::text[])', [hashes]);
  const blobs = rows as readonly { sha256: string; bytes: Uint8Array }[];
  return new Map(blobs.map(({ sha256: hash, bytes }) => [hash, plain(bytes)]));
}

/** One driver gives Buffers, the other plain arrays of bytes; callers see the same from both. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function toChange(saved: SavedChange, blobs: ReadonlyMap<string, Uint8Array>): Change {
  if (saved.type === 'delete') return saved;
  const { path, type, mode } = saved;
  const bytes = blobs.get(saved.sha256);
  if (bytes === undefined)
    throw new BotError('bug', `The content ${saved.sha256} of ${path} is missing from the database.`);
  return { path, type, mode, bytes };
}

/** A whole journal, in order, for people to read. */
export async function readTranscript(jobId: string, sql: Sql): Promise<readonly JournalEntry[]> {
  return (await sql('select seq, kind, data, at from backend.journal where job_id = $1 order by seq', [jobId])).map(
    toEntry,
  );
}

/** A row of `seq, kind, data, at` as an entry. */
function toEntry(row: Row): JournalEntry {
  const { seq, kind, data, at } = row as { seq: number; kind: string; data: unknown; at: Date };
  return { seq, kind, data: fromJson(data), at: at.toISOString() };
}
