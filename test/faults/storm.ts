import { cutConnection } from '../stand-ins/intercept.ts';
import { cut, errorAfter, fault } from '../stand-ins/model/index.ts';
import { cheapReply } from './cheap.ts';
import { createRandom } from './random.ts';
import type { Options, Result } from './result.ts';
import { openWorld } from './world.ts';
import { openYard } from './yard.ts';

/** Of all calls, so many are cut off before anything happened, and so many after it had. */
const shares = { before: 0.08, after: 0.13 };
const modelShare = 0.4;

/** Every wire fails again and again: calls get lost before and after their effect, answers of the model break off or are refused. */
export async function runStorm({ quick, tell }: Options): Promise<Result> {
  const random = createRandom(11);
  let injected = 0;
  const strikes = (share: number) => {
    const isHit = random.next() < share;
    injected += Number(isHit);
    return isHit;
  };
  await using world = await openWorld({
    kind: 'PostgreSQL',
    script: (request) => {
      if (!strikes(modelShare)) return cheapReply(request);
      const whole = cheapReply(request);
      const faults = [
        fault(529),
        fault(429, { retryAfter: 0 }),
        fault(500),
        cut(whole, 'start'),
        errorAfter(whole, 'start'),
      ];
      return faults[Math.floor(random.next() * faults.length)] ?? whole;
    },
    sandbox: 'unsafe-none',
    timing: { settleMs: 300, retryDelays: Array.from({ length: 40 }, () => 0.2) },
    environment: { CONCURRENCY: '6' },
  });
  world.github.intercept((call, phase) => {
    if (call.kind !== 'other' && strikes(shares[phase])) throw cutConnection;
  });
  const yard = openYard(world);
  const app = await world.start();
  await yard.ask(quick ? 10 : 60);
  await yard.ended(120_000);
  tell(`${injected} calls lost or refused`);
  await app.stop();
  return await yard.judge({ injected });
}
