import { describe, expect, it } from 'vitest';
import { tokenOctokit } from '../stand-ins/github/octokit.ts';
import { shareStandIn, type GitHubWorld } from './github-world.ts';

const openWorld = shareStandIn();

/** A comment of ours, and a way for people to react to it. */
async function openComment(world: GitHubWorld) {
  const { standIn, repo, client } = world;
  const issue = await standIn.openIssue(repo, { title: 'Add', by: 'mona' });
  const { id } = await client.createComment(issue.number, 'A plan');
  const react = async (login: string, content: '+1' | 'eyes' | '-1') => {
    const kit = tokenOctokit(standIn, standIn.addUser(login).token);
    await kit.reactions.createForIssueComment({ owner: repo.owner, repo: repo.name, comment_id: id, content });
  };
  return { id, number: issue.number, react };
}

describe('👍 on a comment', () => {
  it('is told with who gave it and when, oldest first, and no other reaction with it', async () => {
    await using world = await openWorld();
    const { id, react } = await openComment(world);
    await react('mona', 'eyes');
    await react('ada', '+1');
    await react('eve', '-1');
    await react('eve', '+1');
    await world.client.addReaction({ comment: id }, '+1');
    const given = await world.client.thumbsUp(id);
    expect(given.map(({ by }) => by)).toEqual([
      { id: world.standIn.addUser('ada').id, login: 'ada', type: 'User' },
      { id: world.standIn.addUser('eve').id, login: 'eve', type: 'User' },
      { id: world.standIn.app.botId, login: world.standIn.app.botLogin, type: 'Bot' },
    ]);
    for (const { at } of given) expect(at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  it('is nobody’s where the comment is gone, and where GitHub does not answer that is said', async () => {
    await using world = await openWorld();
    const { id, react } = await openComment(world);
    await react('ada', '+1');
    world.standIn.plantFault({
      path: '/reactions',
      then: 'status',
      status: 403,
      body: { message: 'Resource not accessible' },
    });
    await expect(world.client.thumbsUp(id)).rejects.toMatchObject({ code: 'github-forbidden' });
    expect(await world.client.thumbsUp(id)).toHaveLength(1);
    await world.client.deleteComment(id);
    expect(await world.client.thumbsUp(id)).toEqual([]);
  });
});

describe('a reaction of ours', () => {
  it('goes to a comment on a line as well, once', async () => {
    await using world = await openWorld();
    const { standIn, repo, client } = world;
    await standIn.pushCommit(repo, { branch: 'topic', files: { 'new.txt': 'one\n' }, by: 'mona' });
    const { number } = await standIn.openPull(repo, { by: 'mona', title: 'Topic', head: 'topic' });
    const comments = [{ path: 'new.txt', line: 1, body: 'Why?' }];
    const review = { by: 'ada', state: 'COMMENTED', body: '', comments } as const;
    const [reviewComment = 0] = (await standIn.review(repo, number, review)).commentIds;
    await client.addReaction({ reviewComment }, 'eyes');
    await client.addReaction({ reviewComment }, 'eyes');
    expect(repo.reviewThreads(number)[0]?.comments[0]?.reactions).toEqual([
      { content: 'eyes', user: standIn.app.botLogin },
    ]);
  });
});
