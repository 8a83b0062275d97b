import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { Claim } from '../../src/store/index.ts';
import { aborted, aJob, until, untilState } from './builders.ts';
import { startEmbedded, startServer } from './databases.ts';
import type { TestDatabase } from './databases.ts';
import { race } from './race.ts';

let child: ChildProcess | undefined;
afterEach(() => child?.kill('SIGKILL'));

it('RL-13: of several processes that race for the same jobs exactly one runs each', async () => {
  const result = await race({ processes: 3, jobs: 60 });
  expect(result).toEqual({ jobs: 60, runs: 60, twice: 0, lost: 0, winners: result.winners });
  expect(result.winners).toBeGreaterThan(1);
});

it('the jobs of one subject keep their order while somebody else holds the row of the first', async () => {
  await using databases = await startServer();
  await using database = await databases.create();
  const store = await database.open();
  const [first, second] = [await aJob(store), await aJob(store)];
  const begun: string[] = [];
  const release = Promise.withResolvers<undefined>();
  const held = Promise.withResolvers<undefined>();
  const holding = database.transact(async (sql) => {
    await sql('select from pgboss.job where id = $1 for update', [first]);
    held.resolve(undefined);
    await release.promise;
  });
  await held.promise;
  const handle = async (claim: Claim) => {
    begun.push(claim.jobId);
    await store.finish(claim, { type: 'answered' });
  };
  await store.work({ concurrency: 1, handle });
  const wasTaken = 'select from pgboss.job where id = $1 and retry_count > 0';
  await until(() => database.inspect(async (sql) => (await sql(wasTaken, [second])).length > 0));
  release.resolve(undefined);
  await holding;
  await untilState(store, second, 'finished');
  expect(begun).toEqual([first, second]);
});

it('RL-40: a job that kills its process each time goes to the dead letters after three, with a reason; the others end well', async () => {
  await using databases = await startEmbedded();
  await using database = await databases.create();
  const store = await database.open();
  const poison = await aJob(store, { instruction: 'poison', subject: { kind: 'issue', number: 1 } });
  const others = [];
  for (const number of [2, 3, 4, 5]) others.push(await aJob(store, { subject: { kind: 'issue', number } }));
  await store[Symbol.asyncDispose]();
  let deaths = 0;
  while (await diesOver(database, [poison, ...others])) deaths += 1;
  expect(deaths).toBe(3);
  const again = await database.open();
  expect((await again.run(poison))?.outcome).toEqual({
    type: 'failed',
    step: 'understand',
    reason: 'the worker died 3 times in a row over it',
  });
  for (const jobId of others) expect((await again.run(jobId))?.outcome).toEqual({ type: 'answered' });
  const dead = await database.inspect((sql) => sql("select source_id from pgboss.job where name = 'jobs-dead'"));
  expect(dead).toEqual([{ source_id: poison }]);
});

it('RL-40: no death is held against a job that lived on after it was begun', async () => {
  await using databases = await startServer();
  await using database = await databases.create();
  const store = await database.open();
  const jobId = await aJob(store);
  const crashes = async () =>
    (await database.inspect((sql) => sql('select crashes from backend.jobs')))[0]?.['crashes'];
  // As a process that was killed while it had the job leaves it behind.
  await database.inspect((sql) => sql("update backend.jobs set state = 'running', crashes = 1, epoch = 1"));
  await database.inspect((sql) => sql('update pgboss.job set retry_count = 1, started_on = now()'));
  await store.work({ concurrency: 1, handle: (_, signal) => aborted(signal) });
  await until(async () => (await crashes()) === 2);
  await until(async () => (await crashes()) === 0);
  expect(await store.run(jobId)).toMatchObject({ state: 'running' });
});

/** Starts a worker; whether it died before all of the jobs were finished. One that finished them says so and is ended. */
async function diesOver(database: TestDatabase, jobs: readonly string[]): Promise<boolean> {
  const program = join(import.meta.dirname, 'child-poisoned.ts');
  const { dataDir } = database.place;
  child = spawn(process.execPath, [program, dataDir, ...jobs], { stdio: ['ignore', 'pipe', 'inherit'] });
  const finished = new Promise<'finished'>((resolve) => {
    child?.stdout?.on('data', () => {
      resolve('finished');
    });
  });
  const died = once(child, 'exit').then(() => 'died' as const);
  const how = await Promise.race([finished, died]);
  child.kill('SIGKILL');
  await died;
  return how === 'died';
}
