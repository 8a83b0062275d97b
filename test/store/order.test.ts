import { beforeEach, describe, expect, it } from 'vitest';
import { BotError } from '../../src/domain/index.ts';
import type { Repository } from '../../src/domain/index.ts';
import type { Claim, Parking, Store } from '../../src/store/index.ts';
import { aborted, aClaim, aDelivery, aJob, aRequest, until, untilState, work } from './builders.ts';
import { kinds } from './databases.ts';
import type { TestDatabase } from './databases.ts';
import { useFreshStore } from './rigs.ts';

const repository = (id: number): Repository => ({ ...aRequest().repository, id, name: `shop-${id}` });
const issue = (number: number) => ({ kind: 'issue' as const, number });

describe.each(kinds)('the order of jobs (%s)', (_, start) => {
  const rig = useFreshStore(start, { retryDelays: [0, 0, 7_200] });
  let database: TestDatabase;
  let store: Store;

  beforeEach(() => {
    ({ database, store } = rig());
  });

  /** Takes everything, one after the other, and says in which order. */
  async function drain(jobs: number, on = store): Promise<readonly string[]> {
    const taken: string[] = [];
    const worker = await on.work({
      concurrency: 1,
      handle: async (claim) => {
        taken.push(claim.jobId);
        await on.finish(claim, { type: 'answered' });
      },
    });
    await until(() => Promise.resolve(taken.length === jobs));
    await worker.stop(60_000);
    return taken;
  }

  it('RL-39: a repository with many jobs waiting takes turns with one that has its first, in one batch or many', async () => {
    const herd = await Promise.all(
      Array.from({ length: 30 }, (_none, n) => aJob(store, { repository: repository(1), subject: issue(n) })),
    );
    let done = 0;
    const fourth = Promise.withResolvers<undefined>();
    const worker = await store.work({
      concurrency: 1,
      handle: async (claim, signal) => {
        if (done === 3) {
          fourth.resolve(undefined);
          await aborted(signal); // goes back and keeps its turn
        }
        done += 1;
        await store.finish(claim, { type: 'answered' });
      },
    });
    await fourth.promise;
    await worker.stop(0);
    const other = [
      await aJob(store, { repository: repository(2), subject: issue(1) }),
      await aJob(store, { repository: repository(2), subject: issue(2) }),
    ];
    const third = await aJob(store, { repository: repository(3), subject: issue(1) });
    const waiting = await store.waiting(1_000);
    const places = [...other, third].map((id) => waiting.find(({ jobId }) => jobId === id)?.position ?? -1);
    expect(places).toEqual([2, 5, 3]); // after two of the herd that had these turns before; one more of the herd is between
    expect(waiting).toHaveLength(herd.length - done + 3);
    const named = (id: string) => (herd.includes(id) ? 'herd' : other.includes(id) ? 'other' : 'third');
    expect((await drain(waiting.length)).map(named)).toEqual(waiting.map(({ jobId }) => named(jobId)));
  });

  it('shows what waits in the very order in which it is taken', async () => {
    const wishes = Array.from({ length: 40 }, (_none, n) => ({
      repository: repository((n * 7) % 5),
      subject: issue(n % 11),
    }));
    await Promise.all(wishes.slice(0, 25).map((wish) => store.receive(aDelivery(), work(wish))));
    const { claim, stop } = await aClaim(store, (await store.waiting(1))[0]?.jobId ?? '');
    await stop(); // goes back and keeps its place
    for (const wish of wishes.slice(25)) await store.receive(aDelivery(), work(wish));
    const waiting = await store.waiting(100);
    expect(waiting.map(({ position }) => position)).toEqual(waiting.map((_none, index) => index));
    expect(waiting[0]).toMatchObject({ jobId: claim.jobId, started: true, greeted: false });
    expect(await store.waiting(3)).toEqual(waiting.slice(0, 3));
    expect(await drain(40)).toEqual(waiting.map(({ jobId }) => jobId));
  });

  it('says who was greeted, by a courtesy that is good until somebody takes the job', async () => {
    const jobId = await aJob(store);
    const [waiting] = await store.waiting(1);
    const courtesy: Claim = { jobId, request: aRequest(), epoch: 0 };
    const found = { look: () => Promise.resolve('comment'), make: () => Promise.resolve('comment') };
    await store.effects(courtesy).ensure('status:1', found);
    expect(waiting).toMatchObject({ jobId, started: false, greeted: false, position: 0 });
    expect(await store.waiting(1)).toMatchObject([{ jobId, greeted: true }]);
    await expect(store.finish(courtesy, { type: 'answered' })).rejects.toMatchObject({ code: 'fenced' });
    await expect(store.journal(courtesy).append('turn', 1)).rejects.toMatchObject({ code: 'fenced' });
    const { stop } = await aClaim(store, jobId);
    const late = { look: () => Promise.resolve(undefined), make: () => Promise.reject(new Error('made late')) };
    await expect(store.effects(courtesy).ensure('status:2', late)).rejects.toMatchObject({ code: 'fenced' });
    await stop();
    await expect(store.requireHeld(courtesy)).rejects.toMatchObject({ code: 'fenced' });
  });

  it('RL-31: parks a job whose outage goes on, tells why while it still may, and takes it when it is due', async () => {
    const parkings: Parking[] = [];
    const jobId = await aJob(store);
    let failures = 0;
    const worker = await store.work({
      concurrency: 1,
      handle: () => {
        failures += 1;
        return Promise.reject(new BotError('model-unavailable', 'Overloaded.'));
      },
      tellParked: async (claim, parking) => {
        await store.requireHeld(claim);
        parkings.push(parking);
        throw new Error('could not be told');
      },
    });
    const run = await until(async () => {
      const found = await store.run(jobId);
      return found?.parked && found;
    });
    await worker.stop(60_000);
    expect(run.parked).toEqual(parkings[0]);
    expect([failures, parkings.length]).toEqual([3, 1]);
    expect(run).toMatchObject({
      state: 'queued',
      parked: { reason: expect.stringContaining('the model did not answer') as string },
    });
    expect((run.parked?.until ?? 0) - Date.now()).toBeGreaterThan(7_000_000);
    expect(await store.waiting(10)).toEqual([]);
    expect(await store.stalled(0)).toEqual([]);
    // Somebody asks again: a job of the same subject makes it due.
    const { claim, stop } = await aClaim(store, await aJob(store));
    await store.resume(claim, jobId);
    expect((await store.run(jobId))?.parked).toBeUndefined();
    expect(await store.stalled(60_000)).toEqual([]);
    await until(async () => (await store.stalled(0)).some((stalled) => stalled.jobId === jobId && stalled.epoch === 3));
    await stop();
    await expect(store.resume(claim, jobId)).rejects.toMatchObject({ code: 'fenced' });
    expect(await drain(2)).toEqual([jobId, claim.jobId]);
  });

  it('RL-19: comes back when whoever refused said so, and parks only a longer wait', async () => {
    const jobs = [await aJob(store, { subject: issue(1) }), await aJob(store, { subject: issue(2) })];
    const waits = [2, 3_600];
    const worker = await store.work({
      concurrency: 1,
      handle: (claim) => {
        const retryAt = Date.now() + 1_000 * (waits[jobs.indexOf(claim.jobId)] ?? 0);
        return Promise.reject(new BotError('github-limited', 'Slow down.', { retryAt }));
      },
    });
    await until(async () => (await store.run(jobs[1] ?? ''))?.parked);
    await worker.stop(60_000);
    expect((await store.run(jobs[0] ?? ''))?.parked).toBeUndefined();
    const rows = await database.inspect((sql) =>
      sql(
        'select attempts from backend.jobs j join pgboss.job q on q.id = j.id where q.start_after > now() order by attempts',
      ),
    );
    expect(rows.map((row) => row['attempts'])).not.toContain(1);
  });

  it('RL-31: gives a job up after a day of outage without progress, not before, and progress begins a new day', async () => {
    const [stuck, moving] = [await aJob(store, { subject: issue(1) }), await aJob(store, { subject: issue(2) })];
    const yesterday = () =>
      database.inspect((sql) => sql("update backend.jobs set outages = 5, outage_since = now() - interval '25 hours'"));
    await yesterday();
    const again = await database.open({ retryDelays: [3_600] });
    await again.work({
      concurrency: 1,
      handle: async (claim) => {
        if (claim.jobId === moving) await again.journal(claim).append('turn', 'progress');
        throw new BotError('github-unavailable', 'GitHub answers 502.');
      },
    });
    const run = await untilState(again, stuck, 'finished');
    expect(run.outcome).toMatchObject({
      type: 'failed',
      reason: expect.stringContaining('GitHub did not answer') as string,
    });
    await until(
      async () => (await again.run(moving))?.state === 'queued' && (await again.transcript(moving)).length > 0,
    );
    expect((await again.run(moving))?.parked).toBeUndefined();
  });
});
