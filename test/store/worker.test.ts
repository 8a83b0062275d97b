import { beforeEach, describe, expect, it } from 'vitest';
import { BotError } from '../../src/domain/index.ts';
import type { Claim, Store } from '../../src/store/index.ts';
import { aborted, aClaim, aJob, until, untilState } from './builders.ts';
import { kinds } from './databases.ts';
import type { TestDatabase } from './databases.ts';
import { useFreshStore } from './rigs.ts';

describe.each(kinds)('work (%s)', (kind, start) => {
  const rig = useFreshStore(start, { retryDelays: [0, 0, 0, 0] });
  let database: TestDatabase;
  let store: Store;

  beforeEach(() => {
    ({ database, store } = rig());
  });

  it('does the jobs of one subject one at a time and in order, others beside them, over all processes', async () => {
    const expected: Partial<Record<number, string[]>> = {};
    for (let index = 0; index < 12; index += 1) {
      const number = (index % 3) + 1;
      (expected[number] ??= []).push(await aJob(store, { subject: { kind: 'issue', number } }));
    }
    const begun: Partial<Record<number, string[]>> = {};
    const busy = new Map<number, number>();
    let most = 0;
    let mostSubjects = 0;
    const handle = (on: Store) => async (claim: Claim) => {
      const { number } = claim.request.subject;
      (begun[number] ??= []).push(claim.jobId);
      busy.set(number, (busy.get(number) ?? 0) + 1);
      most = Math.max(most, ...busy.values());
      mostSubjects = Math.max(mostSubjects, [...busy.values()].filter((count) => count > 0).length);
      for (let turn = 0; turn < 5; turn += 1) await on.journal(claim).append('turn', turn);
      busy.set(number, (busy.get(number) ?? 0) - 1);
      await on.finish(claim, { type: 'answered' });
    };
    const others = kind === 'PostgreSQL' ? [await database.open()] : [];
    for (const each of [store, ...others]) await each.work({ concurrency: 4, handle: handle(each) });
    await until(async () => (await store.runs(20)).every(({ state }) => state === 'finished'));
    expect(begun).toEqual(expected);
    expect(most).toBe(1);
    expect(mostSubjects).toBeGreaterThan(1);
  });

  it('tries again what may succeed later, five times in all, then gives the job up', async () => {
    const jobId = await aJob(store);
    const epochs: number[] = [];
    const worker = await store.work({
      concurrency: 1,
      handle: async (claim) => {
        epochs.push(claim.epoch);
        await store.setStep(claim, 'publish');
        throw new TypeError('x is not a function');
      },
    });
    const run = await untilState(store, jobId, 'finished');
    expect(run.outcome).toEqual({
      type: 'failed',
      step: 'publish',
      reason: expect.stringMatching(/^something went wrong .*\(bug\)/) as string,
    });
    expect(epochs).toEqual([1, 2, 3, 4, 5]);
    await worker.stop(60_000);
    const dead = await database.inspect((sql) => sql("select source_id from pgboss.job where name = 'jobs-dead'"));
    expect(dead).toEqual([{ source_id: jobId }]);
  });

  it('waits before it tries again', async () => {
    await store[Symbol.asyncDispose]();
    const patient = await database.open({ retryDelays: [3_600] });
    const jobId = await aJob(patient);
    await patient.work({
      concurrency: 1,
      handle: () => Promise.reject(new BotError('model-unavailable', 'Overloaded.')),
    });
    await until(async () => {
      const run = await patient.run(jobId);
      return run?.state === 'queued' && run.updatedAt !== run.createdAt;
    });
    const rows = await database.inspect((sql) =>
      sql("select state, start_after > now() + interval '55 minutes' as waits from pgboss.job"),
    );
    expect(rows).toEqual([{ state: 'retry', waits: true }]);
  });

  it.each([
    ['ends a job at once that can never succeed', new BotError('github-gone', 'It is gone.'), 1, /^It is gone\.$/],
    [
      'tries again after what nobody foresaw',
      new TypeError('x is not a function'),
      5,
      /^something went wrong .*\(bug\)/,
    ],
  ])('%s', async (_sentence, error, attempts, reason) => {
    const jobId = await aJob(store);
    let tried = 0;
    await store.work({ concurrency: 1, handle: () => Promise.reject((tried += 1) > 0 ? error : error) });
    const run = await untilState(store, jobId, 'finished');
    expect(run.outcome).toEqual({
      type: 'failed',
      step: 'understand',
      reason: expect.stringMatching(reason) as string,
    });
    expect(tried).toBe(attempts);
  });

  it('does not count an attempt that failed because the database was away', async () => {
    const jobId = await aJob(store);
    const tried = Promise.withResolvers<undefined>();
    const worker = await store.work({
      concurrency: 1,
      handle: () => {
        tried.resolve(undefined);
        return Promise.reject(new BotError('store-unavailable', 'Away.'));
      },
    });
    await tried.promise;
    await worker.stop(60_000);
    expect(await store.run(jobId)).toMatchObject({ state: 'queued' });
    const rows = await database.inspect((sql) => sql('select attempts from backend.jobs'));
    expect(rows).toEqual([{ attempts: 0 }]);
  });

  it.each([
    ['that was given up', new BotError('bug', 'It failed each time.')],
    ['that can never succeed', new BotError('github-gone', 'The repository is gone.')],
  ])('lets the failure of a job %s be told while the claim still holds, once', async (_which, error) => {
    const jobId = await aJob(store);
    const told: unknown[] = [];
    await store.work({
      concurrency: 1,
      handle: () => Promise.reject(error),
      tellFailure: async (claim, outcome) => {
        told.push(outcome);
        await store.journal(claim).append('told', outcome);
        throw new BotError('github-unavailable', 'GitHub answers 502.');
      },
    });
    const run = await untilState(store, jobId, 'finished');
    expect(told).toEqual([{ type: 'failed', step: 'understand', reason: error.reasonForRequester }]);
    expect(run.outcome).toEqual(told[0]);
    expect(await store.transcript(jobId)).toHaveLength(1);
  });

  it('says that a job failed whose handler ended without an outcome', async () => {
    const jobId = await aJob(store);
    await store.work({ concurrency: 1, handle: () => Promise.resolve() });
    const run = await untilState(store, jobId, 'finished');
    expect(run.outcome).toEqual({ type: 'failed', step: 'understand', reason: 'it ended without an outcome' });
  });

  it('keeps the outcome that a handler wrote before it failed', async () => {
    let told = 0;
    const jobId = await aJob(store);
    await store.work({
      concurrency: 1,
      handle: async (claim) => {
        await store.finish(claim, { type: 'stopped', by: 'mona' });
        throw new BotError('github-gone', 'Too late to matter.');
      },
      tellFailure: () => Promise.resolve(void (told += 1)),
    });
    const run = await untilState(store, jobId, 'finished');
    await store[Symbol.asyncDispose]();
    expect(run.outcome).toEqual({ type: 'stopped', by: 'mona' });
    expect(told).toBe(0);
  });

  it('gives up a job over which three workers died in a row', async () => {
    const jobId = await aJob(store);
    // As three processes that were killed while they had it leave it behind.
    await database.inspect((sql) => sql("update backend.jobs set state = 'running', crashes = 2"));
    const next = await database.open();
    let begun = 0;
    await next.work({ concurrency: 1, handle: () => Promise.resolve(void (begun += 1)) });
    const run = await untilState(next, jobId, 'finished');
    expect(run.outcome).toMatchObject({ type: 'failed', reason: 'the worker died 3 times in a row over it' });
    expect(begun).toBe(0);
  });

  it('stops with the jobs back in the queue, not counted as attempts, and another worker goes on', async () => {
    const jobId = await aJob(store);
    const { claim, stop } = await aClaim(store, jobId);
    await store.journal(claim).append('turn', 'done before');
    await stop();
    expect(await store.run(jobId)).toMatchObject({ state: 'queued' });
    const { claim: next, stop: stopNext } = await aClaim(store, jobId);
    expect(next).toMatchObject({ jobId, epoch: 2 });
    expect(await store.journal(next).entries('turn')).toMatchObject([{ data: 'done before' }]);
    await stopNext();
    const rows = await database.inspect((sql) => sql('select attempts, crashes from backend.jobs'));
    expect(rows).toEqual([{ attempts: 0, crashes: 0 }]);
  });

  it('waits for a handler that ends within the time given to stop', async () => {
    const jobId = await aJob(store);
    const begun = Promise.withResolvers<undefined>();
    const release = Promise.withResolvers<undefined>();
    const worker = await store.work({
      concurrency: 1,
      handle: async (claim, signal) => {
        begun.resolve(undefined);
        await Promise.race([release.promise, aborted(signal)]);
        await store.finish(claim, { type: 'answered' });
      },
    });
    await begun.promise;
    const stopped = worker.stop(60_000);
    release.resolve(undefined);
    await stopped;
    expect(await store.run(jobId)).toMatchObject({ state: 'finished', outcome: { type: 'answered' } });
  });

  it('takes the job from a handler that ignores its signal', async () => {
    const jobId = await aJob(store);
    const begun = Promise.withResolvers<Claim>();
    const worker = await store.work({
      concurrency: 1,
      handle: (claim) => {
        begun.resolve(claim);
        return new Promise(() => undefined);
      },
    });
    const claim = await begun.promise;
    await worker.stop(0);
    expect(await store.run(jobId)).toMatchObject({ state: 'queued' });
    await expect(store.journal(claim).append('turn', 'zombie')).rejects.toMatchObject({ code: 'fenced' });
  });

  it('takes no job after it was stopped', async () => {
    const doneBy: string[] = [];
    const handle = (name: string) => async (claim: Claim) => {
      doneBy.push(name);
      await store.finish(claim, { type: 'answered' });
    };
    const worker = await store.work({ concurrency: 2, handle: handle('first') });
    await untilState(store, await aJob(store), 'finished');
    await worker.stop(0);
    const later = await Promise.all([1, 2, 3].map((number) => aJob(store, { subject: { kind: 'issue', number } })));
    await store.work({ concurrency: 1, handle: handle('second') });
    for (const jobId of later) await untilState(store, jobId, 'finished');
    expect(doneBy).toEqual(['first', 'second', 'second', 'second']);
  });
});
