import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/index.ts';
import { aClaim, aDelivery, aJob, until, untilState, work } from './builders.ts';
import { makeScratchFolder } from '../stand-ins/postgres.ts';
import { startEmbedded, startServer } from './databases.ts';
import type { Databases, TestDatabase } from './databases.ts';

const children = new Set<ChildProcess>();
let embedded: Databases;
let server: Databases;
let database: TestDatabase;

beforeAll(async () => {
  embedded = await startEmbedded();
  server = await startServer();
});
afterAll(async () => {
  await embedded[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
  return database[Symbol.asyncDispose]();
});

const kinds = [
  ['embedded', () => embedded],
  ['PostgreSQL', () => server],
] as const;

describe.each(kinds)('a worker process that dies (%s)', (kind, databases) => {
  beforeEach(async () => {
    database = await databases().create();
  });

  it('loses nothing it had recorded: the next one goes on where it was killed', async () => {
    const first = await database.open();
    const jobId = await aJob(first);
    await first[Symbol.asyncDispose]();
    const child = startChild(database.place);
    await child.says('working');
    await child.kill('SIGKILL');
    // Embedded, the next one need not wait for the heartbeat to run out; on PostgreSQL, let it have run out.
    if (kind === 'PostgreSQL')
      await database.inspect((sql) => sql("update pgboss.job set heartbeat_on = now() - interval '1 minute'"));
    const store = await database.open();
    const { claim } = await aClaim(store, jobId);
    expect(claim).toMatchObject({ jobId, epoch: 2 });
    expect(await store.journal(claim).once('before', () => Promise.resolve('done again'))).toBe('kept');
    const rows = await database.inspect((sql) => sql('select crashes from backend.jobs'));
    expect(rows).toEqual([{ crashes: 0 }]); // the journal had grown: it was not over this job
  });
});

describe('the embedded database', () => {
  beforeEach(async () => {
    database = await embedded.create();
  });

  it('frees the jobs of a killed process when it is opened, without waiting for their heartbeat', async () => {
    const first = await database.open();
    await aJob(first);
    await first[Symbol.asyncDispose]();
    const child = startChild(database.place);
    await child.says('working');
    await child.kill('SIGKILL');
    const states = () => database.inspect((sql) => sql("select state from pgboss.job where name = 'jobs'"));
    expect(await states()).toEqual([{ state: 'active' }]);
    await database.open();
    expect(await states()).toEqual([{ state: 'retry' }]);
  });

  it('is refused to a second process, which hears who holds it, and is free once that one is gone', async () => {
    const child = startChild(database.place);
    await child.says('open');
    const message = new RegExp(
      `database in ${join(database.place.dataDir, 'database')} is in use by process ${child.pid}`,
    );
    await expect(openStore(database.place)).rejects.toMatchObject({
      code: 'store-locked',
      message: expect.stringMatching(message) as string,
    });
    await child.kill('SIGKILL');
    await expect(database.open()).resolves.toBeDefined();
  });

  it('is refused to a second store of the same process', async () => {
    await database.open();
    await expect(openStore(database.place)).rejects.toMatchObject({ code: 'store-locked' });
  });

  it.each([
    ['damaged files', (folder: string) => writeFile(join(folder, 'global/pg_control'), Buffer.alloc(8192))],
    ['missing files', (folder: string) => rm(join(folder, 'pg_wal'), { recursive: true })],
    ['a file in its place', (folder: string) => rm(folder, { recursive: true }).then(() => writeFile(folder, 'x'))],
  ])('names the folder and the way out when it finds %s, each time it is opened', async (_what, damage) => {
    const folder = join(database.place.dataDir, 'database');
    await damage(folder);
    const refusal = {
      code: 'store-unavailable',
      message: expect.stringContaining(`The database in ${folder} cannot be opened`) as string,
    };
    await expect(openStore(database.place)).rejects.toMatchObject(refusal);
    await expect(openStore(database.place)).rejects.toMatchObject(refusal);
  });

  it('is made anew from what a process left that was killed while making it', async () => {
    const dataDir = await makeScratchFolder('half-made-');
    await mkdir(join(dataDir, 'database.new'));
    await writeFile(join(dataDir, 'database.new', 'PG_VERSION'), '18\n');
    const store = await openStore({ dataDir });
    expect(await store.receive(aDelivery(), work())).toMatchObject({ type: 'queued' });
    await store[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  });
});

describe('PostgreSQL', () => {
  beforeEach(async () => {
    database = await server.create();
  });

  it('RL-12: fences a worker that was frozen and wakes up after another has taken its job, and tells it', async () => {
    const store = await database.open();
    const jobId = await aJob(store);
    const child = startChild(database.place);
    await child.says('working');
    await child.kill('SIGSTOP');
    const { claim } = await aClaim(store, jobId);
    expect(claim).toMatchObject({ jobId, epoch: 2 });
    await child.kill('SIGCONT');
    expect(await child.says('aborted')).toBe('aborted, fenced');
    expect((await store.transcript(jobId)).map(({ data }) => data)).toEqual(['kept']);
    expect(await store.run(jobId)).toMatchObject({ state: 'running' });
  });

  it('is prepared by two processes that start at once on an empty database', async () => {
    const databaseUrl = await server.server?.createDatabase();
    const place = { dataDir: tmpdir(), databaseUrl };
    const stores = await Promise.all([openStore(place), openStore(place), openStore(place)]);
    const delivery = aDelivery();
    const reading = work();
    const receipts = await Promise.all(stores.map((store) => store.receive(delivery, reading)));
    expect(receipts.filter(({ type }) => type === 'queued')).toHaveLength(1);
    await Promise.all(stores.map((store) => store[Symbol.asyncDispose]()));
  });

  it('answers that it is unavailable while the server is down, and goes on when it is back', async () => {
    const warnings: string[] = [];
    const log = { warn: (_fields: object, message: string) => void warnings.push(message), error: () => undefined };
    const store = await database.open({ log });
    const begun = Promise.withResolvers<undefined>();
    const release = Promise.withResolvers<undefined>();
    const jobId = await aJob(store);
    await store.work({
      concurrency: 1,
      handle: async (claim) => {
        begun.resolve(undefined);
        await release.promise;
        await store.finish(claim, { type: 'answered' });
      },
    });
    await begun.promise;
    await server.server?.stop();
    const unavailable = { code: 'store-unavailable', retryable: true };
    const delivery = aDelivery();
    await expect(store.receive(delivery, work())).rejects.toMatchObject(unavailable);
    await expect(store.ping()).rejects.toMatchObject(unavailable);
    await expect(openStore(database.place)).rejects.toMatchObject(unavailable);
    await server.server?.start();
    await until(() =>
      store.ping().then(
        () => true,
        () => false,
      ),
    );
    expect(await store.receive(delivery, work({ subject: { kind: 'issue', number: 2 } }))).toMatchObject({
      type: 'queued',
    });
    release.resolve(undefined);
    expect(await untilState(store, jobId, 'finished')).toMatchObject({ outcome: { type: 'answered' } });
    expect(warnings).toContain('database connection lost');
  });

  it('RL-06: never acknowledges a delivery that it has not kept, and answers in time, when the server stops meanwhile', async () => {
    const store = await database.open();
    const deliveries = Array.from({ length: 500 }, (_, number) => ({
      delivery: aDelivery(),
      reading: work({ subject: { kind: 'issue' as const, number } }),
    }));
    const kept: string[] = [];
    const posts = deliveries.map(async ({ delivery, reading }) => {
      const receipt = await store.receive(delivery, reading);
      if (receipt.type === 'queued') kept.push(receipt.jobId);
    });
    const answers = Promise.allSettled(posts);
    await until(() => Promise.resolve(kept.length > 0));
    await server.server?.stop();
    const refused = (await answers).filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused) expect(answer).toMatchObject({ reason: { code: 'store-unavailable' } });
    await server.server?.start();
    await until(() =>
      store.ping().then(
        () => true,
        () => false,
      ),
    );
    const waiting = (await store.waiting(1_000)).map(({ jobId }) => jobId);
    expect(kept.filter((jobId) => !waiting.includes(jobId))).toEqual([]);
    await Promise.all(deliveries.map(({ delivery, reading }) => store.receive(delivery, reading))); // they come again
    expect(await store.runs(1_000)).toHaveLength(500);
  });

  it('answers that it is unavailable when the server hangs, and takes the delivery when it comes again', async () => {
    const store = await database.open();
    const delivery = aDelivery();
    const ready = Promise.withResolvers<undefined>();
    const release = Promise.withResolvers<undefined>();
    const held = lockDeliveries(database, ready, release.promise);
    await ready.promise;
    await expect(store.receive(delivery, work())).rejects.toMatchObject({ code: 'store-unavailable' });
    release.resolve(undefined);
    await held;
    const again = await store.receive(delivery, work());
    expect(['queued', 'duplicate-delivery']).toContain(again.type); // the first one may have got through after all
    expect(await store.runs(10)).toHaveLength(1);
  });

  it('refuses an address where no database is', async () => {
    const databaseUrl = 'postgres://nobody:secret@127.0.0.1:1/none';
    await expect(openStore({ dataDir: tmpdir(), databaseUrl })).rejects.toMatchObject({ code: 'store-unavailable' });
  });
});

describe.each(kinds)('a database of a newer version of the app (%s)', (_, databases) => {
  it('is left as it is', async () => {
    database = await databases().create();
    await database.inspect((sql) => sql('insert into backend.migrations (id) values (999)'));
    await expect(openStore(database.place)).rejects.toMatchObject({
      code: 'store-newer',
      message: expect.stringContaining('999') as string,
    });
    await expect(openStore(database.place)).rejects.toMatchObject({ code: 'store-newer' });
  });
});

/** Holds the inbox's table, as a stuck maintenance statement would. */
function lockDeliveries(
  database: TestDatabase,
  ready: PromiseWithResolvers<undefined>,
  until: Promise<undefined>,
): Promise<void> {
  return database.transact(async (sql) => {
    await sql('lock table backend.deliveries in access exclusive mode');
    ready.resolve(undefined);
    await until;
  });
}

interface Child {
  readonly pid: number | undefined;
  /** Waits for a line that starts so, and gives it. */
  says(start: string): Promise<string>;
  /** Sends the signal; after SIGKILL, waits for the end. */
  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
}

function startChild({ dataDir, databaseUrl }: TestDatabase['place']): Child {
  const program = join(import.meta.dirname, 'child-worker.ts');
  const child = spawn(process.execPath, [program, dataDir, databaseUrl ?? ''], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  const lines = createInterface({ input: child.stdout });
  return {
    pid: child.pid,
    says: (start) => lineStarting(lines, start),
    kill: async (signal) => {
      const exited = once(child, 'exit');
      child.kill(signal);
      if (signal === 'SIGKILL') await exited;
    },
  };
}

function lineStarting(lines: Interface, start: string): Promise<string> {
  return new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      if (line.startsWith(start)) resolve(line);
    });
    lines.once('close', () => {
      reject(new Error(`The process ended without saying "${start}".`));
    });
  });
}
