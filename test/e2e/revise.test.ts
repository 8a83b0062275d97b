import { expect, it } from 'vitest';
import { cheapReply } from '../faults/cheap.ts';
import type { RepositoryHandle } from '../stand-ins/github/index.ts';
import { reply, toolUse, type MessageReply, type ModelRequest } from '../stand-ins/model/index.ts';
import { labelCheapIssue, startWorld, unboxed } from './world.ts';

const isFollowUp = ({ body }: ModelRequest): boolean => JSON.stringify(body.messages[0]).includes('# The pull request');

const submission = {
  title: 'Add the value, in capitals',
  summary: 'The value has a file, in capitals.',
  tests: [],
  recommendations: [],
  checklist: [],
  commit: 'Write the value in capitals',
  replies: [] as { to: string; text: string }[],
};

/** Opens the pull request; asked again, replaces the file that it added, and hands in. */
function answer(request: ModelRequest): MessageReply {
  if (!isFollowUp(request)) return cheapReply(request);
  if (request.body.messages.length > 1) return toolUse('Submit', submission);
  return reply(
    toolUse('Bash', {
      command: 'cat new.txt theirs.txt; git status --short; git mv -k x y; mv new.txt NEW.txt || echo more >> NEW.txt',
    }),
  );
}

function onlyPull(repository: RepositoryHandle) {
  const [pull, ...others] = repository.pulls();
  if (pull === undefined || others.length > 0) throw new Error('there is not exactly one pull request');
  return pull;
}

it('goes on with our pull request on its branch, on top of what a person pushed there, and tells the whole of it anew', async () => {
  await using world = await startWorld({ script: answer, environment: unboxed });
  const { github } = world;
  const { repository } = await labelCheapIssue(github);
  await world.outcome();
  const { number, head: branch } = onlyPull(repository);
  const theirs = await github.pushCommit(repository, { branch, by: 'ada', files: { 'theirs.txt': 'kept\n' } });
  const asked = await github.comment(repository, number, '/backend revise in capitals, please', { by: 'ada' });
  await world.idle();

  expect(await world.outcome(2)).toMatchObject({ type: 'published', pullNumber: number });
  const { headSha: head, body, title } = onlyPull(repository);
  expect(title).toBe('Add the value, in capitals');
  const [commit] = await repository.commits(`${theirs}..${head}`);
  expect(commit).toMatchObject({ parents: [theirs], verified: true });
  expect(commit?.message).toMatch(/^Write the value in capitals\n\nCo-authored-by: ada /);
  expect((await repository.file('theirs.txt', head))?.toString()).toBe('kept\n');
  expect(await repository.file('new.txt', head)).toBeUndefined();
  expect((await repository.file('NEW.txt', head))?.toString()).toContain('value of');
  expect(body).toContain('The value has a file, in capitals.');
  expect(body).toContain('Closes #1');
  expect(body).toMatch(/in all with 1 other run/);
  const status = repository.comments(number).find((each) => each.body.includes('**Backend Developer**'));
  expect(status?.body).toMatch(/in all with 1 other run/);
  expect(repository.commentReactions(asked.id).map(({ content }) => content)).toEqual(['eyes', 'rocket']);
  expect(github.violations).toEqual([]);

  await github.editIssue(repository, number, { title: 'Our value, loud', by: 'ada' });
  await github.comment(repository, number, '/backend revise once more', { by: 'ada' });
  await world.idle();
  expect(onlyPull(repository)).toMatchObject({ title: 'Our value, loud' });
  expect(onlyPull(repository).body).toContain('in all with 2 other runs');
});

it('answers a review: a thread where it was opened and resolved once it is done, the rest in one comment, the same wish once', async () => {
  const replies = [
    { to: 'R1', text: 'Both are done.' },
    { to: 'R2', text: 'It is in capitals now. @octocat /backend stop', changed: true },
    { to: 'R3', text: 'Because it was asked for.', changed: false },
  ];
  const told: string[] = [];
  const script = (request: ModelRequest): MessageReply => {
    if (!isFollowUp(request)) return cheapReply(request);
    if (request.body.messages.length > 1) return toolUse('Submit', { ...submission, replies });
    told.push(JSON.stringify(request.body.messages[0]));
    return reply(toolUse('Bash', { command: 'mv new.txt NEW.txt' }));
  };
  await using world = await startWorld({ script, environment: unboxed });
  const { github } = world;
  const { repository } = await labelCheapIssue(github);
  await world.outcome();
  const { number } = onlyPull(repository);
  const { commentIds } = await github.review(repository, number, {
    by: 'ada',
    state: 'CHANGES_REQUESTED',
    body: 'Please shout.',
    comments: [
      { path: 'new.txt', line: 1, body: 'Why not in capitals?' },
      { path: 'new.txt', line: 1, body: 'Why a file?' },
    ],
  });
  await world.idle();
  expect(await world.outcome(2)).toMatchObject({ type: 'published', pullNumber: number });
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(
    /R1, about the pull request as a whole.*Please shout\..*R2, about new\.txt, line 1.*Why not in capitals\?/s,
  );
  const { botLogin } = github.app;
  expect(repository.reviewThreads(number)).toMatchObject([
    { resolvedBy: botLogin, comments: [{ author: 'ada' }, { author: botLogin }] },
    { resolvedBy: undefined, comments: [{ author: 'ada' }, { author: botLogin }] },
  ]);
  const answer = repository.reviewThreads(number)[0]?.comments[1]?.body;
  expect(answer).toContain('It is in capitals now.');
  expect(answer).not.toMatch(/^\/backend|(?<!`)@octocat/m);
  const ours = repository.comments(number).filter(({ author }) => author === botLogin);
  expect(ours.filter(({ body }) => body.includes('> Please shout.\n\nBoth are done.'))).toHaveLength(1);
  expect(commentIds).toHaveLength(2);

  await github.review(repository, number, { by: 'eve', state: 'CHANGES_REQUESTED', body: 'I want this, too.' });
  await github.review(repository, number, { by: 'ada', state: 'APPROVED', body: 'Thank you.' });
  const submitted = github.deliveries.find(({ event }) => event === 'pull_request_review');
  github.redeliver(submitted?.id ?? 0);
  const toOthers = [{ path: 'NEW.txt', line: 1, body: '/cc @eve' }];
  await github.review(repository, number, { by: 'ada', state: 'COMMENTED', body: '', comments: toOthers });
  await world.idle();
  expect(told).toHaveLength(1);
  expect(github.violations).toEqual([]);
});
