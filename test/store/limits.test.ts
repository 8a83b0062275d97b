import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Store, StoreOptions } from '../../src/store/index.ts';
import { until } from './builders.ts';
import { kinds, startServer } from './databases.ts';
import type { Databases, TestDatabase } from './databases.ts';

describe.each(kinds)('what all processes keep to together (%s)', (kind, start) => {
  let databases: Databases;
  let database: TestDatabase;
  let stores: readonly Store[];
  const open = async (options: Partial<StoreOptions>) => {
    database = await databases.create();
    const count = kind === 'PostgreSQL' ? 3 : 1; // nobody can share the embedded one
    stores = await Promise.all(Array.from({ length: count }, () => database.open(options)));
    return (index: number) => stores[index % stores.length] ?? Promise.reject(new Error('no store'));
  };

  beforeAll(async () => {
    databases = await start();
  });
  afterEach(() => database[Symbol.asyncDispose]());
  afterAll(async () => {
    await databases[Symbol.asyncDispose]();
  });

  it('RL-39: turns at creating content never exceed gap, minute or hour, whoever takes them', async () => {
    const pace = { gapMs: 10, perMinute: 8, minuteMs: 400, perHour: 25, hourMs: 1_600 };
    const store = await open({ pace });
    const turns = await Promise.all(
      Array.from({ length: 40 }, async (_none, index) => (await store(index)).takeTurn(60_000)),
    );
    expect(turns.filter((turn) => 'refusedUntil' in turn)).toEqual([]);
    const rows = await database.inspect((sql) =>
      sql('select extract(epoch from at)::float8 * 1000 as ms from backend.write_turns order by at'),
    );
    const times = rows.map((row) => Number(row['ms']));
    expect(times).toHaveLength(40);
    expect(shortest(times, 1)).toBeGreaterThanOrEqual(pace.gapMs - 0.01);
    expect(shortest(times, pace.perMinute)).toBeGreaterThanOrEqual(pace.minuteMs);
    expect(shortest(times, pace.perHour)).toBeGreaterThanOrEqual(pace.hourMs);
  });

  it('refuses a turn that is too far away, without taking it, and says when to ask again', async () => {
    const store = await open({
      pace: { gapMs: 60_000, perMinute: 80, minuteMs: 60_000, perHour: 500, hourMs: 3_600_000 },
    });
    expect(await (await store(0)).takeTurn(0)).toEqual({ waitMs: 0 });
    const refused = await Promise.all([0, 1, 2].map(async (index) => (await store(index)).takeTurn(1_000)));
    for (const turn of refused) {
      const until = 'refusedUntil' in turn ? turn.refusedUntil - Date.now() : 0;
      expect(until).toBeGreaterThan(50_000);
      expect(until).toBeLessThanOrEqual(60_000);
    }
    expect(await (await store(1)).takeTurn(60_000)).toMatchObject({ waitMs: expect.closeTo(60_000, -4) as number });
  });

  it('has room for courtesies while less than half of the turns are used', async () => {
    const store = await open({ pace: { gapMs: 0, perMinute: 6, minuteMs: 60_000, perHour: 500, hourMs: 3_600_000 } });
    const room: boolean[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      room.push(await (await store(turn)).hasRoom());
      await (await store(turn)).takeTurn(0);
    }
    expect(room).toEqual([true, true, true, false]);
  });

  it('pauses a scope once for all, prolongs it but never shortens it, and ends it by itself', async () => {
    const store = await open({});
    const [one, two] = [await store(0), await store(1)];
    const far = Date.now() + 600_000;
    const newly = await Promise.all([one, two, one, two].map((each) => each.pause('github:77', far, 'limit')));
    expect(newly.filter(Boolean)).toHaveLength(1);
    expect(await two.pause('github:77', far - 300_000, 'shorter')).toBe(false);
    expect(await one.pausedUntil('github:77')).toEqual({ until: expect.closeTo(far, -3) as number, reason: 'limit' });
    expect(await two.pause('github:77', far + 300_000, 'longer')).toBe(false);
    expect(await one.pausedUntil('github:77')).toMatchObject({ reason: 'longer' });
    expect(await one.pausedUntil('github:78')).toBeUndefined();
    expect(await two.pause('model', Date.now() + 50, 'brief')).toBe(true);
    await until(async () => (await one.pausedUntil('model')) === undefined);
    expect(await one.pause('model', Date.now() + 600_000, 'again')).toBe(true);
    expect(await two.pause('past', Date.now() - 1_000, 'over')).toBe(false);
  });

  it('gives a duty to one process per interval, which says when it was last done', async () => {
    const store = await open({});
    const take = (everyMs: number) =>
      Promise.all([0, 1, 2].map(async (index) => (await store(index)).takeDuty('sweep', everyMs)));
    const [first, ...none] = (await take(600_000)).filter((duty) => duty !== undefined);
    expect(none).toEqual([]);
    expect(first).toEqual({ startedAt: expect.closeTo(Date.now(), -4) as number, since: undefined });
    expect(await take(600_000)).toEqual([undefined, undefined, undefined]);
    await sleep(5);
    const second = await (await store(1)).takeDuty('sweep', 1);
    expect(second?.since).toBeUndefined(); // the first was never said to be done
    await (await store(2)).endDuty('sweep', { startedAt: second?.startedAt ?? 0 });
    await sleep(5);
    expect((await (await store(0)).takeDuty('sweep', 1))?.since).toBe(second?.startedAt);
    expect(await (await store(0)).takeDuty('other', 600_000)).toBeDefined();
  });

  /** The shortest time in which `count` + 1 turns lie. */
  function shortest(times: readonly number[], count: number): number {
    return Math.min(...times.slice(count).map((at, index) => at - (times[index] ?? 0)));
  }
});

it('gives no duty twice where the later of two processes comes first', async () => {
  await using postgres = await startServer();
  await using database = await postgres.create();
  const store = await database.open({});
  let late: Promise<unknown> | undefined;
  await database.transact(async (sql) => {
    await sql(`insert into backend.duties (name, started_at) values ('sweep', '-infinity')`);
    late = store.takeDuty('sweep', 600_000); // asked for before the row is this one's, and waits for it
    await until(async () => (await sql('select 1 from pg_locks where not granted')).length > 0);
    await sql(`update backend.duties set started_at = clock_timestamp() where name = 'sweep'`);
  });
  expect(await late).toBeUndefined();
});
