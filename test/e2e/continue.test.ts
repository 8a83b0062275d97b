import { afterAll, beforeAll, expect, it } from 'vitest';
import { cheapFiles, repositoryOf, titleFor } from '../faults/cheap.ts';
import type { RepositoryHandle } from '../stand-ins/github/index.ts';
import {
  hang,
  reply,
  text,
  toolUse,
  type MessageReply,
  type ModelRequest,
  type Reply,
} from '../stand-ins/model/index.ts';
import { labelCheapIssue, startWorld, unboxed, until, type World } from './world.ts';

const submission = {
  title: 'Add the value',
  summary: 'The value has a file of its own now.',
  tests: [],
  recommendations: [],
  checklist: [],
};
const firstTurn = (request: ModelRequest): string => JSON.stringify(request.body.messages[0]);
const goesOn = (request: ModelRequest): boolean =>
  firstTurn(request).includes('# An earlier run at this stopped short');

/** On a pull request it takes replies as well. */
function handIn(request: ModelRequest): MessageReply {
  const isFollowUp = firstTurn(request).includes('# The pull request');
  return toolUse('Submit', { ...submission, ...(isFollowUp && { commit: 'Copy it', replies: [] }) });
}

/** The first run adds a file and does not come to its end; whoever goes on with it adds another one and hands in. */
function answer(request: ModelRequest): Reply {
  const isFirstTurn = request.body.messages.length === 1;
  if (goesOn(request)) return isFirstTurn ? toolUse('Bash', { command: 'cat new.txt > copy.txt' }) : handIn(request);
  if (isFirstTurn)
    return reply(text('The value is best kept apart.'), toolUse('Write', { file_path: 'new.txt', content: 'kept\n' }));
  return repositoryOf(request) === 'stopped' ? hang() : toolUse('Bash', { command: 'true' });
}

function onlyPull(repository: RepositoryHandle) {
  const [pull, ...others] = repository.pulls();
  if (pull === undefined || others.length > 0) throw new Error('there is not exactly one pull request');
  return pull;
}

let world: World;
beforeAll(async () => {
  world = await startWorld({ script: answer, environment: unboxed });
});
afterAll(() => world[Symbol.asyncDispose]());

const requestsOf = (name: string) => world.model.requests.filter((each) => repositoryOf(each) === name);

it('goes on where a person stopped the work: on the same commit, with its files and what it had done, once', async () => {
  const { github } = world;
  const { repository, issue } = await labelCheapIssue(github, 'stopped');
  const [main] = await repository.branches();
  await until(() => requestsOf('stopped').find(({ body }) => body.messages.length > 1));
  await github.comment(repository, issue.number, '/backend stop', { by: 'ada' });
  await world.idle();
  await github.pushCommit(repository, { by: 'ada', branch: 'main', files: { 'later.txt': 'x\n' } });
  const asked = await github.comment(repository, issue.number, '/backend continue copy it, too', { by: 'ada' });
  await world.idle();
  const delivery = github.deliveries.find(({ payload }) => JSON.stringify(payload).includes('copy it, too'));
  github.redeliver(delivery?.id ?? 0);
  await world.idle();

  const told = requestsOf('stopped').filter(goesOn).map(firstTurn);
  expect(told).toHaveLength(2);
  expect(told[0]).toMatch(
    /The work tree holds what it changed.*It ended: stopped by ada\..*Write.*new\.txt.*kept apart/s,
  );
  expect(told[0]).toContain('copy it, too');
  const pull = onlyPull(repository);
  const [commit] = await repository.commits(`${main?.sha}..${pull.headSha}`);
  expect(commit).toMatchObject({ parents: [main?.sha], verified: true });
  expect((await repository.file('new.txt', pull.headSha))?.toString()).toBe('kept\n');
  expect((await repository.file('copy.txt', pull.headSha))?.toString()).toBe('kept\n');
  expect(repository.commentReactions(asked.id).map(({ content }) => content)).toEqual(['eyes', 'rocket']);
  expect(github.violations).toEqual([]);
});

it('goes on with a draft that the money did not suffice for, on its branch, and says no more that it is unfinished', async () => {
  const { github } = world;
  const settings = 'checks:\n  test: sh test.sh\nbudget: { usd: 0.01 }\n';
  const place = { owner: 'acme', name: 'poor', collaborators: { ada: 'write' } } as const;
  const repository = await github.createRepository({
    ...place,
    files: { ...cheapFiles, '.github/backend.yml': settings },
  });
  const issue = { title: titleFor('poor'), body: 'One file, please.', by: 'ada', labels: ['backend'] };
  const { number: issueNumber } = await github.openIssue(repository, issue);
  await world.idle();
  const draft = onlyPull(repository);
  expect(draft.body).toMatch(/Not finished.*budget/);
  await github.comment(repository, issueNumber, '/backend continue', { by: 'ada' });
  await world.idle();
  expect(repository.comments(issueNumber).at(-1)?.body).toContain(
    `is in #${draft.number}: \`/backend continue\` there`,
  );

  await github.comment(repository, draft.number, '/backend continue budget:3', { by: 'ada' });
  await world.idle();
  const told = requestsOf('poor').find(goesOn);
  expect(told && firstTurn(told)).toMatch(/It ended: published as a draft, unfinished\..*Write.*new\.txt/s);
  const pull = onlyPull(repository);
  expect(pull.body).not.toContain('Not finished');
  expect((await repository.file('copy.txt', pull.headSha))?.toString()).toBe('kept\n');
  expect(await repository.commits(`${draft.headSha}..${pull.headSha}`)).toHaveLength(1);
  expect(github.violations).toEqual([]);
});

it('says that nothing stopped where nothing did', async () => {
  const { github } = world;
  const repository = await github.createRepository({
    owner: 'acme',
    name: 'calm',
    files: cheapFiles,
    collaborators: { ada: 'write' },
  });
  const { number } = await github.openIssue(repository, { title: 'Quiet', body: '', by: 'ada' });
  await github.comment(repository, number, '/backend continue', { by: 'ada' });
  await world.idle();
  expect(repository.comments(number).at(-1)?.body).toMatch(/No work stopped here.*`\/backend implement` begins it/s);
  expect(repository.pulls()).toEqual([]);
});
