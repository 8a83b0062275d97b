import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BotError } from '../../src/domain/index.ts';
import type { Outcome, WorkRequest } from '../../src/domain/index.ts';
import type { Sql } from '../../src/database/index.ts';
import type { Claim, Reading, Store } from '../../src/store/index.ts';
import { aClaim, aDelivery, aJob, aRequest, until, untilState } from './builders.ts';
import { kinds } from './databases.ts';
import { useOneStore } from './rigs.ts';

const stopped: Outcome = { type: 'stopped', by: 'mona' };

describe.each(kinds)('the jobs of one subject (%s)', (_, start) => {
  const rig = useOneStore(start);
  let store: Store;
  let repository = aRequest().repository;
  let stops: (() => Promise<void>)[] = [];
  const job = (changes: Partial<WorkRequest> = {}) => aJob(store, { repository, ...changes });
  const stopWish = (changes: Partial<WorkRequest> = {}): Reading => ({
    type: 'stop',
    request: aRequest({ verb: 'stop', said: 'stop', via: 'command', repository, ...changes }),
  });
  const wishToStop = async (changes: Partial<WorkRequest> = {}) => {
    const receipt = await store.receive(aDelivery(), stopWish(changes));
    if (receipt.type !== 'queued') throw new Error(`Expected a job, got ${receipt.type}.`);
    return receipt.jobId;
  };
  const take = async (jobId: string) => {
    const taken = await aClaim(store, jobId);
    stops.push(taken.stop);
    return taken.claim;
  };
  /** Lets the job wait for an hour and gives the claim that it had. */
  const park = async (jobId: string) => {
    const taken = Promise.withResolvers<Claim>();
    const worker = await store.work({
      concurrency: 1,
      handle: (claim) => {
        taken.resolve(claim);
        return Promise.reject(new BotError('github-limited', 'Later.', { retryAt: Date.now() + 3_600_000 }));
      },
    });
    const claim = await taken.promise;
    await until(async () => (await store.run(jobId))?.parked);
    await worker.stop(0);
    return claim;
  };
  const release = async () => {
    for (const stop of stops) await stop();
    stops = [];
  };

  beforeEach(() => {
    ({ store, repository } = rig());
  });
  afterEach(async () => {
    await release();
    await store.forget(repository.installationId); // nothing waits for the next test
  });

  it.each(['label', 'closing'] as const)(
    'RL-27: a wish to stop by %s is a job only while there is something to stop',
    async (via) => {
      const nothing = { type: 'ignored', reason: 'nothing to stop' };
      const other = { subject: { kind: 'issue' as const, number: 99 } };
      await job(other);
      expect(await store.receive(aDelivery(), stopWish({ via }))).toEqual(nothing);
      await job();
      expect(await store.receive(aDelivery(), stopWish({ via }))).toMatchObject({ type: 'queued' });
      expect(await store.receive(aDelivery(), stopWish({ via, subject: { kind: 'issue', number: 13 } }))).toEqual(
        nothing,
      );
    },
  );

  it('RL-27: a wish to stop counts a job that arrives in the same moment just before it, and a command needs none', async () => {
    const receipts = await Promise.all([
      store.receive(aDelivery(), { type: 'work', request: aRequest({ repository }) }),
      store.receive(aDelivery(), stopWish({ via: 'label' })),
      store.receive(aDelivery(), stopWish({ subject: { kind: 'issue', number: 13 } })),
      store.receive(aDelivery(), stopWish({ via: 'closing', subject: { kind: 'issue', number: 14 } })),
    ]);
    expect(receipts.map(({ type }) => type)).toEqual(['queued', 'queued', 'queued', 'ignored']);
  });

  it('records an ignored wish and an uninstallation as they were ended', async () => {
    expect(await store.receive(aDelivery(), { type: 'uninstalled', installationId: 77 })).toMatchObject({
      type: 'ignored',
    });
    const reading = stopWish({ via: 'label' });
    const delivery = aDelivery();
    await store.receive(delivery, reading);
    expect(await store.receive(delivery, reading)).toEqual({ type: 'duplicate-delivery' });
    expect(await store.unknownDeliveries(['never-seen', delivery.id, 'nor this'])).toEqual(['never-seen', 'nor this']);
  });

  it('RL-27: a running job sees the wishes to stop that came after it, and no others', async () => {
    const before = await wishToStop({ intention: 'comment:before' });
    await store.finish(await take(before), { type: 'answered' });
    await release();
    const claim = await take(await job());
    expect(await store.stopWishes(claim)).toEqual([]);
    await wishToStop({ intention: 'comment:after' });
    await wishToStop({ subject: { kind: 'issue', number: 99 } });
    await job();
    expect((await store.stopWishes(claim)).map(({ intention }) => intention)).toEqual(['comment:after']);
  });

  it('RL-27: a wish to stop is taken before what waits on its subject, and withdraws that', async () => {
    const first = await job({ instruction: 'first' });
    const second = await job({ instruction: 'second' });
    const elsewhere = await job({ subject: { kind: 'issue', number: 99 } });
    const stopId = await wishToStop();
    const later = await job({ instruction: 'later' });
    const claim = await take(stopId);
    expect((await store.run(first))?.state).toBe('queued');
    const withdrawn = await store.withdraw(claim, stopped);
    expect(withdrawn.map((each) => [each.job.id, each.job.request.instruction])).toEqual([
      [first, 'first'],
      [second, 'second'],
    ]);
    expect(await store.withdraw(claim, stopped)).toEqual([]);
    expect(await store.run(first)).toMatchObject({ state: 'finished', outcome: stopped });
    await store.finish(claim, { type: 'answered' });
    await release();
    await take(later);
    expect((await store.run(second))?.state).toBe('finished');
    expect((await store.run(elsewhere))?.outcome).not.toEqual(stopped);
  });

  it('RL-12: a zombie of a withdrawn job can write nothing, and only the holder of a wish to stop withdraws', async () => {
    const zombie = await park(await job());
    const stopId = await wishToStop();
    const claim = await take(stopId);
    expect(await store.withdraw(claim, stopped)).toHaveLength(1);
    await expect(store.requireHeld(zombie)).rejects.toMatchObject({ code: 'fenced' });
    await expect(store.finish(zombie, { type: 'answered' })).rejects.toMatchObject({ code: 'fenced' });
    await release();
    await expect(store.withdraw(claim, stopped)).rejects.toMatchObject({ code: 'fenced' });
  });

  it('tells a job about those before it, with what became of them', async () => {
    const first = await job({ instruction: 'first' });
    await store.finish(await take(first), { type: 'nothing-to-change', reason: 'It is there.' });
    await release();
    const second = await job();
    const third = await job();
    await job({ subject: { kind: 'issue', number: 99 } });
    await store.finish(await take(second), stopped);
    await release();
    const claim: Claim = await take(third);
    await job();
    expect(await store.earlier(claim)).toMatchObject([
      { jobId: first, state: 'finished', outcome: { type: 'nothing-to-change' }, request: { instruction: 'first' } },
      { jobId: second, state: 'finished', outcome: stopped },
    ]);
  });

  it.each([
    ['the same label in another case', { trigger: 'Backend' }, '2026-03-01T10:00:00Z', true],
    ['a moment before it was looked at', { requestedAt: '2026-03-01T09:59:51Z' }, '2026-03-01T10:00:00Z', true],
    ['an earlier labelling', { requestedAt: '2026-03-01T09:59:49Z' }, '2026-03-01T10:00:00Z', false],
    ['another label', { trigger: 'frontend' }, '2026-03-01T10:00:00Z', false],
    ['a command', { via: 'command' as const, trigger: 'backend' }, '2026-03-01T10:00:00Z', false],
    ['a label that was taken off', { verb: 'stop' as const }, '2026-03-01T10:00:00Z', false],
  ])('RL-04: knows whether a label became a job: %s', async (_which, changes, since, known) => {
    await job(changes);
    expect(await store.hasLabelWish(repository.id, 12, 'backend', since)).toBe(known);
    expect(await store.hasLabelWish(repository.id, 13, 'backend', since)).toBe(false);
  });

  it('RL-29: forgets on uninstallation what people and models wrote, ends the jobs, and leaves others alone', async () => {
    await using fresh = await rig().databases.create();
    const own = await fresh.open();
    const ours = { ...repository, installationId: 900 };
    const other = { ...repository, id: repository.id + 1_000_000, installationId: 901 };
    const texts = { instruction: 'secret', seen: { title: 'secret', body: 'secret' } };
    const put = (path: string, text: string) =>
      ({ path, type: 'put', mode: '100644', bytes: new TextEncoder().encode(text) }) as const;
    const theirs = await aClaim(own, await aJob(own, { repository: other }));
    await own.journal(theirs.claim).saveChanges([put('a', 'both')]);
    const running = (await aClaim(own, await aJob(own, { repository: ours, ...texts }))).claim;
    await own.journal(running).saveChanges([put('a', 'both'), put('b', 'secret')]);
    await own.effects(running).ensure('status:1', { look: () => Promise.resolve(7), make: () => Promise.resolve(7) });
    const queued = await aJob(own, { repository: ours, ...texts });
    expect(await own.forget(900, [other.id])).toEqual([other.id]);
    expect((await own.run(queued))?.state).toBe('queued');
    expect(await own.forget(900)).toEqual([ours.id]);
    await expect(own.requireHeld(running)).rejects.toMatchObject({ code: 'fenced' });
    expect(JSON.stringify([await own.run(queued), await own.run(running.jobId)])).not.toContain('secret');
    expect(await own.run(queued)).toMatchObject({ state: 'finished', outcome: { type: 'ignored' } });
    expect(await own.transcript(running.jobId)).toEqual([]);
    expect(await own.waiting(10)).toEqual([]);
    expect(await own.journal(theirs.claim).latestChanges()).toEqual([put('a', 'both')]);
    await own.finish(theirs.claim, { type: 'answered' });
    await theirs.stop();
    const blobs = (sql: Sql) => sql("select convert_from(bytes, 'UTF8') as text from backend.blobs");
    expect(await fresh.inspect(blobs)).toEqual([{ text: 'both' }]);
    await (await fresh.open()).purge(Date.now() + 60_000);
    expect(await fresh.inspect(blobs)).toEqual([]);
  });

  it('purges by age: deliveries, and the journals of finished jobs only', async () => {
    const delivery = aDelivery();
    await store.receive(delivery, { type: 'ignored', reason: 'A bot did it.' });
    const claim = await take(await job());
    await store.journal(claim).append('turn', 'said');
    await store.purge(Date.now() - 60_000);
    expect(await store.unknownDeliveries([delivery.id])).toEqual([]);
    await store.purge(Date.now() + 60_000);
    expect(await store.unknownDeliveries([delivery.id])).toEqual([delivery.id]);
    expect(await store.transcript(claim.jobId)).toHaveLength(1);
    await store.finish(claim, { type: 'answered' });
    await untilState(store, claim.jobId, 'finished');
    await store.purge(Date.now() - 60_000);
    expect(await store.transcript(claim.jobId)).toHaveLength(1);
    await store.purge(Date.now() + 60_000);
    expect(await store.transcript(claim.jobId)).toEqual([]);
  });
});
