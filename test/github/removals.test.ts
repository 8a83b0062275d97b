import { describe, expect, it } from 'vitest';
import { mintsOf, shareStandIn, writesOf, type GitHubWorld } from './github-world.ts';

// GitHub's description names no redirect for calls that write; GitHub answers them with 307.
const openWorld = shareStandIn({ strict: false });

async function openShop(): Promise<GitHubWorld> {
  const world = await openWorld();
  await world.standIn.openIssue(world.repo, { title: 'Add', by: 'mona' });
  // From here on tokens are there: what happens is met in the middle of a run.
  await world.client.issue(1);
  await world.client.createComment(1, 'before');
  return world;
}

describe('what changes under way', () => {
  it.each([
    ['deleted', (world: GitHubWorld) => world.standIn.deleteIssue(world.repo, 1, { by: 'mona' }), /410/],
    ['transferred to where our token does not reach', transfer, /cannot see it/],
    ['transferred to where it does', redirect, /moved to another repository/],
  ])('RL-29: an issue that is %s is not there any more, and a write to it says so', async (_, happens, message) => {
    await using world = await openShop();
    await happens(world);
    const gone = { code: 'github-gone', retryable: false, message: expect.stringMatching(message) as string };
    expect(await world.client.issue(1)).toBeUndefined();
    await expect(world.client.comments(1)).rejects.toMatchObject(gone);
    await expect(world.client.createComment(1, 'after')).rejects.toMatchObject(gone);
    expect(await world.client.facts()).toMatchObject({ name: 'shop' });
  });

  it('RL-29: an issue that has moved out of a repository that was renamed is not there, and is asked for once', async () => {
    await using world = await openShop();
    world.standIn.rename(world.repo, 'store', { by: 'mona' });
    await world.client.facts();
    await redirect(world);
    const began = world.history().length;
    expect(await world.client.issue(1)).toBeUndefined();
    await expect(world.client.createComment(1, 'x')).rejects.toMatchObject({ code: 'github-gone' });
    const sent = world.history().slice(began);
    expect(sent.filter(({ path }) => path.includes('/issues/1')).map(({ method }) => method)).toEqual(['GET', 'POST']);
  });

  it.each([
    [
      'renames the repository',
      async (world: GitHubWorld) => {
        world.standIn.rename(world.repo, 'store', { by: 'mona' });
      },
    ],
    [
      'renames it, another takes the old name, and the facts were read since',
      async (world: GitHubWorld) => {
        world.standIn.rename(world.repo, 'store', { by: 'mona' });
        const other = await world.standIn.createRepository({ owner: world.repo.owner, name: 'shop' });
        await world.standIn.openIssue(other, { title: 'Of another repository', by: 'mona' });
        await world.client.facts();
      },
    ],
  ])('RL-29: somebody %s: reads and writes go on under the new name', async (_, happens) => {
    await using world = await openShop();
    await happens(world);
    const results = await Promise.all([
      world.client.issue(1),
      world.client.issue(1),
      world.client.comments(1),
      world.client.createComment(1, 'after'),
    ]);
    expect(results[0]?.title).toBe('Add');
    expect(results[1]?.title).toBe('Add');
    expect(world.repo.comments(1).map(({ body }) => body)).toEqual(['before', 'after']);
  });

  it.each([
    [
      'archived',
      (world: GitHubWorld) => {
        world.standIn.archive(world.repo, { by: 'mona' });
      },
      /archived.*unarchive/,
    ],
    [
      'suspended',
      (world: GitHubWorld) => {
        world.standIn.suspend(world.repo.owner, { by: 'mona' });
      },
      /suspended.*unsuspend/,
    ],
    [
      'uninstalled',
      (world: GitHubWorld) => {
        world.standIn.uninstall(world.repo.owner, { by: 'mona' });
      },
      /install it again/,
    ],
    [
      'taken away',
      (world: GitHubWorld) => {
        world.standIn.removeRepository(world.repo, { by: 'mona' });
      },
      /give .* access/,
    ],
    [
      'deleted',
      (world: GitHubWorld) => {
        world.standIn.deleteRepository(world.repo, { by: 'mona' });
      },
      /give .* access/,
    ],
  ])('RL-29: a write after it was %s ends with what to do, once and for all', async (_, happens, message) => {
    await using world = await openShop();
    happens(world);
    await expect(world.client.createComment(1, 'after')).rejects.toMatchObject({
      code: 'github-gone',
      retryable: false,
      message: expect.stringMatching(message) as string,
    });
  });

  it('RL-29: an App that is uninstalled keeps no token, and a read says so instead of finding nothing', async () => {
    await using world = await openShop();
    world.standIn.uninstall(world.repo.owner, { by: 'mona' });
    await expect(world.client.issue(1)).rejects.toMatchObject({ code: 'github-gone' });
    const mints = mintsOf(world).length;
    await expect(world.client.createComment(1, 'after')).rejects.toMatchObject({ code: 'github-gone' });
    // The token for comments, which was there, is not tried any more.
    expect(mintsOf(world)).toHaveLength(mints + 1);
    expect(writesOf(world)).toHaveLength(1);
  });

  it('deletes a comment, and is content when somebody was quicker', async () => {
    await using world = await openShop();
    const { id } = await world.client.createComment(1, 'twice');
    await world.client.deleteComment(id);
    await world.client.deleteComment(id);
    expect(world.repo.comments(1).map(({ body }) => body)).toEqual(['before']);
  });

  it('RL-23: what exists already is told apart: a branch, and a pull request', async () => {
    await using world = await openShop();
    const { client, repo, standIn } = world;
    const base = (await client.branchSha('main')) ?? '';
    await standIn.pushCommit(repo, { branch: 'b', files: { b: 'b' }, by: 'mona' });
    await expect(client.createBranch('b', base)).rejects.toMatchObject({ code: 'github-taken' });
    const pull = { title: 't', body: '', head: 'b', base: 'main', draft: true };
    await client.createPull(pull);
    await expect(client.createPull(pull)).rejects.toMatchObject({
      code: 'github-taken',
      message: expect.stringMatching(/exists already/) as string,
    });
  });
});

async function transfer(world: GitHubWorld): Promise<void> {
  const other = await world.standIn.createRepository({ owner: world.repo.owner, name: 'other' });
  await world.standIn.transferIssue(world.repo, 1, other, { by: 'mona' });
}

/** What GitHub answers, at both addresses, for an issue of a repository that the token covers. */
async function redirect(world: GitHubWorld): Promise<void> {
  const location = `${world.standIn.apiUrl}/repositories/1/issues/7`;
  const moved = { path: '/issues/1', then: 'status', headers: { location }, times: 9 } as const;
  world.standIn.plantFault({ ...moved, method: 'GET', status: 301 });
  world.standIn.plantFault({ ...moved, method: 'POST', status: 307 });
}
