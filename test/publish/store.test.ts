import { expect, it } from 'vitest';
import { openStatus, publishWork } from '../../src/publish/index.ts';
import { shareStandIn, writesOf } from '../github/github-world.ts';
import { aClaim, aJob as aStoredJob } from '../store/builders.ts';
import { startEmbedded } from '../store/databases.ts';
import { aDesk, aWork } from './builders.ts';

const openWorld = shareStandIn();

it('publishes once with the records of a real store, however often it is called', async () => {
  await using world = await openWorld();
  await using databases = await startEmbedded();
  await using database = await databases.create();
  const store = await database.open();
  const { claim, stop } = await aClaim(store, await aStoredJob(store));
  const { job, deps } = await aDesk(world);
  const stored = { ...deps, effects: store.effects(claim) };
  const status = await openStatus(job, stored);
  const first = await publishWork(job, aWork(), stored);
  await status.finish({ type: 'published', pullNumber: first.pullNumber, url: first.url, draft: first.draft });
  const writes = writesOf(world).length;
  expect(await publishWork(job, aWork(), stored)).toEqual(first);
  await (
    await openStatus(job, stored)
  ).finish({ type: 'published', pullNumber: first.pullNumber, url: first.url, draft: first.draft });
  expect(
    writesOf(world)
      .slice(writes)
      .map(({ path }) => path),
  ).toEqual([]);
  await stop();
});
