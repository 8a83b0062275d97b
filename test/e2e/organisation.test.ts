import { afterAll, beforeAll, expect, it } from 'vitest';
import { text } from '../stand-ins/model/index.ts';
import { startWorld, unboxed, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld({ script: () => text('nobody asks me here'), environment: unboxed });
});
afterAll(() => world[Symbol.asyncDispose]());

const path = '.github/backend.yml';

/** What is answered in an organisation with this file to somebody who comments in a repository with, or without, one of its own. */
async function answerIn(owner: string, files: { organisation: string; own?: string }, body: string) {
  const people = { collaborators: { ada: 'write' as const } };
  await world.github.createRepository({
    owner,
    name: '.github',
    isPrivate: true,
    files: { [path]: files.organisation },
  });
  const own = files.own === undefined ? {} : { [path]: files.own };
  const repository = await world.github.createRepository({
    ...people,
    owner,
    name: 'shop',
    files: { 'README.md': '# Shop\n', ...own },
  });
  const issue = await world.github.openIssue(repository, { title: 'Add a health endpoint', by: 'ada' });
  await world.github.comment(repository, issue.number, body, { by: 'ada' });
  await world.idle();
  return repository.comments(issue.number).flatMap(({ author, body: said }) => (author === 'ada' ? [] : [said]));
}

it('hears the command word of the organisation where the repository names none', async () => {
  const files = { organisation: 'triggers: { command: /bot }' };
  expect(await answerIn('acme', files, '/bot help')).toEqual([expect.stringContaining('`/bot implement')]);
});

it('hears the command word of the repository where both name one', async () => {
  const files = { organisation: 'triggers: { command: /bot }', own: 'triggers: { command: /ours }' };
  expect(await answerIn('globex', files, '/bot help')).toEqual([]);
  expect(world.log.join('\n')).not.toContain('"level":50');
});

it('starts nothing under a mistake of the organisation, and says where it stands', async () => {
  const files = { organisation: 'draft: true\nbudget: { usd: five }\n', own: 'draft: false\n' };
  expect(await answerIn('initech', files, '/backend implement')).toEqual([
    expect.stringMatching(/In the organisation’s `initech\/\.github`: Line 2, column 16: `budget\.usd` is `"five"`/u),
  ]);
});
