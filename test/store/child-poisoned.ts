/** A worker process that dies over each job whose instruction is `poison`, with whatever else it has in hand; says when all jobs are finished. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '../../src/store/index.ts';

const [dataDir = '', ...jobs] = process.argv.slice(2);
const store = await openStore({ dataDir });
const inHand = new Set<string>();
await store.work({
  concurrency: 3,
  handle: async (claim) => {
    inHand.add(claim.jobId);
    if (claim.request.instruction === 'poison') {
      while (inHand.size < 2 && claim.epoch === 1) await sleep(10); // the first time it takes an innocent one with it
      process.kill(process.pid, 'SIGKILL');
    }
    await sleep(300);
    await store.finish(claim, { type: 'answered' });
    inHand.delete(claim.jobId);
  },
});
while ((await Promise.all(jobs.map((id) => store.run(id)))).some((run) => run?.state !== 'finished')) await sleep(50);
process.stdout.write('finished\n');
