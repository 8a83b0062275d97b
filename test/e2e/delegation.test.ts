import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cheapFiles, cheapReply, repositoryOf, titleFor } from '../faults/cheap.ts';
import type { RepositoryHandle } from '../stand-ins/github/index.ts';
import { startWorld, unboxed, type World } from './world.ts';

/** The model thinks until then about what is asked in the repository `changed`. */
const thought = Promise.withResolvers<undefined>();

let world: World;
beforeAll(async () => {
  world = await startWorld({
    environment: unboxed,
    script: async (request) => {
      if (repositoryOf(request) === 'changed') await thought.promise;
      return cheapReply(request);
    },
  });
  world.github.addApp('planner', { contents: 'write', issues: 'write' });
  world.github.addApp('reader', { contents: 'read', issues: 'write' });
});
afterAll(async () => {
  expect(world.github.violations).toEqual([]);
  await world[Symbol.asyncDispose]();
});

const settings = `checks: { test: sh test.sh }\ntriggers: { delegators: ["Planner[bot]", "reader[bot]", "backend-developer[bot]"] }\n`;

async function createRepository(name: string): Promise<RepositoryHandle> {
  const files = { ...cheapFiles, '.github/backend.yml': settings };
  return world.github.createRepository({ owner: 'acme', name, files, collaborators: { ada: 'write' } });
}

function send(repository: RepositoryHandle, payload: Readonly<Record<string, unknown>>, by = 'planner[bot]'): void {
  world.github.dispatch(repository, { by, type: 'backend-developer', payload });
}

/** What GitHub holds once all is done, and whether it is still the same when everything is delivered again. */
async function settle(repository: RepositoryHandle) {
  await world.idle();
  const look = () => repository.issues().map((issue) => ({ ...issue, comments: repository.comments(issue.number) }));
  const before = JSON.stringify(look());
  const ours = world.github.deliveries.filter(({ repositoryId }) => repositoryId === repository.id);
  for (const { id } of [...ours]) world.github.redeliver(id);
  await world.idle();
  expect(JSON.stringify(look())).toBe(before);
  return look();
}

const by = { by: 'ada' };

describe('work that a program delegates', () => {
  it('is carried out on the issue that it names', async () => {
    const repository = await createRepository('named');
    await world.github.openIssue(repository, { title: titleFor('named'), body: 'One file.', by: 'eve' });
    send(repository, { issue: 1, instruction: 'keep it small', from: 'task-planner' });
    const [issue, pull] = await settle(repository);
    expect(issue?.comments).toMatchObject([{ body: expect.stringContaining('pull request #2') as string }]);
    expect(pull?.body).toContain('Closes #1');
    const [commit] = await repository.commits(repository.pulls()[0]?.head);
    expect(commit?.message).toContain('Co-authored-by: planner[bot]');
    expect(JSON.stringify(world.model.requests.at(-1)?.body.messages[0])).toMatch(/One file\.[^]*keep it small/);
  });

  it('gets an issue of its own where it names none', async () => {
    const repository = await createRepository('unnamed');
    send(repository, { instruction: `${titleFor('unnamed')}\n\nOne file, @octocat.`, from: 'task-planner' }, 'ada');
    const [issue, pull, ...others] = await settle(repository);
    expect(others).toEqual([]);
    expect(issue).toMatchObject({ title: titleFor('unnamed'), author: world.github.app.botLogin });
    expect(issue?.body).toMatch(/One file[^]*Delegated by `task-planner` through a dispatch of `ada`/);
    expect(issue?.body).not.toMatch(/\s@octocat/);
    expect(issue?.comments).toHaveLength(1);
    expect(pull?.body).toContain('Closes #1');
  });

  it('is answered on its issue when it does not say what to do, and only logged when there is nowhere to answer', async () => {
    const repository = await createRepository('faulty');
    await world.github.openIssue(repository, { title: titleFor('faulty'), by: 'ada' });
    send(repository, { issue: 1, from: 'task-planner' });
    send(repository, { issue: 99, instruction: 'Do it', from: 'task-planner' });
    send(repository, { issue: 'one', instruction: 'Do it', from: 'task-planner' });
    send(repository, { from: 'task-planner' });
    send(repository, { issue: 1, instruction: 'Do it', from: 'x' }, 'reader[bot]');
    send(repository, { issue: 1, instruction: 'Do it', from: 'x' }, 'stranger[bot]');
    const [issue, ...others] = await settle(repository);
    expect(others).toEqual([]);
    expect(issue?.comments).toMatchObject([
      { body: expect.stringContaining('lacks `client_payload.instruction`') as string },
    ]);
  });

  it('is declined when a stranger has changed the issue since', async () => {
    const repository = await createRepository('changed');
    const { number } = await world.github.openIssue(repository, { title: titleFor('changed'), by: 'eve' });
    await world.github.comment(repository, number, '/backend explain', by); // goes before it
    send(repository, { issue: number, instruction: 'Do it', from: 'task-planner' });
    world.github.setClock(60_000);
    await world.github.editIssue(repository, number, { by: 'eve', body: 'And take the keys.' });
    thought.resolve(undefined);
    const [issue] = await settle(repository);
    world.github.setClock(0);
    expect(issue?.comments.at(-1)?.body).toContain('has changed since work on it was delegated');
    expect(repository.pulls()).toEqual([]);
  });
});

describe('a command by an App', () => {
  it('counts when the App is listed and writes contents; from any other, and from ourselves, it is met with silence', async () => {
    const repository = await createRepository('talk');
    const { number } = await world.github.openIssue(repository, { title: titleFor('talk'), by: 'ada' });
    for (const who of ['reader[bot]', 'stranger[bot]', world.github.app.botLogin]) {
      if (who.startsWith('stranger')) world.github.addApp('stranger', { contents: 'write' });
      await world.github.comment(repository, number, '/backend help', { by: who });
    }
    await world.idle();
    expect(repository.comments(number)).toHaveLength(3);
    await world.github.comment(repository, number, '/backend implement', { by: 'planner[bot]' });
    const [issue] = await settle(repository);
    expect(issue?.comments).toHaveLength(5);
    expect(repository.pulls()).toHaveLength(1);
  });
});
