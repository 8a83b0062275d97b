import { afterAll, beforeAll, expect, it } from 'vitest';
import { cheapFiles, cheapReply, titleFor } from '../faults/cheap.ts';
import type { RepositoryHandle } from '../stand-ins/github/index.ts';
import { startWorld, unboxed, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ environment: unboxed, script: (request) => cheapReply(request) });
});
afterAll(async () => {
  expect(world.github.violations).toEqual([]);
  await world[Symbol.asyncDispose]();
});

const by = { by: 'ada' };
const code = { 'src/orders.ts': 'export const orders = [];\n' };

async function createRepository(name: string, settings = 'triggers: { files: {} }\n'): Promise<RepositoryHandle> {
  const files = { ...cheapFiles, '.github/backend.yml': `checks: { test: sh test.sh }\n${settings}` };
  return world.github.createRepository({ owner: 'acme', name, files, collaborators: { ada: 'write' } });
}

const holds = (repository: RepositoryHandle) =>
  JSON.stringify(repository.issues().map((issue) => [issue, repository.comments(issue.number)]));

it('starts on a pull request that touches backend files, once for each commit, and never on what it made itself', async () => {
  const { github } = world;
  const repository = await createRepository('touched');
  await github.pushCommit(repository, { ...by, branch: 'topic', files: code });
  await github.openPull(repository, { ...by, title: titleFor('touched'), head: 'topic' });
  await world.idle();
  const ours = repository.pulls().at(-1);
  expect(repository.pulls()).toHaveLength(2);
  expect(ours).toMatchObject({ base: 'topic', author: github.app.botLogin });
  expect(repository.comments(1)).toMatchObject([{ body: expect.stringContaining('pull request #2') as string }]);
  expect(JSON.stringify(world.model.requests.at(-1)?.body.messages[0])).toMatch(
    /tests that are missing[^]*- src\/orders\.ts/,
  );

  const before = holds(repository);
  for (const { id } of [...github.deliveries]) github.redeliver(id);
  await world.idle();
  expect(holds(repository)).toBe(before);

  await github.pushCommit(repository, { ...by, branch: 'topic', files: { 'src/more.ts': 'export {};\n' } });
  await world.idle();
  expect(repository.pulls()).toHaveLength(2);
  await github.mergePull(repository, 2, by);
  await world.idle();
  expect(repository.pulls()).toHaveLength(2);
  expect(repository.comments(1)).toHaveLength(1);
});

it('stays silent everywhere else', async () => {
  const { github } = world;
  const asked = world.model.requests.length;
  const repository = await createRepository('silent');
  await github.pushCommit(repository, { ...by, branch: 'words', files: { 'README.md': '# New\n' } });
  await github.openPull(repository, { ...by, title: titleFor('silent'), head: 'words' });
  await github.pushCommit(repository, { ...by, branch: 'early', files: code });
  await github.openPull(repository, { ...by, title: titleFor('silent'), head: 'early', draft: true });
  await github.openPullFromFork(repository, { by: 'eve', title: titleFor('silent'), files: code });
  await github.pushCommit(repository, { by: 'renovate[bot]', branch: 'deps', files: code });
  github.addApp('robot', { contents: 'write' });
  await github.pushCommit(repository, { by: 'robot[bot]', branch: 'robot', files: code });
  await github.openPull(repository, { by: 'robot[bot]', title: titleFor('silent'), head: 'robot' });
  const off = await createRepository('off', '');
  await github.pushCommit(off, { ...by, branch: 'topic', files: code });
  await github.openPull(off, { ...by, title: titleFor('off'), head: 'topic' });
  await world.idle();
  for (const each of [repository, off])
    for (const { number } of each.issues()) expect(each.comments(number)).toEqual([]);
  expect(world.model.requests).toHaveLength(asked);

  await github.readyPull(repository, 2, by);
  await world.idle();
  expect(repository.pulls().at(-1)).toMatchObject({ base: 'early' });
});
