/** A worker process among several: says that it is ready, then the id of each job that it begins, and answers it. */
import { tmpdir } from 'node:os';
import { openStore } from '../../src/store/index.ts';

const store = await openStore({ dataDir: tmpdir(), databaseUrl: process.argv[2] });
await store.work({
  concurrency: 4,
  handle: async (claim) => {
    process.stdout.write(`${claim.jobId}\n`);
    await store.finish(claim, { type: 'answered' });
  },
});
process.stdout.write('ready\n');
