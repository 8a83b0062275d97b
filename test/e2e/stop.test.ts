import { expect, it } from 'vitest';
import { cheapReply } from '../faults/cheap.ts';
import type { GitHubStandIn, RepositoryHandle } from '../stand-ins/github/index.ts';
import { fault, hang, type Script } from '../stand-ins/model/index.ts';
import { labelCheapIssue, startWorld, until, type World } from './world.ts';

/** What people do to end it, by ada, who may write. */
const ways: readonly [
  string,
  (github: GitHubStandIn, repository: RepositoryHandle, issue: number) => Promise<unknown>,
][] = [
  ['a command', (github, repository, issue) => github.comment(repository, issue, '/backend stop', { by: 'ada' })],
  [
    'taking the label off',
    (github, repository, issue) => github.removeLabel(repository, issue, 'backend', { by: 'ada' }),
  ],
  ['closing the issue', (github, repository, issue) => github.closeIssue(repository, issue, { by: 'ada' })],
];

/** Works up to that turn, which is never answered. */
function hangAt(turn: number): Script {
  return (request, asked) => (asked >= turn ? hang() : cheapReply(request));
}

it.each(ways)('RL-27: stops a run by %s, says who stopped it, and publishes nothing', async (_, stop) => {
  await using world = await startWorld({ script: hangAt(2) });
  const { github } = world;
  const { repository, issue } = await labelCheapIssue(github);
  await world.model.received(2);
  await stop(github, repository, issue.number);
  await world.idle();
  expect(world.progress).toContainEqual(expect.objectContaining({ outcome: { type: 'stopped', by: 'ada' } }));
  const ours = repository.comments(issue.number).filter(({ author }) => author === github.app.botLogin);
  expect(ours.map(({ body }) => body)).toEqual([expect.stringContaining('stopped by @ada')]);
  expect(repository.pulls()).toEqual([]);
  expect(await repository.branches()).toHaveLength(1);
  await world.tidy();
});

it.each(ways)('RL-27: stops a parked job by %s', async (_, stop) => {
  await using world = await startWorld({ script: () => fault(429, { retryAfter: 3600 }) });
  const { github } = world;
  const { repository, issue } = await labelCheapIssue(github);
  await until(() => statusOf(world, repository, issue.number)?.includes('parked: ') || undefined);
  await stop(github, repository, issue.number);
  await world.idle();
  expect(statusOf(world, repository, issue.number)).toContain('stopped by @ada');
  expect(repository.pulls()).toEqual([]);
});

it('RL-27: a stranger’s command stops nothing, and an unneeded one is told so', async () => {
  await using world = await startWorld({ script: cheapReply });
  const { github } = world;
  const { repository, issue } = await labelCheapIssue(github);
  await world.model.received(1);
  await github.comment(repository, issue.number, '/backend stop', { by: 'eve' });
  await world.idle();
  expect(repository.pulls()).toHaveLength(1);
  const asked = await github.comment(repository, issue.number, '/backend stop', { by: 'ada' });
  await world.idle();
  expect(repository.comments(issue.number).map(({ body }) => body)).toEqual([
    expect.stringContaining('pull request #2'),
    '/backend stop',
    expect.stringContaining('Only people with write access'),
    '/backend stop',
    expect.stringContaining('Nothing is under way here'),
  ]);
  expect(repository.commentReactions(asked.id)).toMatchObject([{ content: 'eyes' }]);
});

it('RL-27: publishes nothing after a stop that comes between two effects of publishing', async () => {
  const stopping: { act?: () => Promise<unknown> } = {};
  await using world = await startWorld({ script: cheapReply });
  const { github } = world;
  github.intercept(async ({ method, path }, phase) => {
    if (phase === 'after' && method === 'POST' && path.endsWith('/git/refs')) await stopping.act?.();
  });
  const { repository, issue } = await labelCheapIssue(github);
  stopping.act = async () => {
    await github.comment(repository, issue.number, '/backend stop', { by: 'ada' });
    await until(() => world.progress.find(({ type }) => type === 'outcome'));
  };
  await world.idle();
  expect(statusOf(world, repository, issue.number)).toContain('stopped by @ada');
  expect(repository.pulls()).toEqual([]);
});

function statusOf({ github }: World, repository: RepositoryHandle, issue: number): string | undefined {
  return repository.comments(issue).find(({ author }) => author === github.app.botLogin)?.body;
}
