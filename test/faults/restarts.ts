import { setTimeout as sleep } from 'node:timers/promises';
import { cheapReply } from './cheap.ts';
import { createRandom } from './random.ts';
import type { Options, Result } from './result.ts';
import { openWorld } from './world.ts';
import { isOver, openYard } from './yard.ts';

/** The database server is stopped and started every few seconds while jobs run. */
export async function runRestarts({ quick, tell }: Options): Promise<Result> {
  await using world = await openWorld({
    kind: 'PostgreSQL',
    script: (request) => cheapReply(request),
    sandbox: 'unsafe-none',
    timing: { retryDelays: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1] },
    environment: { CONCURRENCY: '6' },
  });
  const yard = openYard(world);
  const random = createRandom(7);
  const { postgres } = world;
  if (postgres === undefined) throw new Error('this world has no PostgreSQL');
  const app = await world.start();
  await yard.ask(quick ? 6 : 30);
  let injected = 0;
  const until = Date.now() + 240_000;
  while (yard.wishes.some((wish) => !isOver(wish)) && Date.now() < until) {
    await sleep(2_500 + random.next() * 2_500);
    await postgres.stop();
    await sleep(random.next() * 1_000);
    await postgres.start();
    injected += 1;
  }
  tell(`${injected} restarts of the server`);
  await yard.ended(60_000);
  const { code } = await app.stop();
  return await yard.judge({ injected, violations: code === 0 ? [] : [`the process ended with ${String(code)}`] });
}
