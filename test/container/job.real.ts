import { beforeAll, expect, it } from 'vitest';
import { cheapFiles, cheapReply, titleFor } from '../faults/cheap.ts';
import { labelCheapIssue, startWorld } from '../e2e/world.ts';
import { image, requireEngine } from './ground.ts';

beforeAll(async () => {
  await requireEngine();
});

const environment = { SANDBOX: 'container', SANDBOX_IMAGE: image };

it('D1: a labelled issue becomes a proven pull request, all of its work in containers', async () => {
  await using world = await startWorld({ environment, script: cheapReply });
  const { repository } = await labelCheapIssue(world.github);
  await world.idle();
  const [pull, ...others] = repository.pulls();
  expect(others).toEqual([]);
  expect(pull?.title).toBe('Add the value for cheap');
  expect(pull?.body).toContain('sh test.sh');
  const opened = world.log.filter((line) => line.includes('box opened'));
  expect(opened.length).toBeGreaterThanOrEqual(3);
});

it('D5: an image that a repository names and nobody fetched parks the job, and no other is taken for it', async () => {
  await using world = await startWorld({ environment, script: cheapReply });
  const files = {
    ...cheapFiles,
    '.github/backend.yml': 'checks:\n  test: sh test.sh\nimage: localhost/never-made:1\n',
  };
  const repository = await world.github.createRepository({
    owner: 'acme',
    name: 'own',
    collaborators: { ada: 'write' },
    files,
  });
  await world.github.openIssue(repository, {
    title: titleFor('own'),
    body: 'One file.',
    by: 'ada',
    labels: ['backend'],
  });
  await expect
    .poll(() => world.log.some((line) => line.includes('localhost/never-made:1 is not on this machine')), {
      timeout: 60_000,
    })
    .toBe(true);
  expect(repository.pulls()).toEqual([]);
});

it('an image that settings name is not used where there are no containers, and the pull request says so', async () => {
  await using world = await startWorld({ script: cheapReply });
  const files = { ...cheapFiles, '.github/backend.yml': 'checks:\n  test: sh test.sh\nimage: node:24-bookworm\n' };
  const repository = await world.github.createRepository({
    owner: 'acme',
    name: 'own',
    collaborators: { ada: 'write' },
    files,
  });
  await world.github.openIssue(repository, {
    title: titleFor('own'),
    body: 'One file.',
    by: 'ada',
    labels: ['backend'],
  });
  await world.idle();
  expect(repository.pulls()[0]?.body).toContain('`node:24-bookworm`) was not used');
});
