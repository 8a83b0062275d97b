/**
 * Loaded before the app: puts a gate into the two database drivers and the two file calls that come before a box and after a job.
 * A call that is held there never goes on: the process is killed there. Everything else passes untouched.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import type { InnerHold } from '../wire.ts';
import { listen, say } from './channel.ts';

type Query = (text: unknown, values?: unknown, ...rest: unknown[]) => Promise<unknown>;

let holds = JSON.parse(process.env['FAULTS_ORDERS'] ?? '[]') as readonly InnerHold[]; // the runner's own
/** Repository of every job this process has heard of. */
const repositories = new Map<string, string>();

listen((orders) => {
  holds = orders.holds;
});

/** A driver's query, with the gate before and after it. Calls with a callback are the driver's own and pass. */
function gated(query: Query): Query {
  return async function gate(this: unknown, text, values, ...rest) {
    const statement = typeof text === 'string' ? text : '';
    const given = Array.isArray(values) ? (values as unknown[]) : [];
    learnNew(statement, given);
    await stopAt({ phase: 'before', statement, values: given });
    const answer = await query.call(this, text, values, ...rest);
    learn(given, answer);
    watch(statement, given, answer);
    await stopAt({ phase: 'after', statement, values: given });
    return answer;
  };
}

interface Passing {
  readonly phase: InnerHold['phase'];
  readonly statement: string;
  readonly values: readonly unknown[];
}

async function stopAt(passing: Passing): Promise<void> {
  const hold = holds.find((each) => isAtDatabase(each, passing));
  if (hold !== undefined) await stay(hold);
}

function stay({ repository, point }: InnerHold): Promise<never> {
  say({ type: 'held', repository, point });
  return new Promise<never>(() => undefined);
}

function isAtDatabase({ place, phase, repository }: InnerHold, passing: Passing): boolean {
  if (place.door !== 'database' || phase !== passing.phase) return false;
  if (!new RegExp(place.statement).test(passing.statement)) return false;
  const texts = passing.values.flat().filter((value) => typeof value === 'string');
  if (!texts.some((text) => isOf(text, repository))) return false;
  return place.value === undefined || texts.some((text) => new RegExp(place.value ?? '').test(text));
}

/** A job's id, or a whole request as it comes in. */
function isOf(text: string, repository: string): boolean {
  return repositories.get(text) === repository || text.includes(`"name":"${repository}"`);
}

/** Whoever takes a job reads its request; whoever takes a delivery writes it. */
function learn(values: readonly unknown[], answer: unknown): void {
  const [job] = values;
  const [row] = (answer as { rows?: { request?: { repository?: { name?: string } } }[] } | undefined)?.rows ?? [];
  const name = row?.request?.repository?.name;
  if (typeof job === 'string' && name !== undefined) repositories.set(job, name);
}

function learnNew(statement: string, values: readonly unknown[]): void {
  if (!statement.includes('insert into backend.jobs')) return;
  const columns = values.filter((value) => Array.isArray(value)) as readonly (readonly unknown[])[];
  const requests = columns.find(([first]) => typeof first === 'string' && first.startsWith('{')) ?? [];
  for (const [index, request] of requests.entries()) {
    const { repository } = JSON.parse(String(request)) as { repository: { name: string } }; // a request of ours
    repositories.set(String(columns[0]?.[index]), repository.name);
  }
}

/** A call that is held must not give up by itself, however slow the machine is just now. */
const timeout = AbortSignal.timeout.bind(AbortSignal);
AbortSignal.timeout = (ms) => timeout(ms < 10_000 ? ms : ms * 20);

/** What the runner measures a resume by. */
function watch(statement: string, values: readonly unknown[], answer: unknown): void {
  const job = values.find((value): value is string => typeof value === 'string' && repositories.has(value));
  const repository = job === undefined ? undefined : repositories.get(job);
  if (job === undefined || repository === undefined) return;
  const { rows } = answer as { rows?: unknown[] };
  if (rows?.length === 0) return;
  const at = Date.now();
  const isEnd = /update backend\.jobs set state = 'finished'/.test(statement);
  if (/update backend\.jobs set epoch/.test(statement)) say({ type: 'taken', repository, job, at });
  else if (isEnd || /insert into backend\.(journal|effects)/.test(statement))
    say({ type: 'moved', repository, job, at });
  if (isEnd) say({ type: 'finished', repository, job, at });
}

interface Queries {
  query: Query;
}

const gates = new WeakSet();

function gateOff(holder: Queries): void {
  if (gates.has(holder)) return;
  gates.add(holder);
  const query = holder.query;
  const gate = gated(query);
  holder.query = function (this: unknown, text, values, ...rest) {
    const hasCallback = [values, ...rest].some((value) => typeof value === 'function');
    return hasCallback ? query.call(this, text, values, ...rest) : gate.call(this, text, values, ...rest);
  };
}

// The pool hands its own statements to a client with a callback; a transaction asks the client itself. So each is gated once.
gateOff(pg.Pool.prototype);
gateOff(pg.Client.prototype);

const engine = PGlite.prototype as unknown as Queries & {
  transaction: (work: (inner: Queries) => Promise<unknown>) => Promise<unknown>;
};
gateOff(engine);
const { transaction } = engine;
engine.transaction = function (work) {
  return transaction.call(this, (inner) => {
    gateOff(inner);
    return work(inner);
  });
};

/** Paths look like `<data folder>/jobs/<job id>/…`. */
async function stopAtFile(phase: InnerHold['phase'], path: unknown): Promise<void> {
  const [, job = '', rest = ''] = typeof path === 'string' ? (/\/jobs\/([0-9a-f-]{36})(.*)$/.exec(path) ?? []) : [];
  const repository = repositories.get(job);
  const hold = holds.find(
    ({ place, ...each }) =>
      place.door === 'disk' &&
      each.phase === phase &&
      each.repository === repository &&
      new RegExp(place.path).test(rest),
  );
  if (hold !== undefined) await stay(hold);
}

for (const call of ['rm', 'lstat'] as const) {
  const original = fs.promises[call] as (...args: unknown[]) => Promise<unknown>;
  const gate = async (...args: unknown[]) => {
    await stopAtFile('before', args[0]);
    const answer = await original(...args);
    await stopAtFile('after', args[0]);
    return answer;
  };
  Object.assign(fs.promises, { [call]: gate });
}
syncBuiltinESMExports();
