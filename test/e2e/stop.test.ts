import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cheapReply, repositoryOf } from '../faults/cheap.ts';
import { cut, type GitHubStandIn, type RepositoryHandle } from '../stand-ins/github/index.ts';
import { fault, hang } from '../stand-ins/model/index.ts';
import { labelCheapIssue, startWorld, unboxed, until, type World } from './world.ts';

/** What people do to end it, by ada, who may write. */
type Stop = (github: GitHubStandIn, repository: RepositoryHandle, issue: number) => Promise<unknown>;
const ways: readonly [string, string, Stop][] = [
  [
    'command',
    'a command',
    (github, repository, issue) => github.comment(repository, issue, '/backend stop', { by: 'ada' }),
  ],
  [
    'label',
    'taking the label off',
    (github, repository, issue) => github.removeLabel(repository, issue, 'backend', { by: 'ada' }),
  ],
  ['closing', 'closing the issue', (github, repository, issue) => github.closeIssue(repository, issue, { by: 'ada' })],
];

let world: World;
beforeAll(async () => {
  world = await startWorld({
    environment: unboxed,
    script: (request, turn) => {
      const name = repositoryOf(request);
      if (name.startsWith('running') && turn === 2) return hang();
      return name.startsWith('parked') ? fault(429, { retryAfter: 3600 }) : cheapReply(request);
    },
  });
});
afterAll(() => world[Symbol.asyncDispose]());

it.each(ways)('RL-27: %s: stops a run by %s, says who stopped it, and publishes nothing', async (name, _, stop) => {
  const { github } = world;
  const { repository, issue } = await labelCheapIssue(github, `running-${name}`);
  await until(() => world.model.requests.find((each) => repositoryOf(each) === repository.name && each.turn === 2));
  await stop(github, repository, issue.number);
  await world.idle();
  const ours = repository.comments(issue.number).filter(({ author }) => author === github.app.botLogin);
  expect(ours.map(({ body }) => body)).toEqual([expect.stringContaining('stopped by @ada')]);
  expect(repository.pulls()).toEqual([]);
  expect(await repository.branches()).toHaveLength(1);
  await world.tidy();
});

it.each(ways)('RL-27: %s: stops a parked job by %s', async (name, _, stop) => {
  const { github } = world;
  const { repository, issue } = await labelCheapIssue(github, `parked-${name}`);
  await until(() => statusOf(repository, issue.number)?.includes('parked: ') || undefined);
  await stop(github, repository, issue.number);
  await world.idle();
  expect(statusOf(repository, issue.number)).toContain('stopped by @ada');
  expect(repository.pulls()).toEqual([]);
});

it('RL-27: a stranger’s command stops nothing, and an unneeded one is told so', async () => {
  const { github } = world;
  const { repository, issue } = await labelCheapIssue(github, 'strange');
  await until(() => world.model.requests.find((each) => repositoryOf(each) === 'strange'));
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
  const { github } = world;
  const made = Promise.withResolvers<Awaited<ReturnType<typeof labelCheapIssue>>>();
  const release = github.intercept(async ({ method, path }, phase) => {
    if (phase !== 'after' || method !== 'POST' || !path.endsWith('/late/git/refs')) return;
    const { repository, issue } = await made.promise;
    const from = world.progress.length;
    await github.comment(repository, issue.number, '/backend stop', { by: 'ada' });
    await until(() => world.progress.slice(from).find(({ type }) => type === 'outcome'));
  });
  const late = await labelCheapIssue(github, 'late');
  made.resolve(late);
  await world.idle();
  release();
  expect(statusOf(late.repository, late.issue.number)).toContain('stopped by @ada');
  expect(late.repository.pulls()).toEqual([]);
});

it('RL-27: says how it ended when the stop cuts off the very edit that says so', async () => {
  const { github } = world;
  const made = Promise.withResolvers<Awaited<ReturnType<typeof labelCheapIssue>>>();
  const isCut = Promise.withResolvers<string>();
  const release = github.intercept(async ({ method, path }, phase) => {
    const { repository, issue } = await made.promise;
    if (phase !== 'before' || method !== 'PATCH' || !path.includes('/last/issues/comments/')) return;
    if (repository.pulls().length === 0) return;
    release();
    await github.comment(repository, issue.number, '/backend stop', { by: 'ada' });
    void until(() => world.log.find((line) => line.includes('It was stopped by ada'))).then(isCut.resolve);
    await Promise.race([isCut.promise, sleep(6_000)]);
    throw cut;
  });
  const last = await labelCheapIssue(github, 'last');
  made.resolve(last);
  await world.idle();
  expect(statusOf(last.repository, last.issue.number)).toContain('stopped by @ada');
});

function statusOf(repository: RepositoryHandle, issue: number): string | undefined {
  return repository.comments(issue).find(({ author }) => author === world.github.app.botLogin)?.body;
}
