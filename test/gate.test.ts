import { expect, it } from 'vitest';
import { pauseModel, requireModel } from '../src/gate.ts';
import { startEmbedded } from './store/databases.ts';

it('RL-34: the pause at the spend limit is not prolonged by the jobs that meet it, and told once', async () => {
  await using databases = await startEmbedded();
  await using database = await databases.create();
  const store = await database.open();
  const now = Date.now();
  expect(await pauseModel(store, 'The limit is reached.', now)).toBe(true);
  const paused = await store.pausedUntil('model');
  expect(await pauseModel(store, 'The limit is reached.', now + 600_000)).toBe(false);
  const later = await store.pausedUntil('model');
  expect(Math.abs((later?.until ?? 0) - (paused?.until ?? 0))).toBeLessThan(60_000); // both are reckoned from the database's clock
  await expect(requireModel(store)).rejects.toMatchObject({ code: 'model-spend-limit' });
});
