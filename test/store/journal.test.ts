import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ChangeSet, Plan } from '../../src/domain/index.ts';
import type { Claim, Store } from '../../src/store/index.ts';
import { aClaim, aJob, aRequest, untilState } from './builders.ts';
import { kinds } from './databases.ts';
import type { Databases, TestDatabase } from './databases.ts';

/** How long an attempt may take to show, in these tests. */
const settleMs = 200;

const plan: Plan = {
  agent: 'backend-developer',
  base: { branch: 'main', sha: 'a'.repeat(40) },
  branch: 'backend/12-add-paging',
  budget: { usd: 5, turns: 200, minutes: 60 },
  draft: true,
  checks: { test: 'npm test' },
  allowedHosts: [],
  protectedPaths: [],
  preferencesPath: 'PREFERENCES.md',
};

describe.each(kinds)('a claimed job (%s)', (_, start) => {
  let databases: Databases;
  let database: TestDatabase;
  let store: Store;
  let claim: Claim;
  let now = Date.parse('2026-03-01T12:00:00Z');
  let stops: (() => Promise<void>)[] = [];
  const take = async (jobId: string) => {
    const taken = await aClaim(store, jobId);
    stops.push(taken.stop);
    return taken.claim;
  };
  const stop = async () => {
    for (const each of stops) await each();
    stops = [];
  };

  beforeAll(async () => {
    databases = await start();
    database = await databases.create();
    store = await database.open({ now: () => now, settleMs });
  });
  afterAll(async () => {
    await database[Symbol.asyncDispose]();
    await databases[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    now += 86_400_000; // every test has a day of its own
    claim = await take(await aJob(store));
  });
  afterEach(stop);

  it('produces a named value once and gives the recorded one ever after', async () => {
    let produced = 0;
    const produce = () => Promise.resolve({ zeta: (produced += 1), alpha: ['x'] });
    const first = await store.journal(claim).once('facts', produce);
    const second = await store.journal(claim).once('facts', produce);
    expect([first, second, produced]).toEqual([{ zeta: 1, alpha: ['x'] }, { zeta: 1, alpha: ['x'] }, 1]);
  });

  it('gives both the first recorded value when two produce the same name at once', async () => {
    const journal = store.journal(claim);
    const [one, other] = await Promise.all(
      ['one', 'other'].map((said) => journal.once('race', () => Promise.resolve(said))),
    );
    expect(one).toBe(other);
    expect(await store.transcript(claim.jobId)).toHaveLength(1);
  });

  it('records nothing under a name whose production fails', async () => {
    const journal = store.journal(claim);
    await expect(journal.once('facts', () => Promise.reject(new Error('GitHub is down')))).rejects.toThrow(
      'GitHub is down',
    );
    expect(await journal.once('facts', () => Promise.resolve('up'))).toBe('up');
  });

  it('keeps a recorded nothing apart from nothing recorded', async () => {
    const journal = store.journal(claim);
    await journal.once<string | undefined>('pull', () => Promise.resolve(undefined));
    expect(await journal.once<string | undefined>('pull', () => Promise.resolve('late'))).toBeUndefined();
  });

  it('numbers entries from 1 without gaps, also when many are written at once', async () => {
    const journal = store.journal(claim);
    await Promise.all(Array.from({ length: 12 }, (_none, index) => store.journal(claim).append('turn', index)));
    await journal.once('twice', () => Promise.resolve(1));
    await journal.once('twice', () => Promise.resolve(2));
    await journal.append('turn', 'last');
    const entries = await store.transcript(claim.jobId);
    expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 14 }, (_none, index) => index + 1));
  });

  it('gives entries of the kinds asked for, in order, exactly as they were written', async () => {
    const journal = store.journal(claim);
    const message = { zz: 1, a: { 'b\0': 'nul \0', half: '\ud83d' }, 10: 'ten', 9: 'nine' };
    await journal.append('assistant', message);
    await journal.append('user', 'two');
    await journal.append('note', 'three');
    const entries = await journal.entries('user', 'assistant');
    expect(entries.map(({ kind }) => kind)).toEqual(['assistant', 'user']);
    expect(JSON.stringify(entries[0]?.data)).toBe(JSON.stringify(message));
    expect(entries[0]?.at).toBe(new Date(now).toISOString());
    expect(await journal.entries()).toHaveLength(3);
  });

  it('rebuilds the latest work tree', async () => {
    const journal = store.journal(claim);
    const bytes = new Uint8Array([0, 255, 10, 0]);
    const first: ChangeSet = [
      { path: 'a.bin', type: 'put', mode: '100755', bytes },
      { path: 'b.bin', type: 'put', mode: '100644', bytes: Uint8Array.from(bytes) },
    ];
    const second: ChangeSet = [
      ...first,
      { path: 'gone.ts', type: 'delete' },
      { path: 'link', type: 'put', mode: '120000', bytes: new TextEncoder().encode('a.bin') },
    ];
    expect(await journal.latestChanges()).toEqual([]);
    await journal.saveChanges(first);
    await journal.saveChanges(second);
    expect(await store.journal(claim).latestChanges()).toEqual(second);
  });

  it('keeps equal contents once', async () => {
    const fresh = await databases.create();
    const own = await fresh.open();
    const { claim: held } = await aClaim(own, await aJob(own));
    const put = (path: string, text: string) => ({
      path,
      type: 'put' as const,
      mode: '100644' as const,
      bytes: new TextEncoder().encode(text),
    });
    await own.journal(held).saveChanges([put('a', 'same'), put('b', 'same')]);
    await own.journal(held).saveChanges([put('a', 'same'), put('b', 'other')]);
    const kept = await fresh.inspect((sql) => sql('select count(*)::int as blobs from backend.blobs'));
    expect(kept).toEqual([{ blobs: 2 }]);
    await fresh[Symbol.asyncDispose]();
  });

  it('looks before it makes an effect, makes it once, and then knows it', async () => {
    const calls: string[] = [];
    const effect = {
      look: () => Promise.resolve(void calls.push('look')).then(() => undefined),
      make: () => Promise.resolve(calls.push('make')).then(() => ({ number: 7 })),
    };
    expect(await store.effects(claim).ensure('pull', effect)).toEqual({ number: 7 });
    expect(await store.effects(claim).ensure('pull', effect)).toEqual({ number: 7 });
    expect(calls).toEqual(['look', 'make']);
  });

  it('adopts what it finds instead of making it', async () => {
    const make = () => Promise.reject(new Error('made twice'));
    const found = await store.effects(claim).ensure('pull', { look: () => Promise.resolve({ number: 3 }), make });
    const again = await store
      .effects(claim)
      .ensure('pull', { look: () => Promise.reject(new Error('looked twice')), make });
    expect([found, again]).toEqual([{ number: 3 }, { number: 3 }]);
  });

  it('RL-21: looks first after an attempt whose end it never recorded', async () => {
    const remote: string[] = [];
    const look = () => Promise.resolve(remote[0]);
    const lost = {
      look,
      make: () => Promise.reject(new Error(`the answer was lost after ${remote.push('comment 1')}`)),
    };
    await expect(store.effects(claim).ensure('comment', lost)).rejects.toThrow('the answer was lost');
    await stop();
    const next = await take(claim.jobId);
    const made = await store
      .effects(next)
      .ensure('comment', { look, make: () => Promise.resolve(`made ${remote.push('comment 2')}`) });
    expect(made).toBe('comment 1');
    expect(remote).toEqual(['comment 1']);
  });

  it('RL-22: waits until an attempt with an unknown end must show, looks again, and only then repeats', async () => {
    const calls: string[] = [];
    let shownFrom = Infinity;
    const late = {
      look: () => Promise.resolve(calls.push('look') > 0 && performance.now() >= shownFrom ? 'first' : undefined),
      make: () => {
        calls.push('make');
        shownFrom = performance.now() + settleMs / 2; // as GitHub's lists lag behind
        return Promise.reject(new Error('502'));
      },
    };
    await expect(store.effects(claim).ensure('late', late)).rejects.toThrow('502');
    expect(await store.effects(claim).ensure('late', late)).toBe('first');
    expect(calls).toEqual(['look', 'make', 'look', 'look']);
    calls.length = 0;
    const never = { ...late, look: () => Promise.resolve(calls.push('look') < 0 ? '' : undefined) };
    await expect(store.effects(claim).ensure('never', never)).rejects.toThrow('502');
    await expect(store.effects(claim).ensure('never', never)).rejects.toThrow('502');
    expect(calls).toEqual(['look', 'make', 'look', 'look', 'make']);
    expect(await store.repeatedEffects()).toEqual([]); // none is recorded, none a minute old
  });

  it('RL-22: remembers what was made twice until that is settled', async () => {
    const fresh = await databases.create();
    const own = await fresh.open({ settleMs: 0 });
    const { claim: held, stop: leave } = await aClaim(own, await aJob(own));
    const look = () => Promise.resolve(undefined);
    const lost = { look, make: () => Promise.reject(new Error('502')) };
    await expect(own.effects(held).ensure('status:1', lost)).rejects.toThrow('502');
    await leave();
    const next = await aClaim(own, held.jobId);
    await own.effects(next.claim).ensure('status:1', { look, make: () => Promise.resolve({ id: 7 }) });
    await own.effects(next.claim).ensure('reply', { look, make: () => Promise.resolve({ id: 8 }) });
    await next.stop();
    await fresh.inspect((sql) => sql("update backend.effects set at = at - interval '61 seconds'"));
    const later = await fresh.open();
    expect(await later.repeatedEffects()).toMatchObject([
      { jobId: held.jobId, key: 'status:1', remote: { id: 7 }, request: { intention: held.request.intention } },
    ]);
    await later.settleRepeated(held.jobId, 'status:1');
    expect(await later.repeatedEffects()).toEqual([]);
    await fresh[Symbol.asyncDispose]();
  });

  it('lets one make while another asks for the same effect', async () => {
    let made = 0;
    const ensure = () =>
      store
        .effects(claim)
        .ensure('comment', { look: () => Promise.resolve(undefined), make: () => Promise.resolve((made += 1)) });
    expect(await Promise.all([ensure(), ensure(), ensure()])).toEqual([1, 1, 1]);
  });

  it('shows plan, step, cost and outcome of a run, newest first', async () => {
    now += 1_000;
    const later = await aJob(store, { subject: { kind: 'issue', number: 13 } });
    await store.setPlan(claim, plan);
    await store.setStep(claim, 'verify');
    await store.journal(claim).append('turn', 'paid', 0.125);
    await store.journal(claim).append('turn', 'paid', 0.5);
    expect(await store.run(claim.jobId)).toMatchObject({
      state: 'running',
      step: 'verify',
      usd: 0.625,
      repository: 'acme/shop',
    });
    await store.finish(claim, { type: 'nothing-to-change', reason: 'It is there already.' });
    const run = await store.run(claim.jobId);
    expect(run).toMatchObject({
      state: 'finished',
      outcome: { type: 'nothing-to-change' },
      updatedAt: new Date(now).toISOString(),
    });
    expect(run?.job).toEqual({ id: claim.jobId, request: claim.request, plan });
    expect((await store.runs(2)).map(({ jobId }) => jobId)).toEqual([later, claim.jobId]);
    expect(await store.runs(1)).toHaveLength(1);
    expect(await store.run('00000000-0000-4000-8000-000000000000')).toBeUndefined();
    expect(await store.run('no-uuid')).toBeUndefined();
  });

  it('remembers which pull requests an issue led to', async () => {
    const { repository, subject } = claim.request;
    expect(await store.publishedPulls(repository.id, subject.number)).toEqual([]);
    await store.finish(claim, {
      type: 'published',
      pullNumber: 9,
      url: 'https://github.com/acme/shop/pull/9',
      draft: true,
    });
    expect(await store.publishedPulls(repository.id, subject.number)).toEqual([9]);
    expect(await store.publishedPulls(repository.id, subject.number + 1)).toEqual([]);
  });

  it('counts spend from midnight UTC', async () => {
    now = new Date(now).setUTCHours(23, 59, 59, 999);
    await store.journal(claim).append('turn', 'paid', 1);
    expect(await store.spentToday()).toBe(1);
    now += 1;
    expect(await store.spentToday()).toBe(0);
    await store.journal(claim).append('turn', 'paid', 0.1);
    await store.journal(claim).append('turn', 'paid', 0.2);
    expect(await store.spentToday()).toBe(0.3);
  });

  const writes: readonly (readonly [string, (on: Store, old: Claim) => Promise<unknown>])[] = [
    ['append', (on, old) => on.journal(old).append('turn', 1)],
    ['once', (on, old) => on.journal(old).once('late', () => Promise.resolve(1))],
    ['saveChanges', (on, old) => on.journal(old).saveChanges([])],
    [
      'ensure',
      (on, old) =>
        on.effects(old).ensure('late', { look: () => Promise.resolve(undefined), make: () => Promise.resolve(1) }),
    ],
    [
      'ensure of what is there',
      (on, old) => on.effects(old).ensure('late', { look: () => Promise.resolve(1), make: () => Promise.resolve(1) }),
    ],
    ['requireHeld', (on, old) => on.requireHeld(old)],
    ['setPlan', (on, old) => on.setPlan(old, plan)],
    ['setStep', (on, old) => on.setStep(old, 'publish')],
    ['finish', (on, old) => on.finish(old, { type: 'answered' })],
    ['append of a paid turn', (on, old) => on.journal(old).append('turn', 2, 0.5)],
  ];

  it('refuses every write of a claim that went back into the queue, and of one that another has followed', async () => {
    await store.journal(claim).append('turn', 'mine');
    await stop();
    await untilState(store, claim.jobId, 'queued');
    for (const [name, write] of writes)
      await expect(write(store, claim), `${name} while queued`).rejects.toMatchObject({ code: 'fenced' });
    const next = await take(claim.jobId);
    expect(next.epoch).toBeGreaterThan(claim.epoch);
    for (const [name, write] of writes)
      await expect(write(store, claim), `${name} when followed`).rejects.toMatchObject({ code: 'fenced' });
    expect((await store.transcript(claim.jobId)).map(({ data }) => data)).toEqual(['mine']);
    expect(await store.run(claim.jobId)).toMatchObject({ state: 'running', usd: 1 }); // money spent is spent
    for (const [name, write] of writes) await expect(write(store, next), `${name} by the next`).resolves.not.toThrow();
  });

  it('makes no effect for a claim that became outdated while it looked', async () => {
    let made = 0;
    const look = async () => {
      await stop();
      return undefined;
    };
    const ensured = store.effects(claim).ensure('comment', { look, make: () => Promise.resolve((made += 1)) });
    await expect(ensured).rejects.toMatchObject({ code: 'fenced' });
    expect(made).toBe(0);
  });

  it('gives the claim the request as it was received', () => {
    expect(claim).toMatchObject({ epoch: 1, request: { ...aRequest(), intention: claim.request.intention } });
  });
});
