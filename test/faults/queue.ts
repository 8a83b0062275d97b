import { setTimeout as sleep } from 'node:timers/promises';
import { cheapReply } from './cheap.ts';
import type { Wish } from './judge.ts';
import type { Options, Result } from './result.ts';
import { openWorld } from './world.ts';
import { openYard } from './yard.ts';

/** As many as the worker takes at a time: they wait for the model until everybody behind them has been told. */
const busy = 2;

/** In each round of half a minute three of those are told who have waited for ten seconds. Two rounds more for the way and a slow machine. */
const perRound = 3;
const roundMs = 30_000;
const patienceMs = (people: number): number => 10_000 + (Math.ceil(people / perRound) + 2) * roundMs;

/** Real work waits behind a busy worker: everybody is told that it was heard and how many jobs are before it, and later it is done. */
export async function runQueue({ quick, tell }: Options): Promise<Result> {
  const held: (() => void)[] = [];
  let isHolding = true;
  await using world = await openWorld({
    kind: 'embedded',
    script: async (request) => {
      if (isHolding) await new Promise<void>((resolve) => held.push(resolve));
      return cheapReply(request);
    },
    sandbox: 'unsafe-none',
    environment: { CONCURRENCY: String(busy) },
  });
  const yard = openYard(world);
  const app = await world.start();
  await yard.ask(busy);
  while (held.length < busy) await sleep(20);
  const people = quick ? 3 : 18;
  const waiting = await yard.ask(people);
  const askedAt = Date.now();
  while (waiting.some((wish) => placeOf(wish) === undefined) && Date.now() < askedAt + patienceMs(people))
    await sleep(50);
  const toldAfter = Date.now() - askedAt;
  const places = waiting.map(placeOf);
  isHolding = false;
  for (const free of held) free();
  const said = `${places.filter((place) => place !== undefined).length} of ${people} who waited were told their place within ${Math.round(toldAfter / 1000)} s: ${places.join(', ')}`;
  tell(said);
  await yard.ended(120_000);
  await app.stop();
  return await yard.judge({ injected: people, violations: complaints(places, toldAfter), notes: [said] });
}

/** How many jobs are before it, as its status comment says. */
function placeOf({ repository, issue }: Wish): number | undefined {
  const said = repository
    .comments(issue)
    .map(({ body }) => /\*\*: queued: (\d+) jobs? (?:is|are) before it/.exec(body)?.[1])
    .find((place) => place !== undefined);
  return said === undefined ? undefined : Number(said);
}

function complaints(places: readonly (number | undefined)[], ms: number): readonly string[] {
  const untold = places.filter((place) => place === undefined).length;
  if (untold > 0) return [`${untold} people were not told their place within ${Math.round(ms / 1000)} s`];
  // Nobody's place changed meanwhile, so that each has one of its own.
  const isRight = [...places].sort((one = 0, other = 0) => one - other).every((place, index) => place === index);
  return isRight ? [] : [`the places are wrong: ${places.join(', ')}`];
}
