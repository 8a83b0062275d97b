import { setTimeout as sleep } from 'node:timers/promises';
import type { ChronicleEntry } from '../stand-ins/github/index.ts';
import { actOf, cheapReply } from './cheap.ts';
import type { Options, Result } from './result.ts';
import { openWorld } from './world.ts';
import { openYard } from './yard.ts';

const jobs = 8;
/** Leases run out after ten to fifteen seconds. */
const frozenMs = 20_000;

/** A worker is stopped in the middle of its jobs, another takes them over and ends them; when the first wakes up, it changes nothing. */
export async function runFrozen({ tell }: Options): Promise<Result> {
  const waiting: (() => void)[] = [];
  let isHolding = true;
  await using world = await openWorld({
    kind: 'PostgreSQL',
    script: async (request) => {
      if (isHolding && actOf(request) === 'submit') await new Promise<void>((resolve) => waiting.push(resolve));
      return cheapReply(request);
    },
  });
  const yard = openYard(world);
  const zombie = await world.start();
  await yard.ask(jobs);
  while (waiting.length < jobs) await sleep(20);
  const heir = await world.start();
  zombie.signal('SIGSTOP');
  isHolding = false;
  const stoppedAt = Date.now();
  const resumed = new Map<string, number>();
  world.hear = (word) => {
    if (word.type === 'moved' && !resumed.has(word.repository)) resumed.set(word.repository, word.at - stoppedAt);
  };
  await yard.ended(120_000);
  const resumes = [...resumed.values()];
  tell(`taken over and ended ${Date.now() - stoppedAt} ms after the stop`);
  await sleep(Math.max(0, stoppedAt + frozenMs - Date.now()));
  const before = world.github.chronicle.length;
  zombie.signal('SIGCONT');
  for (const wake of waiting) wake();
  await sleep(8_000);
  const effects = world.github.chronicle.slice(before).filter(isEffect);
  const violations = effects.map((entry) => `the zombie made an effect: ${entry.method} ${entry.path}`);
  await Promise.all([zombie.stop(), heir.stop()]);
  return await yard.judge({ injected: jobs, violations, resumes });
}

function isEffect(entry: ChronicleEntry): entry is Extract<ChronicleEntry, { type: 'call' }> {
  return entry.type === 'call' && entry.changes.length > 0;
}
