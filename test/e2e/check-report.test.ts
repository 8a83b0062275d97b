import { expect, it } from 'vitest';
import { text } from '../stand-ins/model/index.ts';
import { startWorld, unboxed } from './world.ts';

const settings = `checks:
  test: sh test.sh
  lint: "true"
`;

it('runs the checks of a pull request by somebody else and reports in one comment, without asking the model', async () => {
  await using world = await startWorld({ script: () => text('nobody asks me here'), environment: unboxed });
  const { github } = world;
  const files = { '.github/backend.yml': settings, 'test.sh': 'echo fine\n' };
  const repository = await github.createRepository({
    owner: 'acme',
    name: 'checked',
    files,
    collaborators: { ada: 'write', bob: 'read' },
  });
  const failing = "echo '@octocat <b>red</b> ```'; exit 3\n";
  await github.pushCommit(repository, { by: 'ada', branch: 'topic', files: { 'test.sh': failing } });
  const { token } = github.addUser('ada');
  await fetch(`${github.apiUrl}/repos/acme/checked/pulls`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ title: 'A topic', head: 'topic', base: 'main' }),
  });
  const number = repository.pulls()[0]?.number ?? 0;
  const asked = await github.comment(repository, number, '/backend test', { by: 'ada' });
  await world.idle();
  const replies = () => repository.comments(number).filter(({ author }) => author === github.app.botLogin);
  expect(replies()).toHaveLength(1);
  const [{ body } = { body: '' }] = replies();
  expect(body).toMatch(/✗ test failed on `[0-9a-f]{7}`, run by the host/);
  expect(body).toMatch(/\| test \| `sh test\.sh` \| ✗ fails \(exit code 3\) \|/);
  expect(body).toMatch(/\| lint \| `true` \| ✓ passes \|/);
  expect(body).toContain('````\n@octocat <b>red</b> ```');
  expect(repository.commentReactions(asked.id).map(({ content }) => content)).toEqual(['eyes', '+1']);

  await github.pushCommit(repository, { by: 'ada', branch: 'topic', files: { 'test.sh': 'echo fine\n' } });
  await github.comment(repository, number, '/backend test', { by: 'ada' });
  await github.comment(repository, number, '/backend test', { by: 'bob' });
  await world.idle();
  expect(replies().map((reply) => reply.body)).toEqual([
    body,
    expect.stringContaining('✓ Every check passes'),
    expect.stringContaining('Only people with write access'),
  ]);
  expect(world.model.requests).toEqual([]);
  expect(github.violations).toEqual([]);
});
