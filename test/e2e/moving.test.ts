import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { branchFor } from '../../src/job/index.ts';
import { openStore } from '../../src/store/index.ts';
import { cheapReply, titleFor } from '../faults/cheap.ts';
import type { GitHubStandIn, RepositoryHandle } from '../stand-ins/github/index.ts';
import { labelCheapIssue, startWorld, type World } from './world.ts';

const branch = branchFor('backend/{number}-{slug}', { number: 1, title: titleFor('cheap') });

interface Scene {
  readonly github: GitHubStandIn;
  readonly repository: RepositoryHandle;
  readonly issue: number;
}

/** Does it while the model thinks about its second turn, and waits until the work has ended. */
async function during(act: (scene: Scene) => unknown): Promise<Scene & { world: World } & AsyncDisposable> {
  const acting: { scene?: Scene } = {};
  const world = await startWorld({
    script: async (request, turn) => {
      const { scene } = acting;
      if (turn === 2 && scene) {
        delete acting.scene;
        await act(scene);
      }
      return cheapReply(request);
    },
  });
  const { repository, issue } = await labelCheapIssue(world.github);
  const scene = { github: world.github, repository, issue: issue.number };
  acting.scene = scene;
  await world.idle();
  return { ...scene, world, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() };
}

it('RL-29: follows a repository that was renamed', async () => {
  await using scene = await during(({ github, repository }) => {
    github.rename(repository, 'renamed', { by: 'ada' });
  });
  const { repository, issue } = scene;
  expect(repository.pulls()).toHaveLength(1);
  expect(repository.comments(issue)).toHaveLength(1);
});

it.each<[string, (scene: Scene) => unknown]>([
  ['the issue is deleted', ({ github, repository, issue }) => github.deleteIssue(repository, issue, { by: 'ada' })],
  [
    'the issue is transferred',
    async ({ github, repository, issue }) => {
      const to = await github.createRepository({ owner: 'acme', name: 'elsewhere' });
      await github.transferIssue(repository, issue, to, { by: 'ada' });
    },
  ],
  [
    'the repository is archived',
    ({ github, repository }) => {
      github.archive(repository, { by: 'ada' });
    },
  ],
  [
    'the App is suspended',
    ({ github }) => {
      github.suspend('acme', { by: 'ada' });
    },
  ],
  [
    'the App is uninstalled',
    ({ github }) => {
      github.uninstall('acme', { by: 'ada' });
    },
  ],
  [
    'the repository is taken from the App',
    ({ github, repository }) => {
      github.removeRepository(repository, { by: 'ada' });
    },
  ],
])('RL-29: ends cleanly when %s', async (_, act) => {
  await using scene = await during(act);
  const { world, repository } = scene;
  expect(repository.pulls()).toEqual([]);
  expect(await repository.branches()).toHaveLength(1);
  await world.tidy();
  expect(world.log.filter((line) => line.includes('"level":50'))).toEqual([]);
});

it('RL-29: keeps nothing of a repository once the App was uninstalled', async () => {
  await using scene = await during(({ github }) => {
    github.uninstall('acme', { by: 'ada' });
  });
  const { world, repository } = scene;
  await world.app.stop();
  await using store = await openStore({ dataDir: world.dataDir });
  const [run] = await store.runs(1);
  expect(await store.transcript(run?.jobId ?? '')).toEqual([]);
  expect(JSON.stringify(await store.run(run?.jobId ?? ''))).not.toContain('One file, please.');
  expect(await readdir(join(world.dataDir, 'mirrors'))).toEqual([]);
  expect(repository.pulls()).toEqual([]);
});

it('RL-24: opens the pull request against a base that has moved, and says so', async () => {
  await using scene = await during(({ github, repository }) =>
    github.pushCommit(repository, { branch: 'main', files: { 'NOTES.md': 'meanwhile' }, by: 'ada' }),
  );
  const { repository } = scene;
  expect(repository.pulls()).toMatchObject([{ base: 'main' }]);
  expect(repository.pulls()[0]?.body).toMatch(/`main` has moved on/);
});

it('RL-25, RL-26: leaves a branch of the same name to the person who made it', async () => {
  await using scene = await during(({ github, repository }) =>
    github.pushCommit(repository, { branch, files: { 'mine.txt': 'mine' }, by: 'ada' }),
  );
  const { github, repository } = scene;
  expect(repository.pulls()).toMatchObject([{ head: `${branch}-2` }]);
  expect(github.violations).toEqual([]);
});
