import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { text } from '../stand-ins/model/index.ts';
import type { NewRepository, RepositoryHandle } from '../stand-ins/github/index.ts';
import { startWorld, type World } from './world.ts';

let world: World;
let count = 0;
beforeAll(async () => {
  world = await startWorld({ script: () => text('nobody asks me here') });
});
afterAll(() => world[Symbol.asyncDispose]());

function createRepository(wanted: Partial<NewRepository> = {}): Promise<RepositoryHandle> {
  count += 1;
  return world.github.createRepository({
    owner: 'acme',
    name: `answers-${count}`,
    collaborators: { ada: 'write', tim: 'triage' },
    ...wanted,
  });
}

async function commentOn(repository: RepositoryHandle, body: string, by: string) {
  const issue = await world.github.openIssue(repository, { title: 'Add a health endpoint', by: 'ada' });
  const comment = await world.github.comment(repository, issue.number, body, { by });
  await world.idle();
  const replies = repository.comments(issue.number).filter(({ author }) => author === world.github.app.botLogin);
  return { replies: replies.map((reply) => reply.body), reactions: repository.commentReactions(comment.id) };
}

/** One reply, no reaction, no branch: the whole answer. */
async function labelled(repository: RepositoryHandle, issue: { title: string; body?: string }, by = 'ada') {
  const { number } = await world.github.openIssue(repository, { ...issue, by, labels: ['backend'] });
  await world.idle();
  return repository.comments(number).map(({ body }) => body);
}

describe('a comment', () => {
  it.each([
    ['asks for help', '/backend help', 'ada', /`\/backend implement \[what to keep in mind\]`/],
    ['has a verb we do not know', '/backend implment please', 'ada', /Did you mean `\/backend implement`\?/],
    ['is by somebody who may only triage', '/backend implement', 'tim', /Only people with write access/],
    ['asks for the status where nothing happened', '/backend status', 'ada', /^[^]*Nothing is under way here\.$/],
    ['retries where nothing happened', '/backend retry', 'ada', /nothing to retry/],
    ['has a verb that belongs on pull requests', '/backend rebase', 'ada', /works on pull requests that I opened/],
    ['mentions the app with a verb', '@backend-developer help', 'ada', /`\/backend status` says what is under way/],
    ['is by a stranger', 'Hello\n\n/backend implement', 'stranger', /Only people with write access/],
    ['has an option we do not have', '/backend implement buget:1', 'ada', /Did you mean `budget:`\?/],
    ['has a budget of nothing', '/backend implement budget:0', 'ada', /`budget:0` is not right: it takes US dollars/],
  ])('that %s gets one answer', async (_, body, by, answer) => {
    const { replies, reactions } = await commentOn(await createRepository(), body, by);
    expect(replies).toEqual([expect.stringMatching(answer)]);
    expect(reactions).toEqual([]);
  });

  it.each([
    ['only quotes a command', '> /backend implement\n\nNo.', 'ada'],
    ['shows a command as code', '```\n/backend implement\n```', 'ada'],
    ['names a path', '/backend/api is slow', 'ada'],
    ['is unclear and by a stranger', '/backend now', 'stranger'],
    ['is meant for another bot', '/lgtm', 'ada'],
  ])('that %s gets none', async (_, body, by) => {
    expect(await commentOn(await createRepository(), body, by)).toEqual({ replies: [], reactions: [] });
  });

  it('is answered once when an edit adds the command, and not again when the command is changed', async () => {
    const repository = await createRepository();
    const issue = await world.github.openIssue(repository, { title: 'Add a health endpoint', by: 'ada' });
    const comment = await world.github.comment(repository, issue.number, 'Hm.', { by: 'ada' });
    await world.idle();
    const countReplies = () => repository.comments(issue.number).length - 1;
    expect(countReplies()).toBe(0);
    await world.github.editComment(repository, comment.id, '/backend status', { by: 'ada' });
    await world.idle();
    expect(countReplies()).toBe(1);
    await world.github.editComment(repository, comment.id, '/backend help', { by: 'ada' });
    await world.idle();
    expect(countReplies()).toBe(1);
  });

  it('for a pull request of ours says so on one of somebody else', async () => {
    const repository = await createRepository();
    await world.github.pushCommit(repository, { by: 'ada', branch: 'topic', files: { 'a.txt': 'a\n' } });
    const { number } = await world.github.openPull(repository, { by: 'ada', title: 'A topic', head: 'topic' });
    await world.github.comment(repository, number, '/backend rebase', { by: 'ada' });
    await world.idle();
    expect(repository.comments(number).at(-1)?.body).toMatch(/works on pull requests that I opened, and not here/);
  });
});

describe('a labelled issue', () => {
  it.each([
    ['in an empty repository', { empty: true }, { title: 'Add an endpoint' }, /still empty/],
    [
      'in a repository whose settings are wrong',
      { files: { '.github/backend.yml': 'budget:\n  usd: lots\nlables: x\n' } },
      { title: 'Add an endpoint' },
      /Line 2, column 8: `budget\.usd`[\s\S]*Line 3, column 1: `lables` is not a setting/,
    ],
    [
      'in a repository whose settings name a base that is not there',
      { files: { '.github/backend.yml': 'base: develop\n' } },
      { title: 'Add an endpoint' },
      /no branch `develop`/,
    ],
    ['that says nothing', {}, { title: '…', body: '<!-- describe it -->' }, /does not say what to do/],
  ])('%s gets one clear comment', async (_, wanted, issue, answer) => {
    const repository = await createRepository(wanted);
    expect(await labelled(repository, issue)).toEqual([expect.stringMatching(answer)]);
    expect(repository.pulls()).toEqual([]);
  });

  it('by somebody who may only triage gets one polite reason', async () => {
    expect(await labelled(await createRepository(), { title: 'Add an endpoint' }, 'tim')).toEqual([
      expect.stringMatching(/Only people with write access/),
    ]);
  });

  it('with another label is left alone', async () => {
    const repository = await createRepository();
    const issue = await world.github.openIssue(repository, { title: 'Slow', by: 'ada', labels: ['bug'] });
    await world.idle();
    expect(repository.comments(issue.number)).toEqual([]);
    expect(repository.reactions(issue.number)).toEqual([]);
  });

  it('in an archived repository is left alone, where nobody can be answered, and the run says why', async () => {
    const repository = await createRepository();
    const issue = await world.github.openIssue(repository, { title: 'Add an endpoint', by: 'ada' });
    await world.github.comment(repository, issue.number, '/backend implement', { by: 'ada' });
    world.github.archive(repository, { by: 'ada' });
    await world.idle();
    expect(repository.comments(issue.number).filter(({ author }) => author.endsWith('[bot]'))).toEqual([]);
  });
});

it('never asked the model, and made no call that GitHub does not have', () => {
  expect(world.model.requests).toEqual([]);
  expect(world.github.violations).toEqual([]);
  expect(world.github.history.filter(({ missed }) => missed)).toEqual([]);
});

it('says in the log which permission the App lacks', async () => {
  await using poor = await startWorld({
    script: () => text('nobody asks me here'),
    github: {
      permissions: { metadata: 'read', contents: 'write', issues: 'read', pull_requests: 'write', checks: 'write' },
    },
  });
  const repository = await poor.github.createRepository({
    owner: 'acme',
    name: 'poor',
    collaborators: { ada: 'write' },
  });
  await poor.github.openIssue(repository, { title: 'Add an endpoint', by: 'ada', labels: ['backend'] });
  await poor.idle();
  expect(poor.log.join('')).toMatch(/issues: write/i);
  expect((await poor.app.runs())[0]).toMatchObject({ state: 'finished', outcome: { type: 'failed' } });
});
