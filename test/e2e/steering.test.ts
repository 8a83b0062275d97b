import { expect, it } from 'vitest';
import type { RepositoryHandle } from '../stand-ins/github/index.ts';
import { reply, text, toolUse } from '../stand-ins/model/index.ts';
import { startWorld, type World } from './world.ts';

it('puts what a person with write permission says meanwhile before the next turn, once, and shows 👀', async () => {
  let speak: () => Promise<void> = async () => undefined;
  await using world = await startWorld({
    script: async (request, turn) => {
      if (turn === 1) {
        await speak();
        return reply(text('I wait.'), toolUse('Bash', { command: 'sleep 10.5' }));
      }
      if (turn < 4) return toolUse('Bash', { command: 'true' });
      return toolUse('Submit', {
        title: 'x',
        summary: 'x',
        tests: [],
        recommendations: [],
        checklist: [],
        nothingToChange: request.lastText.slice(0, 10) || 'x',
      });
    },
  });
  const repository = await world.github.createRepository({
    owner: 'acme',
    name: 'steered',
    collaborators: { ada: 'write', bob: 'write' },
  });
  speak = () => commentOn(repository, world);
  const issue = await world.github.openIssue(repository, { title: 'Add an endpoint', by: 'ada', labels: ['backend'] });
  await world.idle();
  const second = world.model.requests.find(({ turn }) => turn === 2);
  expect(second?.lastText).toContain('bob: please use POST');
  expect(second?.lastText).not.toMatch(/stranger|\/lgtm|working, at/);
  const all = JSON.stringify(world.model.requests.at(-1)?.body.messages);
  expect(all.split('please use POST')).toHaveLength(2);
  const [, byBob, byStranger] = repository.comments(issue.number);
  expect(repository.commentReactions(byBob?.id ?? 0)).toMatchObject([{ content: 'eyes' }]);
  expect(repository.commentReactions(byStranger?.id ?? 0)).toEqual([]);
  expect(world.model.prefixChanges).toBe(0);
});

async function commentOn(repository: RepositoryHandle, { github }: World): Promise<void> {
  await github.comment(repository, 1, 'please use POST', { by: 'bob' });
  await github.comment(repository, 1, 'stranger says DELETE', { by: 'stranger' });
  await github.comment(repository, 1, '/lgtm', { by: 'ada' });
}
