import { afterAll, beforeAll, expect, it } from 'vitest';
import { cheapReply } from '../faults/cheap.ts';
import type { RepositoryHandle } from '../stand-ins/github/index.ts';
import { reply, toolUse, type MessageReply, type ModelRequest } from '../stand-ins/model/index.ts';
import { labelCheapIssue, startWorld, unboxed, until, type World } from './world.ts';

const merges = (request: ModelRequest): boolean =>
  JSON.stringify(request.body.messages[0]).includes('was merged into this pull request');
const conflicts = (request: ModelRequest): boolean => JSON.stringify(request.body.messages[0]).includes('CONFLICT');

const submission = {
  ...{ title: 'Add the value', summary: 'The value has a file.', commit: 'Resolve the conflict' },
  ...{ tests: [], recommendations: [], checklist: [], replies: [] },
};

/** Opens the pull request. Asked to finish a merge that conflicts, hands in too early first, and then writes what both sides meant. */
function answer(request: ModelRequest): MessageReply {
  if (!merges(request)) return cheapReply(request);
  const turn = request.body.messages.length;
  if (turn === 3 && conflicts(request)) return reply(toolUse('Bash', { command: 'printf "both\\n" > new.txt' }));
  return toolUse('Submit', submission);
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

/** A pull request of ours on which a person pushed a commit, and a base that moved on. */
async function openMoved(name: string, files: Readonly<Record<string, string>>) {
  const { github } = world;
  const { repository } = await labelCheapIssue(github, name);
  await world.idle();
  const { number, head: branch } = onlyPull(repository);
  const theirs = await github.pushCommit(repository, { branch, by: 'ada', files: { 'theirs.txt': 'kept\n' } });
  const tip = await github.pushCommit(repository, { branch: 'main', by: 'ada', files });
  return { repository, number, theirs, tip };
}

async function askTwice(repository: RepositoryHandle, number: number): Promise<number> {
  const { github } = world;
  const { id } = await github.comment(repository, number, '/backend rebase', { by: 'ada' });
  await world.idle();
  const asked = github.deliveries.find(({ payload }) => JSON.stringify(payload).includes(`"id":${String(id)}`));
  github.redeliver(asked?.id ?? 0);
  await world.idle();
  return id;
}

const textOf = async (repository: RepositoryHandle, path: string, sha: string) =>
  (await repository.file(path, sha))?.toString();

it('merges a base that moved on into our branch, over a person’s commit, proved on what came in, once', async () => {
  const { repository, number, theirs, tip } = await openMoved('moved', { 'test.sh': 'grep -q v value.txt new.txt\n' });
  const id = await askTwice(repository, number);
  const { headSha, body } = onlyPull(repository);
  const [commit, ...more] = await repository.commits(`${theirs}..${headSha}`);
  expect(more.map(({ sha }) => sha)).toEqual([tip]);
  expect(commit).toMatchObject({ parents: [theirs, tip], verified: true });
  expect(commit?.message).toMatch(/^Merge branch 'main' into backend\/.*\n\nCo-authored-by: ada /);
  expect(await textOf(repository, 'theirs.txt', headSha)).toBe('kept\n');
  expect(await textOf(repository, 'test.sh', headSha)).toContain('new.txt');
  expect(await textOf(repository, 'new.txt', headSha)).toContain('value of moved');
  expect(body).toContain(tip.slice(0, 7));
  const told = repository.comments(number).filter((comment) => comment.body.includes('is merged into this branch'));
  expect(told).toHaveLength(1);
  expect(told[0]?.body).toMatch(/`main` at `\w{7}` is merged.*Nothing conflicted\..*is the same as before/s);
  expect(repository.commentReactions(id).map(({ content }) => content)).toEqual(['eyes', 'rocket']);

  await world.github.comment(repository, number, '/backend rebase', { by: 'ada' });
  await world.idle();
  expect(repository.comments(number).at(-1)?.body).toContain('This branch holds all of `main`');
  expect(onlyPull(repository).headSha).toBe(headSha);
  expect(world.github.violations).toEqual([]);
});

it('has conflicts resolved, and takes no work that still holds one', async () => {
  const { repository, number, theirs, tip } = await openMoved('clash', { 'new.txt': 'from the base\n' });
  await askTwice(repository, number);
  const requests = world.model.requests.filter(conflicts);
  expect(JSON.stringify(requests[0]?.body.messages[0])).toMatch(/CONFLICT \(add\/add\): Merge conflict in new\.txt/);
  expect(JSON.stringify(requests[1]?.body.messages.at(-1))).toContain('left between markers in new.txt');
  const { headSha } = onlyPull(repository);
  const commits = await repository.commits(`${theirs}..${headSha}`);
  expect(commits).toMatchObject([{ parents: [theirs, tip], verified: true }, { sha: tip }]);
  expect(await textOf(repository, 'new.txt', headSha)).toBe('both\n');
  const told = repository.comments(number).find(({ body }) => body.includes('is merged into this branch'))?.body;
  expect(told).toMatch(/Conflicts were resolved in `new\.txt`\..*```diff\n.*both/s);
  expect(world.github.violations).toEqual([]);
});

it('offers it once for a commit that conflicts, which GitHub knows when it is asked again', async () => {
  const { github } = world;
  const { repository, number } = await openMoved('offered', { 'new.txt': 'from the base\n' });
  const offers = () => repository.comments(number).filter(({ body }) => body.includes('conflicts with `main` by now'));
  const lookAgain = async () => {
    await world.restart();
    await world.idle();
    return offers().length > 0 || undefined;
  };
  await until(lookAgain);
  await lookAgain();
  expect(offers()).toHaveLength(1);
  expect(offers()[0]?.body).toContain('`/backend rebase` brings that in');
  expect(github.violations).toEqual([]);
});
