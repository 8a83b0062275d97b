import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { branchFor } from '../../src/job/index.ts';
import { openStore } from '../../src/store/index.ts';
import { cheapReply, repositoryOf, titleFor } from '../faults/cheap.ts';
import type { GitHubStandIn, RepositoryHandle } from '../stand-ins/github/index.ts';
import { labelCheapIssue, startWorld, unboxed, type World } from './world.ts';

interface Scene {
  readonly github: GitHubStandIn;
  readonly repository: RepositoryHandle;
  readonly issue: number;
}

/** What is done while the model thinks about its second turn in a repository, by its name. */
const acts = new Map<string, () => unknown>();

let world: World;
beforeAll(async () => {
  world = await startWorld({
    environment: unboxed,
    script: async (request, turn) => {
      const act = acts.get(repositoryOf(request));
      if (turn === 2) await act?.();
      if (turn === 2) acts.delete(repositoryOf(request));
      return cheapReply(request);
    },
  });
});
afterAll(() => world[Symbol.asyncDispose]());

/** Does it while the model thinks, in a repository of its own, and waits until the work has ended. `log`: what was logged meanwhile. */
async function during(name: string, act: (scene: Scene) => unknown): Promise<Scene & { log: readonly string[] }> {
  const { github } = world;
  const from = world.log.length;
  const ready = Promise.withResolvers<Scene>();
  acts.set(name, async () => act(await ready.promise));
  const { repository, issue } = await labelCheapIssue(github, name);
  const scene = { github, repository, issue: issue.number };
  ready.resolve(scene);
  await world.idle();
  return { ...scene, log: world.log.slice(from) };
}

it('RL-29: follows a repository that was renamed', async () => {
  const { repository, issue } = await during('moved', (scene) => {
    scene.github.rename(scene.repository, 'renamed', { by: 'ada' });
  });
  expect(repository.pulls()).toHaveLength(1);
  expect(repository.comments(issue)).toHaveLength(1);
});

const by = { by: 'ada' };

it.each<[string, string, (scene: Scene) => unknown]>([
  ['deleted', 'the issue is deleted', ({ github, repository, issue }) => github.deleteIssue(repository, issue, by)],
  [
    'transferred',
    'the issue is transferred',
    async ({ github, repository, issue }) => {
      const to = await github.createRepository({ owner: repository.owner, name: 'elsewhere' });
      await github.transferIssue(repository, issue, to, by);
    },
  ],
  [
    'archived',
    'the repository is archived',
    ({ github, repository }): void => {
      github.archive(repository, by);
    },
  ],
  [
    'suspended',
    'the App is suspended',
    ({ github, repository }): void => {
      github.suspend(repository.owner, by);
    },
  ],
  [
    'uninstalled',
    'the App is uninstalled',
    ({ github, repository }): void => {
      github.uninstall(repository.owner, by);
    },
  ],
  [
    'taken',
    'the repository is taken from the App',
    ({ github, repository }): void => {
      github.removeRepository(repository, by);
    },
  ],
])('RL-29: %s: ends cleanly when %s', async (name, _, act) => {
  const { repository, log } = await during(name, act);
  expect(repository.pulls()).toEqual([]);
  expect(await repository.branches()).toHaveLength(1);
  await world.tidy();
  expect(log.filter((line) => line.includes('"level":50'))).toEqual([]);
});

it('RL-24: opens the pull request against a base that has moved, and says so', async () => {
  const { repository } = await during('base', (scene) =>
    scene.github.pushCommit(scene.repository, { branch: 'main', files: { 'NOTES.md': 'meanwhile' }, ...by }),
  );
  expect(repository.pulls()).toMatchObject([{ base: 'main' }]);
  expect(repository.pulls()[0]?.body).toMatch(/`main` has moved on/);
});

it('RL-25, RL-26: leaves a branch of the same name to the person who made it', async () => {
  const branch = branchFor('backend/{number}-{slug}', { number: 1, title: titleFor('branch') });
  const { github, repository } = await during('branch', (scene) =>
    scene.github.pushCommit(scene.repository, { branch, files: { 'mine.txt': 'mine' }, ...by }),
  );
  expect(repository.pulls()).toMatchObject([{ head: `${branch}-2` }]);
  expect(github.violations).toEqual([]);
});

it('RL-29: keeps nothing of a repository once the App was uninstalled', async () => {
  const { repository } = await during('forgotten', (scene) => {
    scene.github.uninstall(scene.repository.owner, by);
  });
  await world.app.stop();
  await using store = await openStore({ dataDir: world.dataDir });
  const run = (await store.runs(100)).find(({ repository: at }) => at.includes('forgotten'));
  expect(await store.transcript(run?.jobId ?? '')).toEqual([]);
  expect(JSON.stringify(await store.run(run?.jobId ?? ''))).not.toContain('One file, please.');
  expect(await readdir(join(world.dataDir, 'mirrors'))).not.toContain(String(repository.id));
});
