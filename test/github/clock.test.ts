import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createTime, doorTo, identityOf, mintsOf, shareStandIn, startWorld, type GitHubWorld } from './github-world.ts';

const openWorld = shareStandIn();
const minute = 60_000;

describe('a clock that is wrong', () => {
  it.each([
    ['ten minutes slow', 10 * minute],
    ['ten minutes fast', -10 * minute],
  ])('RL-17: by %s signs its App tokens by GitHub’s Date', async (_, offset) => {
    await using world = await openWorld();
    world.standIn.setClock(offset);
    await world.standIn.openIssue(world.repo, { title: 'Add', by: 'mona' });
    await world.client.createComment(1, 'x');
    expect((await world.client.issue(1))?.title).toBe('Add');
    expect((await world.github.identity()).id).toBe(world.standIn.app.id);
    expect(world.repo.comments(1)).toHaveLength(1);
    // Each of them is refused by its times once, and then signed right.
    expect(mintsOf(world).map(({ status }) => status)).toEqual([401, 201, 401, 201]);
  });

  it.each([
    ['ten minutes slow', 10 * minute],
    ['ten minutes fast', -10 * minute],
  ])('RL-17: by %s reads a token’s life by GitHub’s Date', async (_, offset) => {
    await using world = await startWorld({ tokenLifetimeMs: 15 * minute });
    world.standIn.setClock(offset);
    await world.client.readToken();
    await world.client.readToken();
    expect(mintsOf(world).filter(({ status }) => status === 201)).toHaveLength(1);
  });

  it.each([
    ['ten minutes slow', 10 * minute],
    ['ten minutes fast', -10 * minute],
  ])('RL-17: by %s waits as long as GitHub means', async (_, offset) => {
    const time = createTime();
    await using world = await startWorld({ now: time.now }, { door: { now: time.now, sleep: time.sleep } });
    world.standIn.setClock(offset);
    await world.standIn.openIssue(world.repo, { title: 'Add', by: 'mona' });
    await world.client.issue(1);
    world.standIn.plantFault({ path: '/issues/1', then: 'rate-limit', resetInMs: 30_000 });
    await world.client.issue(1);
    world.standIn.plantFault({ path: '/issues/1', then: 'rate-limit', resetInMs: 300_000 });
    const error = await world.client.issue(1).catch((thrown: unknown) => thrown);
    expect(time.slept).toHaveLength(1);
    expect(time.slept[0]).toBeGreaterThanOrEqual(30_000);
    expect(time.slept[0]).toBeLessThanOrEqual(32_000);
    // By our own clock, which whoever comes back later reads as well.
    const { retryAt = 0 } = error as { retryAt?: number };
    expect(Math.abs(retryAt - time.now() - 300_000)).toBeLessThanOrEqual(2000);
  });
});

describe('a clock that steps during a run', () => {
  it('RL-17: forward lets no token be used that has less than ten minutes left', async () => {
    await using world = await openWorld();
    await openIssue(world);
    await world.client.issue(1);
    world.standIn.setClock(55 * minute);
    // The first answer tells the time.
    await world.client.issue(1);
    await world.client.issue(1);
    const [first, second, third] = world.history().filter(({ path }) => path.endsWith('/issues/1'));
    expect([first?.status, second?.status, third?.status]).toEqual([200, 200, 200]);
    expect(mintsOf(world).filter(({ status }) => status === 201)).toHaveLength(2);
  });

  it.each([
    ['forward', 70 * minute],
    ['back', -70 * minute],
  ])('RL-17: %s by more than a token’s life goes unnoticed', async (_, offset) => {
    await using world = await openWorld();
    await openIssue(world);
    await world.client.createComment(1, 'before');
    world.standIn.setClock(offset);
    await world.client.createComment(1, 'after');
    expect(world.repo.comments(1).map(({ body }) => body)).toEqual(['before', 'after']);
  });
});

describe('an App key that is replaced', () => {
  it('RL-45: is read again when GitHub refuses the old one, without a restart', async () => {
    await using world = await openWorld();
    await openIssue(world);
    const keys = [otherKey(), world.standIn.app.privateKey];
    let read = 0;
    const privateKey = () => keys[Math.min(read++, 1)] ?? '';
    const github = doorTo(world.standIn, { privateKey });
    await github.repository(identityOf(world.repo)).createComment(1, 'x');
    expect((await github.identity()).id).toBe(world.standIn.app.id);
    expect(world.repo.comments(1)).toHaveLength(1);
    expect(mintsOf(world).map(({ status }) => status)).toEqual([401, 201]);
    expect(read).toBe(2);
  });

  it('RL-45: serves all calls that find the old one refused at the same time', async () => {
    await using world = await openWorld();
    let key = otherKey();
    const github = doorTo(world.standIn, { privateKey: () => key });
    await expect(github.installations()).rejects.toMatchObject({ code: 'github-forbidden' });
    key = world.standIn.app.privateKey;
    await Promise.all([github.installations(), github.deliveries('2026-01-01T00:00:00Z'), github.identity()]);
    const asApp = world.history().filter(({ path }) => path.startsWith('/app'));
    expect(asApp.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 401, 401, 401, 401]);
  });

  it('RL-45: is not tried again when it is the one that was refused', async () => {
    await using world = await openWorld();
    const wrong = otherKey();
    const github = doorTo(world.standIn, { privateKey: () => wrong });
    await expect(github.installations()).rejects.toMatchObject({
      code: 'github-forbidden',
      message: expect.stringContaining('PRIVATE_KEY') as string,
    });
    expect(world.history()).toHaveLength(1);
  });

  it('RL-45: leaves the old one in use for as long as GitHub takes it', async () => {
    await using world = await openWorld();
    let key = world.standIn.app.privateKey;
    const github = doorTo(world.standIn, { privateKey: () => key });
    await github.identity();
    key = otherKey();
    await expect(github.installations()).resolves.not.toEqual([]);
  });
});

async function openIssue(world: GitHubWorld): Promise<void> {
  await world.standIn.openIssue(world.repo, { title: 'Add', by: 'mona' });
}

function otherKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
}
