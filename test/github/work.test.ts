import { describe, expect, it } from 'vitest';
import { BotError } from '../../src/domain/index.ts';
import type { RepositoryClient, Work, Write } from '../../src/github/index.ts';
import {
  createTime,
  identityOf,
  mintsOf,
  shareStandIn,
  startWorld,
  writesOf,
  type GitHubWorld,
} from './github-world.ts';

const openWorld = shareStandIn();

async function openShop(options: Parameters<typeof openWorld>[0] = {}): Promise<GitHubWorld> {
  const world = await openWorld(options);
  await world.standIn.openIssue(world.repo, { title: 'Add', by: 'mona' });
  return world;
}

function clientFor(world: GitHubWorld, work: Partial<Work> = {}): RepositoryClient {
  return world.github.repository(identityOf(world.repo), {
    name: 'job 12ab/3',
    beforeWrite: () => Promise.resolve(),
    ...work,
  });
}

describe('a write', () => {
  it('RL-12: asks for leave when its token is there and nothing but itself is left to send', async () => {
    await using world = await openShop();
    const seen: number[] = [];
    const client = clientFor(world, {
      beforeWrite: async () => {
        seen.push(world.history().length, mintsOf(world).length);
      },
    });
    await client.createComment(1, 'x');
    expect(seen).toEqual([1, 1]);
    expect(world.history().map(({ method }) => method)).toEqual(['POST', 'POST']);
  });

  it.each([
    ['one of our errors', new BotError('fenced', 'Somebody else has the job.'), 'fenced'],
    ['any other error', new TypeError('x is not a function'), 'bug'],
  ])('RL-12: is not sent when it gets no leave: %s', async (_, refusal, code) => {
    await using world = await openShop();
    const client = clientFor(world, { beforeWrite: () => Promise.reject(refusal) });
    await expect(client.createComment(1, 'x')).rejects.toMatchObject({ code, message: refusal.message });
    expect(writesOf(world)).toEqual([]);
  });

  it('RL-12: asks again before its second send, after a refused token and after a rename', async () => {
    // GitHub's description names no redirect for calls that write; GitHub answers them with 307.
    await using world = await startWorld({ strict: false });
    await world.standIn.openIssue(world.repo, { title: 'Add', by: 'mona' });
    let asked = 0;
    const beforeWrite = async () => {
      asked += 1;
    };
    const client = clientFor(world, { beforeWrite });
    world.standIn.plantFault({ method: 'POST', path: '/comments', then: 'status', status: 401 });
    await client.createComment(1, 'a');
    expect(asked).toBe(2);
    world.standIn.rename(world.repo, 'store', { by: 'mona' });
    await client.createComment(1, 'b');
    expect(asked).toBe(4);
    expect(world.repo.comments(1).map(({ body }) => body)).toEqual(['a', 'b']);
  });

  it('RL-12: asks again when so much time went by that its leave may have ended', async () => {
    const time = createTime();
    let asked = 0;
    const until = async () => {
      if (asked === 1) time.pass(1500);
      return undefined;
    };
    const blocks = { until, set: () => Promise.resolve() };
    await using world = await openShop({ door: { now: time.now, sleep: time.sleep, blocks } });
    const beforeWrite = async () => {
      asked += 1;
    };
    await clientFor(world, { beforeWrite }).createComment(1, 'x');
    expect(asked).toBe(2);
    expect(writesOf(world)).toHaveLength(1);
  });

  it('says what it is, and whether it creates what people are told of', async () => {
    await using world = await openShop();
    const writes: Write[] = [];
    const client = clientFor(world, {
      beforeWrite: async (write) => {
        writes.push(write);
      },
    });
    const base = (await client.branchSha('main')) ?? '';
    const { tree } = await client.commitParentsAndTree(base);
    const sha = await client.createBlob(Buffer.from('x'));
    const grown = await client.createTree(tree, [{ path: 'b', mode: '100644', sha }]);
    const commit = await client.createCommit({ message: 'm', tree: grown, parents: [base] });
    await client.createBranch('b', commit);
    await client.advanceBranch('b', commit);
    const pull = await client.createPull({ title: 't', body: '', head: 'b', base: 'main', draft: true });
    await client.updatePull(pull.number, { body: 'more' });
    const { id } = await client.createComment(1, 'c');
    await client.updateComment(id, 'd');
    await client.addReaction({ issue: 1 }, 'eyes');
    await client.deleteComment(id);
    expect(writes.filter(({ content }) => !content).map(({ name }) => name)).toEqual([
      'createBlob',
      'createTree',
      'createCommit',
    ]);
    expect(writes.filter(({ content }) => content).map(({ name }) => name)).toEqual([
      ...['createBranch', 'advanceBranch', 'createPull', 'updatePull'],
      ...['createComment', 'updateComment', 'addReaction', 'deleteComment'],
    ]);
  });

  it('carries the name of the work it is for, and so does a read', async () => {
    await using world = await openShop();
    const client = clientFor(world);
    await client.issue(1);
    await client.createComment(1, 'x');
    const agents = world
      .history()
      .filter(({ path }) => path.includes('/issues/1'))
      .map(({ userAgent }) => userAgent);
    expect(agents).toEqual(Array.from({ length: 2 }, () => 'backend-developer (job 12ab/3)'));
  });
});

describe('work that is aborted', () => {
  const acts = {
    'a read that hangs': [{ method: 'GET', path: '/issues/1', then: 'hang' }, (client) => client.issue(1)],
    'a write that hangs': [
      { method: 'POST', path: '/comments', then: 'hang' },
      (client) => client.createComment(1, 'x'),
    ],
    'a token that hangs': [{ path: '/access_tokens', then: 'hang' }, (client) => client.readToken()],
    'a wait for a limit': [{ path: '/issues/1', then: 'secondary-limit', retryAfter: 50 }, (client) => client.issue(1)],
    'a wait before another read': [
      { path: '/issues/1', then: 'status', status: 500, times: 3 },
      (client) => client.issue(1),
    ],
  } as const satisfies Record<string, readonly [unknown, (client: RepositoryClient) => Promise<unknown>]>;

  it.each(Object.entries(acts))('RL-27: ends %s with the reason', async (_, [fault, act]) => {
    await using world = await openShop();
    const stop = new AbortController();
    const struck = world.standIn.plantFault(fault);
    const outcome = act(clientFor(world, { signal: stop.signal })).catch((error: unknown) => error);
    await until(() => struck() > 0);
    const reason = new BotError('stopped', 'It was stopped by mona.');
    stop.abort(reason);
    expect(await outcome).toBe(reason);
    expect(world.repo.comments(1)).toEqual([]);
  });

  it('RL-27: sends nothing any more, and says so when nobody gave a reason of ours', async () => {
    await using world = await openShop();
    const client = clientFor(world, { signal: AbortSignal.abort() });
    await expect(client.createComment(1, 'x')).rejects.toMatchObject({ code: 'aborted', retryable: true });
    await expect(client.issue(1)).rejects.toMatchObject({ code: 'aborted' });
    await expect(client.readToken()).rejects.toMatchObject({ code: 'aborted' });
    expect(world.history().filter(({ path }) => path.includes('/issues/'))).toEqual([]);
  });

  it('RL-27: takes away no token from others that wait for the same one', async () => {
    await using world = await openShop();
    const stop = new AbortController();
    const struck = world.standIn.plantFault({ path: '/access_tokens', then: 'delay', ms: 300 });
    const stopped = clientFor(world, { signal: stop.signal }).issue(1);
    const other = world.client.issue(1);
    await until(() => struck() > 0);
    stop.abort();
    await expect(stopped).rejects.toMatchObject({ code: 'aborted' });
    expect((await other)?.title).toBe('Add');
    expect(mintsOf(world)).toHaveLength(1);
  });
});

describe('tokens that live five seconds', () => {
  it('RL-18: are minted for each use', async () => {
    await using world = await startWorld({ tokenLifetimeMs: 5000 });
    await world.standIn.openIssue(world.repo, { title: 'Add', by: 'mona' });
    await world.client.issue(1);
    await world.client.createComment(1, 'x');
    await world.client.readToken();
    await world.client.readToken();
    expect(mintsOf(world)).toHaveLength(4);
  });

  it('RL-18: and that die before they are used are minted once more, and the call is sent once more', async () => {
    const time = createTime();
    const door = { now: time.now, sleep: time.sleep };
    await using world = await startWorld({ now: time.now, tokenLifetimeMs: 5000 }, { door });
    await world.standIn.openIssue(world.repo, { title: 'Add', by: 'mona' });
    let asked = 0;
    const beforeWrite = async () => {
      asked += 1;
      if (asked === 1) time.pass(6000);
    };
    await clientFor(world, { beforeWrite }).createComment(1, 'x');
    expect(writesOf(world).map(({ status }) => status)).toEqual([401, 201]);
    expect(world.repo.comments(1)).toHaveLength(1);
  });

  it('RL-18: and are refused again and again end the call after one retry', async () => {
    await using world = await openShop();
    world.standIn.plantFault({ path: '/issues/1', then: 'status', status: 401, times: 99 });
    await expect(world.client.issue(1)).rejects.toMatchObject({ code: 'github-forbidden' });
    expect(world.history().filter(({ path }) => path.endsWith('/issues/1'))).toHaveLength(2);
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
