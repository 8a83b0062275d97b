import { afterAll, beforeAll, expect, it } from 'vitest';
import { cheapReply, repositoryOf } from '../faults/cheap.ts';
import { reply, text, toolUse } from '../stand-ins/model/index.ts';
import { labelCheapIssue, startWorld, unboxed, type World } from '../e2e/world.ts';

let world: World;
let written = '';
beforeAll(async () => {
  world = await startWorld({
    environment: unboxed,
    script: (request, turn) => {
      const way = repositoryOf(request);
      if (way === 'honest' || turn > 1) return cheapReply(request);
      if (way === 'command')
        return toolUse('Bash', { command: `printf %s ${written.slice(0, 10)}; echo ${written.slice(10)}` });
      return reply(text('I add it.'), toolUse('Write', { file_path: 'new.txt', content: `${written}\n` }));
    },
  });
  written = Buffer.from(world.github.app.webhookSecret).toString('base64');
});
afterAll(() => world[Symbol.asyncDispose]());

it('D30: without a secret in it the same work is published', async () => {
  const { repository } = await labelCheapIssue(world.github, 'honest');
  await world.idle();
  expect(repository.pulls()).toHaveLength(1);
});

it.each(['file', 'command'])(
  'D30: a secret that the model gets at (by a %s) ends the job: GitHub sees the reason and nothing else, the operator its name',
  async (way) => {
    const { repository, issue } = await labelCheapIssue(world.github, way);
    await world.idle();
    const [status, ...others] = repository.comments(issue.number);
    expect(others).toEqual([]);
    expect(status?.body).toContain(
      'stopped: a secret of this installation was about to be published; the operator has been told',
    );
    expect(repository.pulls()).toEqual([]);
    expect(await repository.branches()).toHaveLength(1);
    const run = (await world.app.runs()).find((each) => each.repository.endsWith(`/${way}`));
    expect(run?.outcome?.type).toBe('failed');
    const line = world.log.find((each) => each.includes('secret-found') && each.includes(run?.jobId ?? ''));
    expect(JSON.parse(line ?? '{}')).toMatchObject({ level: 50, code: 'secret-found' });
    expect(line).toContain('WEBHOOK_SECRET');
    const told = `${world.log.join('')}${JSON.stringify(world.progress)}${status?.body ?? ''}`;
    expect(told).not.toContain(written);
    expect(told).not.toContain(written.slice(12, 30));
  },
);

it('D27: of all tokens that were minted for a job none is left when it is over', async () => {
  const { history } = world.github;
  const mints = history.filter(({ path, status }) => path.includes('access_tokens') && status === 201);
  const revoked = history.filter(({ method, path }) => method === 'DELETE' && path.endsWith('/installation/token'));
  const forRepositories = mints.filter(({ body }) => JSON.stringify(body).includes('repository_ids'));
  // What sweeps read with, no job holds.
  const forJobs = forRepositories.filter(({ body }) => !/"issues":"read"/.test(JSON.stringify(body)));
  expect(forJobs.length).toBeGreaterThan(8);
  for (const { body } of forRepositories)
    expect(body).toMatchObject({ repository_ids: [expect.any(Number) as number] });
  expect(revoked.length).toBeGreaterThanOrEqual(forJobs.length);
});
