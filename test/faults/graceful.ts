import { actOf, cheapReply } from './cheap.ts';
import type { Options, Result } from './result.ts';
import { openWorld } from './world.ts';
import { openYard } from './yard.ts';

/** A supervisor kills after so many milliseconds. */
const patienceMs = 30_000;

/** SIGTERM while jobs wait for the model: each process ends in order, in time, and its successor goes on. */
export async function runGraceful({ quick, tell }: Options): Promise<Result> {
  const held = new Set<() => void>();
  let isHolding = true;
  await using world = await openWorld({
    kind: 'embedded',
    script: async (request) => {
      if (isHolding && actOf(request) === 'submit') await new Promise<void>((resolve) => held.add(resolve));
      return cheapReply(request);
    },
  });
  const yard = openYard(world);
  const violations: string[] = [];
  const rounds = quick ? 1 : 2;
  let app = await world.start();
  await yard.ask(6);
  for (let round = 1; round <= rounds; round += 1) {
    while (held.size < 6) await new Promise((resolve) => setTimeout(resolve, 20));
    held.clear();
    const { code, ms } = await app.stop();
    tell(`round ${round}: SIGTERM, exit code ${String(code)} after ${Math.round(ms)} ms`);
    if (code !== 0) violations.push(`after SIGTERM the process ended with ${String(code)}`);
    if (ms > patienceMs) violations.push(`after SIGTERM the process took ${Math.round(ms)} ms`);
    isHolding = round < rounds;
    app = await world.start();
  }
  await yard.ended(120_000);
  await app.stop();
  return await yard.judge({ injected: rounds * 6, violations });
}
