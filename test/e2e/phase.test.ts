import { expect, it } from 'vitest';
import { cheapFiles, cheapReply, titleFor } from '../faults/cheap.ts';
import { startWorld, unboxed } from './world.ts';

const settings = 'checks: { test: sh test.sh }\ntriggers: { phase: { label: "phase: execute" } }\n';
const phase = 'phase: execute';

it('starts once an issue carries both labels, in either order, and never twice', async () => {
  await using world = await startWorld({ environment: unboxed, script: (request) => cheapReply(request) });
  const { github } = world;
  const files = { ...cheapFiles, '.github/backend.yml': settings };
  const place = { owner: 'acme', name: 'phases', files, collaborators: { ada: 'write' as const } };
  const repository = await github.createRepository(place);
  const asked = { title: titleFor('phases'), by: 'ada' };
  const first = await github.openIssue(repository, { ...asked, labels: ['backend'] });
  const second = await github.openIssue(repository, { ...asked, labels: [phase] });
  await world.idle();
  expect(repository.pulls()).toEqual([]);
  expect([first, second].flatMap(({ number }) => repository.comments(number))).toEqual([]);

  await github.addLabel(repository, first.number, phase, { by: 'ada' });
  await github.addLabel(repository, second.number, 'backend', { by: 'ada' });
  await github.openIssue(repository, { ...asked, labels: ['backend', phase] });
  await world.idle();
  const look = () =>
    JSON.stringify(repository.issues().map(({ number, ...all }) => [all, repository.comments(number)]));
  const before = look();
  for (const { id } of [...github.deliveries]) github.redeliver(id);
  await world.idle();
  expect(look()).toBe(before);
  expect(repository.pulls()).toHaveLength(3);
  for (const { number, isPull } of repository.issues())
    expect(repository.comments(number), `#${number}`).toHaveLength(isPull ? 0 : 1);
  expect(github.violations).toEqual([]);
});
