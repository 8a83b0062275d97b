import { describe, expect, it } from 'vitest';
import type { Blocks, GitHubOptions } from '../../src/github/index.ts';
import {
  createTime,
  doorTo,
  identityOf,
  mintsOf,
  shareStandIn,
  startWorld,
  writesOf,
  type GitHubWorld,
} from './github-world.ts';

const time = createTime();
const openWorld = shareStandIn({ now: time.now });
const door: Partial<GitHubOptions> = { now: time.now, sleep: time.sleep };

/** What one of our calls did, by what it is called; each needs a token first. */
const acts = {
  'a read': (world: GitHubWorld) => world.client.issue(1),
  'a write': (world: GitHubWorld) => world.client.createComment(1, 'once'),
  'a mint': (world: GitHubWorld) => world.client.createComment(1, 'once'),
} as const;
const paths = { 'a read': '/issues/1', 'a write': '/comments', 'a mint': '/access_tokens' } as const;
const kinds = ['a read', 'a write', 'a mint'] as const;

async function openShop(options: Partial<GitHubOptions> = {}): Promise<GitHubWorld> {
  const world = await openWorld({ door: { ...door, ...options } });
  await world.standIn.openIssue(world.repo, { title: 'Add', by: 'mona' });
  return world;
}

/** At the true time: the App's own tokens are signed by it. */
async function openFreshShop({ now, sleep } = createTime()): Promise<GitHubWorld> {
  const world = await startWorld({ now }, { door: { now, sleep } });
  await world.standIn.openIssue(world.repo, { title: 'Add', by: 'mona' });
  return world;
}

/** Calls in the order they came, as seconds since the first. */
function secondsOf(world: GitHubWorld, path: string): number[] {
  const times = world
    .history()
    .filter((entry) => entry.path.includes(path))
    .map(({ at }) => at);
  return times.map((at) => Math.round((at - (times[0] ?? 0)) / 1000));
}

describe('a primary limit', () => {
  it.each(kinds.flatMap((kind) => ([403, 429] as const).map((status) => [kind, status] as const)))(
    'RL-19: that ends within a minute is sat out by %s (%i), and nothing is sent before',
    async (kind, status) => {
      await using world = await openFreshShop();
      const struck = world.standIn.plantFault({ path: paths[kind], then: 'rate-limit', resetInMs: 40_000, status });
      await acts[kind](world);
      const [first, second] = world.history().filter(({ path }) => path.includes(paths[kind]));
      expect(struck()).toBe(1);
      expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(40_000);
      const between = world.history().filter(({ at }) => at > (first?.at ?? 0) && at < (second?.at ?? 0));
      expect(between).toEqual([]);
      if (kind !== 'a read') expect(world.repo.comments(1)).toHaveLength(1);
    },
  );

  it('RL-19: that lasts longer is said with its end, and until then nothing of that installation is sent, tokens included', async () => {
    await using world = await openShop();
    await using other = await openShop();
    await world.client.issue(1);
    world.standIn.plantFault({ path: '/issues/1', then: 'rate-limit', resetInMs: 1_800_000 });
    const limited = {
      code: 'github-limited',
      isOutage: true,
      message: expect.stringMatching(/in 1[78]\d\d s/) as string,
    };
    const error = await world.client.issue(1).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject(limited);
    const { retryAt = 0 } = error as { retryAt?: number };
    expect(retryAt - time.now()).toBeGreaterThanOrEqual(1_799_000);
    expect(retryAt - time.now()).toBeLessThanOrEqual(1_802_000);

    const sent = world.standIn.history.length;
    const neighbour = await world.standIn.createRepository({ owner: world.repo.owner, name: 'next' });
    const works = [
      world.client.issue(1),
      world.client.createComment(1, 'x'),
      world.github.repository(identityOf(neighbour)).readToken(),
      world.github.repositoriesOf(world.repo.installationId),
    ];
    for (const work of works) await expect(work).rejects.toMatchObject({ code: 'github-limited' });
    expect(world.standIn.history.slice(sent)).toEqual([]);
    await other.client.createComment(1, 'free');
    expect(other.repo.comments(1)).toHaveLength(1);

    time.pass(retryAt - time.now());
    await world.client.createComment(1, 'after');
    expect(world.repo.comments(1)).toHaveLength(1);
  });

  it('RL-19: is not run into: the last 25 calls are kept until the reset', async () => {
    const limit = { perHour: 30 };
    await using world = await startWorld({ now: time.now, rateLimit: limit }, { door });
    await world.standIn.openIssue(world.repo, { title: 'Add', by: 'mona' });
    for (let call = 0; call < 5; call++) await world.client.issue(1);
    await expect(world.client.issue(1)).rejects.toMatchObject({ code: 'github-limited' });
    expect(world.history().filter(({ path }) => path.endsWith('/issues/1'))).toHaveLength(5);
    time.pass(3_600_000);
    expect((await world.client.issue(1))?.title).toBe('Add');
  });

  it('RL-19: that one process ran into holds for all that share its blocks', async () => {
    const kept = new Map<string, number>();
    const blocks: Blocks = {
      until: async (scope) => kept.get(scope),
      set: async (scope, until) => kept.set(scope, until),
    };
    await using world = await openShop({ blocks });
    world.standIn.plantFault({ path: '/issues/1', then: 'rate-limit', resetInMs: 600_000 });
    await expect(world.client.issue(1)).rejects.toMatchObject({ code: 'github-limited' });
    expect([...kept.keys()]).toEqual([`github:${world.repo.installationId}`]);
    const sent = world.history().length;
    const second = doorTo(world.standIn, { ...door, blocks }).repository(identityOf(world.repo));
    await expect(second.issue(1)).rejects.toMatchObject({ code: 'github-limited' });
    expect(world.history()).toHaveLength(sent);
  });

  it('RL-19: is remembered, and a good answer is passed on, when the shared blocks do not take it', async () => {
    const warnings: string[] = [];
    const blocks: Blocks = { until: async () => undefined, set: () => Promise.reject(new Error('no database')) };
    const log = { debug() {}, info() {}, warn: (text: string) => warnings.push(text), error() {} };
    await using world = await startWorld(
      { now: time.now, rateLimit: { perHour: 26 } },
      { door: { ...door, blocks, log } },
    );
    await world.standIn.openIssue(world.repo, { title: 'Add', by: 'mona' });
    expect((await world.client.issue(1))?.title).toBe('Add');
    await expect(world.client.issue(1)).rejects.toMatchObject({ code: 'github-limited' });
    expect(warnings.join('\n')).toMatch(/could not be shared: Error: no database/);
  });
});

describe('a secondary limit', () => {
  it.each(kinds)('RL-20: with retry-after is sat out by %s, as long as it says', async (kind) => {
    await using world = await openFreshShop();
    world.standIn.plantFault({ path: paths[kind], then: 'secondary-limit', retryAfter: 17, times: 2 });
    await acts[kind](world);
    const [, second = 0, third = 0] = secondsOf(world, paths[kind]);
    expect(second).toBeGreaterThanOrEqual(17);
    expect(third).toBeGreaterThanOrEqual(34);
    if (kind !== 'a read') expect(world.repo.comments(1)).toHaveLength(1);
  });

  it('RL-20: is sat out for a minute in all, however many come in a row', async () => {
    await using world = await openShop();
    world.standIn.plantFault({ path: '/comments', then: 'secondary-limit', retryAfter: 40, times: 2 });
    await expect(world.client.createComment(1, 'x')).rejects.toMatchObject({
      code: 'github-limited',
      message: expect.stringMatching(/in 40 s/) as string,
    });
    expect(writesOf(world)).toHaveLength(2);
  });

  it('RL-20: that asks for more than a minute is said with its end', async () => {
    await using world = await openShop();
    world.standIn.plantFault({ path: '/comments', then: 'secondary-limit', retryAfter: 77 });
    const error = await world.client.createComment(1, 'x').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'github-limited', message: expect.stringMatching(/in 7[678] s/) as string });
    expect(world.repo.comments(1)).toEqual([]);
  });

  it('RL-20: without retry-after is waited for a minute, then twice as long each time, and a minute again after a success', async () => {
    await using world = await openShop();
    const struck = world.standIn.plantFault({ path: '/comments', then: 'secondary-limit', times: 4 });
    const waits = [];
    while (struck() < 4) {
      const error = await world.client.createComment(1, 'x').catch((thrown: unknown) => thrown);
      const { retryAt = 0 } = error as { retryAt?: number };
      waits.push(Math.round((retryAt - time.now()) / 1000));
      time.pass(retryAt - time.now());
    }
    // The first minute was sat out.
    expect(waits).toEqual([120, 240, 480]);
    await world.client.createComment(1, 'done');
    world.standIn.plantFault({ path: '/comments', then: 'secondary-limit' });
    const began = time.now();
    await world.client.createComment(1, 'again');
    expect(Math.round((time.now() - began) / 1000)).toBe(60);
    expect(world.repo.comments(1).map(({ body }) => body)).toEqual(['done', 'again']);
  });

  it('RL-20: of writes is not forgotten because reads go well', async () => {
    await using world = await openShop();
    world.standIn.plantFault({ path: '/comments', method: 'POST', then: 'secondary-limit', times: 3 });
    await expect(world.client.createComment(1, 'x')).rejects.toMatchObject({ code: 'github-limited' });
    time.pass(120_000);
    await world.client.issue(1);
    await expect(world.client.createComment(1, 'x')).rejects.toMatchObject({
      message: expect.stringMatching(/in 240 s/) as string,
    });
  });

  it('RL-20: makes a write that waited ask for leave once more', async () => {
    await using world = await openShop();
    const asked: number[] = [];
    const beforeWrite = async () => {
      asked.push(time.now());
    };
    world.standIn.plantFault({ method: 'POST', path: '/comments', then: 'secondary-limit', retryAfter: 20 });
    await world.github.repository(identityOf(world.repo), { name: 'job j/1', beforeWrite }).createComment(1, 'x');
    const sent = writesOf(world).map(({ at }) => at);
    expect(sent).toEqual(asked);
    expect(sent).toHaveLength(2);
  });

  it('RL-20: that another call runs into while a write waits for its turn holds the write back', async () => {
    await using world = await openShop();
    const beforeWrite = async () => {
      world.standIn.plantFault({ path: '/issues/1', then: 'secondary-limit', retryAfter: 90 });
      await world.client.issue(1).catch(() => undefined);
    };
    const client = world.github.repository(identityOf(world.repo), { name: 'job j/1', beforeWrite });
    await expect(client.createComment(1, 'x')).rejects.toMatchObject({ code: 'github-limited' });
    expect(writesOf(world)).toEqual([]);
  });
});

it('RL-19: a token that is refused by the App’s own limit is not asked for again before its end', async () => {
  const fresh = createTime();
  await using world = await openFreshShop(fresh);
  world.standIn.plantFault({ path: '/access_tokens', then: 'rate-limit', resetInMs: 300_000 });
  await expect(world.client.issue(1)).rejects.toMatchObject({ code: 'github-limited' });
  const other = world.github.repository({ ...identityOf(world.repo), installationId: 77 });
  await expect(other.readToken()).rejects.toMatchObject({ code: 'github-limited' });
  await expect(world.github.installations()).rejects.toMatchObject({ code: 'github-limited' });
  expect(mintsOf(world)).toHaveLength(1);
  fresh.pass(301_000);
  expect((await world.client.issue(1))?.title).toBe('Add');
});
