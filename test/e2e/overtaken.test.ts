import { afterAll, beforeAll, expect, it } from 'vitest';
import { cheapReply } from '../faults/cheap.ts';
import type { RepositoryHandle } from '../stand-ins/github/index.ts';
import { reply, toolUse, type MessageReply, type ModelRequest } from '../stand-ins/model/index.ts';
import { labelCheapIssue, startWorld, unboxed, type World } from './world.ts';

const isFollowUp = ({ body }: ModelRequest): boolean => JSON.stringify(body.messages[0]).includes('# The pull request');

const submission = {
  ...{ title: 'Add the value', summary: 'The value has a file.', commit: 'Write it in capitals' },
  ...{ tests: [], recommendations: [], checklist: [], replies: [] },
};

let push: () => Promise<unknown> = async () => undefined;

/** Opens the pull request; asked again, rewrites its file while somebody pushes to the branch, and hands in. */
async function answer(request: ModelRequest): Promise<MessageReply> {
  if (!isFollowUp(request)) return cheapReply(request);
  if (request.body.messages.length > 1) return toolUse('Submit', submission);
  await push();
  return reply(toolUse('Bash', { command: 'printf "CAPITALS\\n" > new.txt' }));
}

let world: World;
beforeAll(async () => {
  world = await startWorld({ script: answer, environment: unboxed });
});
afterAll(() => world[Symbol.asyncDispose]());

function onlyPull(repository: RepositoryHandle) {
  const [pull, ...others] = repository.pulls();
  if (pull === undefined || others.length > 0) throw new Error('there is not exactly one pull request');
  return pull;
}

/** Asks for a follow-up during which ada pushes these files to its branch. */
async function overtake(name: string, files: Readonly<Record<string, string>>) {
  const { github } = world;
  const { repository } = await labelCheapIssue(github, name);
  await world.idle();
  const { number, head: branch } = onlyPull(repository);
  let theirs = '';
  push = async () => {
    theirs = await github.pushCommit(repository, { branch, by: 'ada', files });
  };
  await github.comment(repository, number, '/backend revise in capitals, please', { by: 'ada' });
  await world.idle();
  return { repository, number, theirs };
}

it('goes on top of what a person pushed to other files meanwhile, proves both together, and says so', async () => {
  const { repository, theirs } = await overtake('beside', { 'theirs.txt': 'kept\n' });
  const { headSha, body } = onlyPull(repository);
  const commits = await repository.commits(`${theirs}..${headSha}`);
  expect(commits).toMatchObject([{ parents: [theirs], verified: true }]);
  expect((await repository.file('theirs.txt', headSha))?.toString()).toBe('kept\n');
  expect((await repository.file('new.txt', headSha))?.toString()).toBe('CAPITALS\n');
  expect(body).toMatch(new RegExp(`pushed \`${theirs.slice(0, 7)}\` to the branch.*proved together`));
  expect(world.github.violations).toEqual([]);
});

it('pushes nothing over a person’s change of the same file, and says what to do', async () => {
  const { repository, number, theirs } = await overtake('across', { 'new.txt': 'theirs\n' });
  expect(onlyPull(repository).headSha).toBe(theirs);
  expect(repository.comments(number).at(-1)?.body).toMatch(
    /both changed `new\.txt`, so nothing was pushed\..*`\/backend revise`/,
  );
  expect(world.github.violations).toEqual([]);
});
