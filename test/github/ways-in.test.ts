import { expect, it } from 'vitest';
import { installationOctokit } from '../stand-ins/github/octokit.ts';
import { startWorld } from './github-world.ts';

it('what an App asks for is told by its name, and nothing of one that is not there', async () => {
  await using world = await startWorld({});
  world.standIn.addApp('planner', { contents: 'write', issues: 'read' });
  expect(await world.client.appPermissions('planner')).toEqual({ contents: 'write', issues: 'read' });
  expect(await world.client.appPermissions('nobody')).toBeUndefined();
  const bot = { ...world.standIn.addUser('planner[bot]'), type: 'Bot' as const };
  expect(await world.client.permissionOf(bot)).toBe('none');
});

it('issues of ours are opened, and found by who opened them', async () => {
  await using world = await startWorld({});
  const { standIn, repo, client } = world;
  await standIn.openIssue(repo, { title: 'theirs', by: 'mona' });
  const { number } = await client.createIssue({ title: 'ours', body: 'by us' });
  const since = new Date(Date.now() - 60_000).toISOString();
  expect(await client.issuesBy(standIn.app.botLogin, since)).toMatchObject([
    { number, title: 'ours', body: 'by us', author: { id: standIn.app.botId } },
  ]);
  expect(await client.issuesBy(standIn.app.botLogin, '2999-01-01T00:00:00Z')).toEqual([]);
});

it('a pull request has its paths, where it comes from, and what it became', async () => {
  await using world = await startWorld({});
  const { standIn, repo, client } = world;
  const files = { 'a.txt': 'a\n', 'b/c.txt': 'c\n' };
  await standIn.pushCommit(repo, { by: 'mona', branch: 'topic', files });
  const { number } = await standIn.openPull(repo, { by: 'mona', title: 'Topic', head: 'topic' });
  expect(await client.pullPaths(number)).toEqual(['a.txt', 'b/c.txt']);
  expect(await client.pull(number)).toMatchObject({ headRepositoryId: repo.id, merged: false });
  await standIn.mergePull(repo, number, { by: 'mona' });
  expect(await client.pull(number)).toMatchObject({ merged: true, mergeSha: await repo.branchSha('main') });

  const fork = await standIn.openPullFromFork(repo, { by: 'eve', title: 'Patch', files: { 'd.txt': 'd\n' } });
  const theirs = await client.pull(fork.number);
  expect(theirs?.headRepositoryId).not.toBe(repo.id);
  expect(await client.pullsByHead('patch')).toEqual([]);
  standIn.deleteFork(repo, fork.number, { by: 'eve' });
  expect(await client.pull(fork.number)).not.toHaveProperty('headRepositoryId');
  expect(standIn.violations).toEqual([]);
});

it('the stand-in takes a dispatch from who may write contents, and tells of it', async () => {
  await using world = await startWorld({});
  const { standIn, repo } = world;
  standIn.connectWebhook('http://127.0.0.1:9/nobody');
  const call = { owner: repo.owner, repo: repo.name, event_type: 'backend-developer', client_payload: { issue: 1 } };
  const { status } = await installationOctokit(standIn, repo).repos.createDispatchEvent(call);
  expect(status).toBe(204);
  expect(standIn.deliveries.at(-1)).toMatchObject({
    event: 'repository_dispatch',
    action: 'backend-developer',
    payload: { client_payload: { issue: 1 }, branch: 'main', sender: { type: 'Bot' } },
  });
  const { token } = standIn.addUser('eve');
  const answer = await fetch(`${standIn.apiUrl}/repos/${repo.owner}/${repo.name}/dispatches`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'user-agent': 'eve' },
    body: JSON.stringify({ event_type: 'backend-developer' }),
  });
  expect(answer.status).toBe(403);
});
