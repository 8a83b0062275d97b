import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { aDelivery, until, work } from '../store/builders.ts';
import { startServer } from '../store/databases.ts';
import { missingIn, sweepCopies } from './copy-sweep.ts';

it('RL-14: a copy of the embedded database, taken at any moment, opens and holds every acknowledged job', async () => {
  const { copies, acknowledged, missing } = await sweepCopies(2);
  expect(copies).toBe(3);
  expect(acknowledged).toBeGreaterThan(20);
  expect(missing).toEqual([]);
});

it('RL-14: what PostgreSQL acknowledged is there after its processes were ended at once', async () => {
  await using databases = await startServer();
  await using database = await databases.create();
  const store = await database.open();
  const name = new URL(database.place.databaseUrl ?? '').pathname.slice(1);
  // As a server of the distribution does, and unlike the one of our tests.
  await database.inspect((sql) => sql(`alter database ${name} set synchronous_commit = on`));
  const [row] = await database.inspect((sql) => sql("select current_setting('data_directory') as folder"));
  const fresh = await database.open();
  const acknowledged: string[] = [];
  const writing = Promise.allSettled(
    Array.from({ length: 400 }, async (_none, number) => {
      const receipt = await fresh.receive(aDelivery(), work({ subject: { kind: 'issue', number } }));
      if (receipt.type === 'queued') acknowledged.push(receipt.jobId);
    }),
  );
  await until(() => Promise.resolve(acknowledged.length > 0));
  const pid = Number((await readFile(join(String(row?.['folder']), 'postmaster.pid'), 'utf8')).split('\n')[0]);
  process.kill(pid, 'SIGQUIT'); // what `pg_ctl stop -m immediate` sends
  await writing;
  await until(() => Promise.resolve(!isAlive(pid)));
  await databases.server?.start();
  await until(() =>
    store.ping().then(
      () => true,
      () => false,
    ),
  );
  expect(acknowledged.length).toBeGreaterThan(0);
  expect(await missingIn(store, acknowledged)).toEqual([]);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
