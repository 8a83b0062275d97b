import { expect, it } from 'vitest';
import { cheapReply } from '../faults/cheap.ts';
import type { RepositoryHandle } from '../stand-ins/github/index.ts';
import { fault, type Script } from '../stand-ins/model/index.ts';
import { labelCheapIssue, startWorld, unboxed, until, type World } from './world.ts';

/** Works but for turn 2, which meets this fault as long as `isAway`. */
function awayAtTurnTwo(away: { isAway: boolean }, how: ReturnType<typeof fault>): Script {
  return (request, turn) => (turn === 2 && away.isAway ? how : cheapReply(request));
}

it('RL-31: parks a job whose model is away, says so, and goes on at a word from its last turn', async () => {
  const away = { isAway: true };
  await using world = await startWorld({
    environment: unboxed,
    script: awayAtTurnTwo(away, fault(429, { retryAfter: 3600 })),
  });
  const { github } = world;
  const { repository, issue } = await labelCheapIssue(github);
  await until(() => statusOf(world, repository, issue.number)?.includes('parked: ') || undefined);
  expect(statusOf(world, repository, issue.number)).toMatch(
    /parked: the model did not answer[\s\S]*goes on by itself at \d\d:\d\d UTC/,
  );
  const parked = await until(async () => (await world.app.runs()).find(({ state }) => state === 'queued'));
  expect(parked).toMatchObject({
    state: 'queued',
    parked: { until: expect.any(Number) as number },
  });
  away.isAway = false;
  const asked = await github.comment(repository, issue.number, '/backend implement', { by: 'ada' });
  await world.idle();
  expect(repository.pulls()).toHaveLength(1);
  expect(statusOf(world, repository, issue.number)).toContain('pull request #2');
  expect(repository.commentReactions(asked.id)).toMatchObject([{ content: 'eyes' }]);
  expect(repository.comments(issue.number)).toHaveLength(2);
  expect(world.model.requests.map(({ turn }) => turn)).toEqual([1, 2, 2]);
  expect(world.model.prefixChanges).toBe(0);
});

it('RL-34: pauses the queue at the spend limit, tells the operator once, and works on afterwards', async () => {
  const away = { isAway: true };
  const limit = fault(402);
  await using world = await startWorld({
    environment: unboxed,
    script: (request) => (away.isAway ? limit : cheapReply(request)),
  });
  const { github } = world;
  const { repository, issue } = await labelCheapIssue(github);
  const isParked = (number: number) => statusOf(world, repository, number)?.includes('parked: ') || undefined;
  await until(() => isParked(issue.number));
  const second = await github.openIssue(repository, {
    title: 'Another',
    body: 'Do it',
    by: 'ada',
    labels: ['backend'],
  });
  await until(() => isParked(second.number));
  expect(statusOf(world, repository, second.number)).toContain('the spend limit of the model’s account is reached');
  expect(world.model.requests).toHaveLength(1);
  expect(world.log.filter((line) => line.includes('the queue is paused'))).toHaveLength(1);
  await github.comment(repository, second.number, '/backend help', { by: 'ada' });
  await until(() => repository.comments(second.number).find(({ body }) => body.includes('Here is what I understand')));
});

function statusOf({ github }: World, repository: RepositoryHandle, issue: number): string | undefined {
  return repository
    .comments(issue)
    .find(({ author, body }) => author === github.app.botLogin && body.includes('backend:status'))?.body;
}
