import { availableParallelism } from 'node:os';
import { startChild } from '../../bench/child.ts';
import type { Answers, Volley } from '../../bench/processes/sender.ts';
import { reply, toolUse, type MessageReply, type ModelRequest } from '../stand-ins/model/index.ts';
import { actOf, cheapReply } from './cheap.ts';
import { percentile, type Options, type Result } from './result.ts';
import { openWorld } from './world.ts';
import { openYard } from './yard.ts';

const perSecond = 50;
/** GitHub gives an answer up after ten seconds. */
const goals = { p99Ms: 500, longestMs: 9_000 } as const;

/** Deliveries come at fixed times while the commands of jobs keep every core busy: each is answered in time. */
export async function runBusy({ quick, tell }: Options): Promise<Result> {
  const seconds = quick ? 4 : 20;
  const jobs = availableParallelism();
  const busy = Promise.withResolvers<undefined>();
  let begun = 0;
  const script = (request: ModelRequest): MessageReply => {
    if (actOf(request) === 'submit') return cheapReply(request);
    begun += 1;
    if (begun === jobs) busy.resolve(undefined);
    const command = `timeout ${seconds + 5} sh -c 'while :; do :; done'`;
    return reply(toolUse('Write', { file_path: 'new.txt', content: 'value\n' }), toolUse('Bash', { command }));
  };
  await using world = await openWorld({ kind: 'embedded', script });
  await using sender = startChild('sender');
  const yard = openYard(world);
  const app = await world.start();
  await yard.ask(jobs);
  await busy.promise;
  const count = perSecond * seconds;
  const url = `${app.url}/api/github/webhooks`;
  const secret = world.github.app.webhookSecret;
  const volley: Volley = { url, secret, kind: 'ignored', count, perSecond, from: 1_000 };
  const { latencies, failures } = (await sender.ask('send', volley)) as Answers; // what `send` returns
  const [p99, longest] = [percentile(latencies, 0.99), Math.max(0, ...latencies)] as const;
  const took = `${count} deliveries answered within ${Math.round(p99)} ms (p99), ${Math.round(longest)} ms (slowest)`;
  tell(took);
  await yard.ended(120_000);
  await app.stop();
  const unanswered = `${failures.length} of ${count} deliveries were not answered with 200: ${failures[0]}`;
  const violations = [
    ...(failures.length > 0 ? [unanswered] : []),
    ...(p99 > goals.p99Ms || longest > goals.longestMs ? [took] : []),
  ];
  return await yard.judge({ injected: count, violations, notes: [took] });
}
