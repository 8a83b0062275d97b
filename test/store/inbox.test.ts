import { beforeEach, describe, expect, it } from 'vitest';
import type { WorkRequest } from '../../src/domain/index.ts';
import type { Store } from '../../src/store/index.ts';
import { aDelivery, aJob, aRequest, work } from './builders.ts';
import { kinds } from './databases.ts';
import { useOneStore } from './rigs.ts';

describe.each(kinds)('receive (%s)', (_, start) => {
  const rig = useOneStore(start);
  let store: Store;
  let repository = aRequest().repository;
  const wish = (changes: Partial<WorkRequest> = {}) => work({ repository, ...changes });
  /** The jobs of this test's own repository. */
  const runs = async () => (await store.runs(1_000)).filter((run) => run.repository === `acme/${repository.name}`);

  beforeEach(() => {
    ({ store, repository } = rig());
  });

  it('RL-01: makes one job of the same delivery twenty times at once', async () => {
    const delivery = aDelivery();
    const reading = wish();
    const receipts = await Promise.all(Array.from({ length: 20 }, () => store.receive(delivery, reading)));
    expect(receipts.filter(({ type }) => type === 'queued')).toHaveLength(1);
    expect(receipts.filter(({ type }) => type === 'duplicate-delivery')).toHaveLength(19);
    expect(await runs()).toHaveLength(1);
  });

  it('knows a body that comes back under a fresh delivery id', async () => {
    const delivery = aDelivery();
    await store.receive(delivery, wish());
    expect(await store.receive({ ...delivery, id: 'another' }, wish())).toEqual({ type: 'duplicate-delivery' });
    expect(await runs()).toHaveLength(1);
  });

  it.each([
    ['one after the other', (first: Receive, second: Receive) => first().then(async (one) => [one, await second()])],
    ['at once', (first: Receive, second: Receive) => Promise.all([first(), second()])],
    ['at once, in the other order', (first: Receive, second: Receive) => Promise.all([second(), first()])],
  ])('RL-02: makes one job of one intention in two deliveries, %s', async (_order, both) => {
    const reading = wish({ intention: 'label:12:2026-03-01T10:00:00Z' });
    const receive = (event: string) => () => store.receive(aDelivery({ event }), reading);
    const [first, second] = await both(receive('issues.opened'), receive('issues.labeled'));
    const jobId = first?.type === 'queued' ? first.jobId : 'none';
    expect(second).toEqual({ type: 'duplicate-intention', jobId });
    expect((await runs()).map((run) => run.jobId)).toEqual([jobId]);
  });

  it('takes the same intention in another repository as another wish', async () => {
    await aJob(store, { intention: 'comment:1', repository: { ...repository, id: 1 } });
    await aJob(store, { intention: 'comment:1', repository });
    expect(await runs()).toHaveLength(2);
  });

  it('keeps nothing of a delivery whose job is refused, so that it can come again', async () => {
    const delivery = aDelivery();
    await expect(store.receive(delivery, unfit())).rejects.toMatchObject({ code: 'bug' });
    expect(await store.receive(delivery, wish())).toMatchObject({ type: 'queued' });
  });

  it('takes the others of a batch when one of them is refused', async () => {
    const good = Array.from({ length: 10 }, () => store.receive(aDelivery(), wish()));
    const bad = store.receive(aDelivery(), unfit());
    const more = Array.from({ length: 10 }, () => store.receive(aDelivery(), wish()));
    await expect(bad).rejects.toMatchObject({ code: 'bug' });
    const receipts = await Promise.all([...good, ...more]);
    expect(new Set(receipts.map(({ type }) => type))).toEqual(new Set(['queued']));
  });

  it('keeps text as it was typed, even what the database has no text for', async () => {
    const instruction = 'nul \0, half a pair \ud83d, quote \' " \\ {}, snow ☃';
    const jobId = await aJob(store, { instruction });
    expect((await store.run(jobId))?.job.request.instruction).toBe(instruction);
  });

  it('records the fate of every delivery, and queues the job under its own id and the key of its subject', async () => {
    const fresh = await rig().databases.create();
    const own = await fresh.open();
    const reading = work();
    const queued = await own.receive(aDelivery({ id: 'a' }), reading);
    const jobId = queued.type === 'queued' ? queued.jobId : 'none';
    await own.receive(aDelivery({ id: 'b' }), reading);
    const ignored = await own.receive(aDelivery({ id: 'c' }), { type: 'ignored', reason: 'A bot\0 did it.' });
    expect(ignored).toEqual({ type: 'ignored', reason: 'A bot\0 did it.' });
    const [deliveries, entries] = await fresh.inspect(async (sql) => [
      await sql('select id, fate, reason, job_id from backend.deliveries order by id'),
      await sql("select id, singleton_key from pgboss.job where name = 'jobs'"),
    ]);
    expect(deliveries).toEqual([
      { id: 'a', fate: 'queued', reason: null, job_id: jobId },
      { id: 'b', fate: 'duplicate-intention', reason: null, job_id: jobId },
      { id: 'c', fate: 'ignored', reason: 'A bot did it.', job_id: null },
    ]);
    expect(entries).toEqual([{ id: jobId, singleton_key: '501#12' }]);
    await fresh[Symbol.asyncDispose]();
  });
});

type Receive = () => ReturnType<Store['receive']>;

/** A request that no database takes: the number is beyond the column's range. */
function unfit() {
  return work({ subject: { kind: 'issue', number: 2 ** 40 } });
}
