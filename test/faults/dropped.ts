import { cheapReply } from './cheap.ts';
import type { Options, Result } from './result.ts';
import { openWorld } from './world.ts';
import { openYard } from './yard.ts';

/** Issues are labelled while nobody takes deliveries: GitHub has a record of some of them, and none of the others. */
export async function runDropped({ quick, tell }: Options): Promise<Result> {
  await using world = await openWorld({
    kind: 'embedded',
    script: (request) => cheapReply(request),
    sandbox: 'unsafe-none',
    environment: { CONCURRENCY: '4' },
  });
  const yard = openYard(world);
  const half = quick ? 3 : 10;
  await yard.ask(half);
  await world.github.settled();
  world.github.loseDeliveries(1);
  await yard.ask(half);
  world.github.loseDeliveries(0);
  const app = await world.start();
  const startedAt = Date.now();
  await yard.ended(120_000);
  tell(
    `${yard.wishes.length} wishes whose deliveries were lost: all done ${Date.now() - startedAt} ms after the start`,
  );
  await app.stop();
  return await yard.judge({ injected: yard.wishes.length }, { everyWish: true });
}
