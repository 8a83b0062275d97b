import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { openStore } from '../../src/store/index.ts';
import type { Store } from '../../src/store/index.ts';
import { aDelivery, aJob, until, work } from '../store/builders.ts';
import { startEmbedded, startServer } from '../store/databases.ts';
import { makeScratchFolder } from '../stand-ins/postgres.ts';

let child: ChildProcess | undefined;
afterEach(() => child?.kill('SIGKILL'));

it('RL-14: a copy of the embedded database, taken at any moment, opens and holds every acknowledged job', async () => {
  await using databases = await startEmbedded();
  await using database = await databases.create();
  const { dataDir } = database.place;
  const writer = spawn(process.execPath, [join(import.meta.dirname, 'child-writer.ts'), dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child = writer;
  const acknowledged: string[] = [];
  createInterface({ input: writer.stdout }).on('line', (jobId) => acknowledged.push(jobId));
  for (const copies of [1, 2]) {
    await until(() => Promise.resolve(acknowledged.length >= copies * 10));
    await sleep(Math.random() * 40); // not a wait: the random moment
    writer.kill('SIGSTOP');
    const known = [...acknowledged];
    const copy = await makeScratchFolder('copy-');
    await cp(join(dataDir, 'database'), join(copy, 'database'), { recursive: true });
    writer.kill('SIGCONT');
    const store = await openStore({ dataDir: copy });
    expect(await missing(known, store)).toEqual([]);
    await store[Symbol.asyncDispose]();
    await rm(copy, { recursive: true });
  }
  writer.kill('SIGKILL');
  await once(writer, 'exit');
  const store = await database.open();
  expect(await missing(acknowledged, store)).toEqual([]);
  await aJob(store); // and it goes on
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
  expect(await missing(acknowledged, store)).toEqual([]);
});

async function missing(jobIds: readonly string[], store: Store): Promise<readonly string[]> {
  const known = new Set((await store.waiting(10_000)).map(({ jobId }) => jobId));
  return jobIds.filter((jobId) => !known.has(jobId));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
