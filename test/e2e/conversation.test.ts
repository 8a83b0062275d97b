import { expect, it } from 'vitest';
import { reply, text, toolUse } from '../stand-ins/model/index.ts';
import { startWorld } from './world.ts';

const nothing = {
  title: 'x',
  summary: 'x',
  tests: [],
  recommendations: [],
  checklist: [],
  nothingToChange: 'it is there already',
};

it('answers for the status while it works, shows how it ended, and retries with the words of the first time', async () => {
  let speak: () => Promise<void> = async () => undefined;
  await using world = await startWorld({
    script: async (_, turn) => {
      if (turn > 1) return toolUse('Submit', nothing);
      await speak();
      return reply(text('I look.'), toolUse('Bash', { command: 'true' }));
    },
  });
  const repository = await world.github.createRepository({
    owner: 'acme',
    name: 'talk',
    collaborators: { ada: 'write', tim: 'write' },
  });
  const issue = await world.github.openIssue(repository, { title: 'Add an endpoint', by: 'ada' });
  const bodies = () => repository.comments(issue.number).map(({ body }) => body);
  speak = async () => {
    speak = async () => undefined;
    await world.github.comment(repository, issue.number, '/backend status', { by: 'tim' });
    await expect.poll(() => bodies().join('\n'), { timeout: 20_000 }).toContain('is under way: step *implement*');
  };
  const asked = '/backend implement keep the old route budget:2';
  const comment = await world.github.comment(repository, issue.number, asked, { by: 'ada' });
  await world.idle();
  expect(repository.commentReactions(comment.id).map(({ content }) => content)).toEqual(['eyes', '+1']);
  expect(bodies().join('\n')).toMatch(
    /`implement` for `ada` is under way: step \*implement\*\. Cost so far: \$0\.\d\d of \$2\.00/,
  );

  await world.github.comment(repository, issue.number, '/backend retry budget:1', { by: 'ada' });
  await world.idle();
  const tasks = world.model.requests
    .filter(({ turn }) => turn === 1)
    .map(({ body }) => JSON.stringify(body.messages[0]));
  expect(tasks).toHaveLength(2);
  for (const task of tasks) expect(task).toContain('keep the old route');

  await world.github.comment(repository, issue.number, '@backend-developer status', { by: 'tim' });
  await world.idle();
  expect(bodies().at(-1)).toMatch(
    /Nothing is under way[^]*`retry` for `ada`: nothing to change[^]*`implement` for `ada`/,
  );
  expect(world.github.violations).toEqual([]);
});
