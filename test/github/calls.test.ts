import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { doorTo, identityOf, mintsOf, shareStandIn, startWorld, writesOf, type GitHubWorld } from './github-world.ts';

const openWorld = shareStandIn();

describe('tokens', () => {
  it('are minted for one repository and one purpose each, and used again', async () => {
    await using world = await openWorld();
    const { client, repo, standIn } = world;
    await standIn.openIssue(repo, { title: 'Add', by: 'mona' });
    const sha = (await client.branchSha('main')) ?? '';
    await Promise.all([client.issue(1), client.issue(1), client.comments(1), client.readToken(), client.readToken()]);
    await client.createBlob(Buffer.from('x'));
    await client.createComment(1, 'hi');
    await client.checkRuns(sha, 'x');
    expect(mintsOf(world).map(({ body }) => body)).toEqual([
      { repository_ids: [repo.id], permissions: { contents: 'read', issues: 'read', pull_requests: 'read' } },
      { repository_ids: [repo.id], permissions: { contents: 'read' } },
      { repository_ids: [repo.id], permissions: { contents: 'write' } },
      { repository_ids: [repo.id], permissions: { issues: 'write', pull_requests: 'write' } },
      { repository_ids: [repo.id], permissions: { checks: 'write' } },
    ]);
  });

  it('are minted anew when less than ten minutes are left', async () => {
    await using world = await startWorld({ tokenLifetimeMs: 9 * 60_000 });
    const [first, second] = [await world.client.readToken(), await world.client.readToken()];
    expect(first).not.toBe(second);
  });

  it('are re-minted once when GitHub refuses one, also for a creating call', async () => {
    await using world = await openWorld();
    await world.standIn.openIssue(world.repo, { title: 'Add', by: 'mona' });
    await world.client.createComment(1, 'first');
    world.standIn.plantFault({
      method: 'POST',
      path: '/comments',
      then: 'status',
      status: 401,
      body: { message: 'Bad credentials' },
    });
    await world.client.createComment(1, 'second');
    expect(world.repo.comments(1).map(({ body }) => body)).toEqual(['first', 'second']);
    expect(mintsOf(world)).toHaveLength(2);
  });
});

describe('a call that fails', () => {
  it.each([
    ['502', { then: 'status', status: 502 }],
    ['a cut connection', { then: 'cut' }],
  ] as const)('is read again after %s', async (_, fault) => {
    await using world = await openWorld();
    await world.standIn.openIssue(world.repo, { title: 'Add', by: 'mona' });
    const struck = world.standIn.plantFault({ method: 'GET', path: '/issues/1', times: 2, ...fault });
    expect((await world.client.issue(1))?.title).toBe('Add');
    expect(struck()).toBe(2);
  });

  it('is given up after a few reads', async () => {
    await using world = await openWorld();
    world.standIn.plantFault({ method: 'GET', path: '/issues/1', times: 99, then: 'status', status: 503 });
    await expect(world.client.issue(1)).rejects.toMatchObject({ code: 'github-unavailable', retryable: true });
    expect(world.history().filter(({ path }) => path.endsWith('/issues/1'))).toHaveLength(4);
  });

  it.each([
    ['a lost answer', { then: 'lose-reply', how: '502' }],
    ['a cut answer', { then: 'lose-reply', how: 'cut' }],
    ['no answer', { then: 'hang' }],
  ] as const)('RL-21: is never sent twice when it creates something: %s', async (_, fault) => {
    await using world = await openWorld({ timeoutMs: 1000 });
    await world.standIn.openIssue(world.repo, { title: 'Add', by: 'mona' });
    world.standIn.plantFault({ method: 'POST', path: '/comments', ...fault });
    await expect(world.client.createComment(1, 'once')).rejects.toMatchObject({ code: 'github-unavailable' });
    expect(writesOf(world)).toHaveLength(1);
  });
});

describe('a refusal', () => {
  it.each([
    ['Contents: write', { contents: 'read' }, (world: GitHubWorld) => world.client.createBlob(Buffer.from('x'))],
    ['Issues: write', { issues: 'read' }, (world: GitHubWorld) => world.client.createComment(1, 'x')],
    ['Checks: write', { checks: 'read' }, (world: GitHubWorld) => world.client.checkRuns('main', 'x')],
  ])('for want of %s names it', async (needed, lacking, act) => {
    const all = {
      metadata: 'read',
      contents: 'write',
      issues: 'write',
      pull_requests: 'write',
      checks: 'write',
    } as const;
    await using world = await startWorld({ permissions: { ...all, ...lacking } as Record<string, 'read' | 'write'> });
    await expect(act(world)).rejects.toMatchObject({
      code: 'github-forbidden',
      message: expect.stringContaining(needed) as string,
    });
  });

  it('that GitHub words as “not accessible by integration” names the permission of that call', async () => {
    await using world = await openWorld();
    const body = { message: 'Resource not accessible by integration' };
    world.standIn.plantFault({ method: 'POST', path: '/pulls', then: 'status', status: 403, body });
    const pull = { title: 't', body: '', head: 'b', base: 'main', draft: true };
    await expect(world.client.createPull(pull)).rejects.toMatchObject({
      code: 'github-forbidden',
      message: expect.stringContaining('Pull requests: write') as string,
    });
  });

  it.each([
    [
      'an archived repository',
      (world: GitHubWorld) => {
        world.standIn.archive(world.repo, { by: 'mona' });
      },
      /archived.*unarchive it/,
    ],
    [
      'a suspended App',
      (world: GitHubWorld) => {
        world.standIn.suspend(world.repo.owner, { by: 'mona' });
      },
      /suspended.*unsuspend it/,
    ],
    [
      'an App that is not installed any more',
      (world: GitHubWorld) => {
        world.standIn.uninstall(world.repo.owner, { by: 'mona' });
      },
      /install it again/,
    ],
    [
      'a repository that is gone',
      (world: GitHubWorld) => {
        world.standIn.deleteRepository(world.repo, { by: 'mona' });
      },
      /is gone.*give it access/,
    ],
  ])('RL-29: because of %s is final, says why and what to do', async (_, happens, message) => {
    await using world = await openWorld();
    await world.standIn.openIssue(world.repo, { title: 'Add', by: 'mona' });
    happens(world);
    const client = doorTo(world.standIn).repository(identityOf(world.repo));
    await expect(client.createComment(1, 'x')).rejects.toMatchObject({
      code: 'github-gone',
      retryable: false,
      message: expect.stringMatching(message) as string,
    });
  });

  it('of our credentials names the settings to check', async () => {
    await using world = await openWorld();
    const github = doorTo(world.standIn, { appId: world.standIn.app.id, privateKey: otherKey() });
    await expect(github.identity()).rejects.toMatchObject({
      code: 'github-forbidden',
      message: expect.stringContaining('PRIVATE_KEY') as string,
    });
  });

  it('of what was sent is passed on with what GitHub said', async () => {
    await using world = await openWorld();
    const pull = { title: 't', body: '', head: 'missing', base: 'main', draft: false };
    await expect(world.client.createPull(pull)).rejects.toMatchObject({
      code: 'github-rejected',
      message: expect.stringContaining('422') as string,
    });
  });
});

it('keeps tokens and keys out of its errors', async () => {
  await using world = await openWorld();
  const token = await world.client.readToken();
  world.standIn.plantFault({ method: 'POST', path: '/comments', then: 'status', status: 502 });
  const error = await world.client.createComment(1, 'x').catch((thrown: unknown) => thrown);
  expect((error as Error).message).not.toContain(token);
  expect(JSON.stringify(error)).not.toContain('ghs_');
});

function otherKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
}

it('RL-18: gives another token to fetch with than the one that was refused', async () => {
  await using world = await openWorld();
  const first = await world.client.readToken();
  expect(await world.client.readToken()).toBe(first);
  const second = await world.client.readToken(first);
  expect(second).not.toBe(first);
  expect(await world.client.readToken()).toBe(second);
});
