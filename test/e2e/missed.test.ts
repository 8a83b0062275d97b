import { expect, it } from 'vitest';
import { cheapReply as script } from '../faults/cheap.ts';
import { startServer } from '../store/databases.ts';
import { labelCheapIssue, startWorld, unboxed, until } from './world.ts';

it('RL-04: takes in what was sent while it was away, once, when it starts', async () => {
  await using world = await startWorld({ environment: unboxed, script });
  const { github } = world;
  await world.app.stop();
  const { repository, issue } = await labelCheapIssue(github);
  await github.settled();
  await world.restart();
  await world.idle();
  await world.outcome();
  expect(repository.pulls()).toHaveLength(1);
  for (const { id } of [...github.deliveries]) github.redeliver(id);
  await world.restart();
  await world.idle();
  expect(repository.pulls()).toHaveLength(1);
  expect(repository.comments(issue.number)).toHaveLength(1);
});

it('RL-05: finds a labelled issue that no delivery tells of any more', async () => {
  await using world = await startWorld({ environment: unboxed, script });
  const { github } = world;
  await world.app.stop();
  github.disconnectWebhook();
  github.setClock(-4 * 24 * 3_600_000);
  const { repository, issue } = await labelCheapIssue(github);
  await github.openIssue(repository, { title: 'Not for us', by: 'ada', labels: ['bug'] });
  await github.openIssue(repository, { title: 'By a stranger', by: 'ada' });
  github.setClock(0);
  await world.restart();
  await world.outcome();
  await world.idle();
  expect(repository.pulls()).toHaveLength(1);
  expect(repository.comments(issue.number)).toHaveLength(1);
  expect(await world.app.runs()).toHaveLength(1);
  await world.restart();
  await world.idle();
  expect(await world.app.runs()).toHaveLength(1);
});

it('RL-03: follows the label as it is on GitHub, whatever order deliveries come in', async () => {
  await using world = await startWorld({ environment: unboxed, script });
  const { github } = world;
  await world.app.stop();
  const { repository, issue } = await labelCheapIssue(github);
  await github.removeLabel(repository, issue.number, 'backend', { by: 'ada' });
  await github.settled();
  await world.restart();
  for (const { id } of [...github.deliveries].reverse()) github.redeliver(id);
  await world.idle();
  expect(repository.pulls()).toEqual([]);
  expect(repository.comments(issue.number)).toEqual([]);
  github.setClock(2_000); // GitHub's times have no parts of a second: within one, this delivery would be the first one's very bytes
  await github.addLabel(repository, issue.number, 'backend', { by: 'ada' });
  await world.idle();
  expect(repository.pulls()).toHaveLength(1);
});

it('RL-04: takes in the rest of what was sent when it was stopped in the middle of looking', async () => {
  await using databases = await startServer();
  await using database = await databases.create();
  const { databaseUrl } = database.place;
  await using world = await startWorld({ environment: unboxed, script, ...(databaseUrl && { databaseUrl }) });
  const { github } = world;
  const { repository, issue } = await labelCheapIssue(github);
  await world.idle();
  await world.app.stop();
  await database.inspect((sql) => sql('update backend.duties set done_ms = done_ms - 7200000'));
  github.setClock(-3_600_000); // longer ago than what a look goes back beyond the last one
  await github.comment(repository, issue.number, '/backend help', { by: 'ada' });
  await github.comment(repository, issue.number, '/backend help', { by: 'ada' });
  await github.settled();
  github.setClock(0);
  const looking = Promise.withResolvers<undefined>();
  const answered = Promise.withResolvers<undefined>();
  const release = github.intercept(async ({ path }, phase) => {
    if (phase !== 'before' || !/^\/app\/hook\/deliveries\/\d+$/.test(path)) return;
    release();
    looking.resolve(undefined);
    await answered.promise;
  });
  await world.restart();
  await looking.promise;
  const stopped = world.app.stop();
  answered.resolve(undefined);
  await stopped;
  await world.restart();
  const replies = () =>
    repository.comments(issue.number).filter(({ body }) => body.includes('Here is what I understand'));
  await until(() => replies().length >= 2 || undefined);
  await world.idle();
  expect(replies()).toHaveLength(2);
});
