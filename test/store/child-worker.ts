/** A worker process to be killed: takes one job, keeps it until its signal is aborted, and says on standard output what happens. */
import { BotError } from '../../src/domain/index.ts';
import { openStore } from '../../src/store/index.ts';

const [dataDir = '', databaseUrl = ''] = process.argv.slice(2);
const store = await openStore({ dataDir, databaseUrl: databaseUrl === '' ? undefined : databaseUrl });
process.stdout.write('open\n');
await store.work({
  concurrency: 1,
  handle: async (claim, signal) => {
    await store.journal(claim).once('before', () => Promise.resolve('kept'));
    process.stdout.write('working\n');
    await new Promise((resolve) => {
      signal.addEventListener('abort', resolve, { once: true });
    });
    const said = await store
      .journal(claim)
      .append('turn', 'zombie')
      .then(
        () => 'wrote',
        (error: unknown) => (error instanceof BotError ? error.code : 'failed'),
      );
    process.stdout.write(`aborted, ${said}\n`);
  },
});
