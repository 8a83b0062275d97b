import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { migrate, openEmbedded, openPostgres, schemaHistory } from '../../src/database/index.ts';
import type { Database, Migration, Sql } from '../../src/database/index.ts';
import { openStore } from '../../src/store/index.ts';
import { aClaim, aJob, aRequest } from '../store/builders.ts';
import { kinds } from '../store/databases.ts';
import type { Databases, TestDatabase } from '../store/databases.ts';
import { makeScratchFolder } from '../stand-ins/postgres.ts';

const known = schemaHistory.at(-1)?.id ?? 0;
const additive: Migration = {
  id: known + 1,
  oldest: known,
  statements: [
    "alter table backend.jobs add column mood text not null default 'fine'",
    'create table backend.moods (id integer)',
  ],
};
const breaking: Migration = {
  id: known + 2,
  oldest: known + 2,
  statements: ['alter table backend.jobs rename to tasks'],
};

describe.each(kinds)('an upgrade (%s)', (kind, start) => {
  let databases: Databases;
  let database: TestDatabase;
  const upgradeTo = async (history: readonly Migration[]) => {
    const { dataDir, databaseUrl } = database.place;
    const open = databaseUrl === undefined ? openEmbedded(dataDir) : openPostgres(databaseUrl, () => undefined);
    await using opened = disposable(await open);
    await migrate(opened.database, history);
  };

  beforeAll(async () => {
    databases = await start();
  });
  afterAll(() => databases[Symbol.asyncDispose]());
  beforeEach(async () => {
    database = await databases.create();
    return () => database[Symbol.asyncDispose]();
  });

  it('RL-41: a job in flight goes on under the next version, and after rolling back under this one', async () => {
    const store = await database.open();
    const jobId = await aJob(store);
    const { claim, stop } = await aClaim(store, jobId);
    await store.journal(claim).append('turn', 'before');
    await stop();
    await store[Symbol.asyncDispose]();
    await upgradeTo([...schemaHistory, additive]);
    await upgradeTo([...schemaHistory, additive]); // a second process of the next version changes nothing
    const back = await database.open();
    const next = await aClaim(back, jobId);
    expect(next.claim.epoch).toBe(2);
    expect((await back.journal(next.claim).entries()).map(({ data }) => data)).toEqual(['before']);
    await back.finish(next.claim, { type: 'answered' });
    await next.stop();
    await aJob(back);
  });

  it('RL-41: a version that broke with this one is refused, and nothing is written', async () => {
    await (await database.open())[Symbol.asyncDispose]();
    await upgradeTo([...schemaHistory, additive, breaking]);
    const before = await database.inspect(picture);
    await expect(openStore(database.place)).rejects.toMatchObject({
      code: 'store-newer',
      message: expect.stringMatching(
        new RegExp(`schema ${breaking.id}, which needs code for schema ${breaking.oldest}.*up to ${known}`),
      ) as string,
    });
    expect(await database.inspect(picture)).toEqual(before);
  });

  it('RL-41: a step that fails leaves the schema as it was', async () => {
    await (await database.open())[Symbol.asyncDispose]();
    const before = await database.inspect(picture);
    const broken = { ...additive, statements: [...additive.statements, 'select nonsense'] };
    await expect(upgradeTo([...schemaHistory, broken])).rejects.toMatchObject({ code: 'bug' });
    expect(await database.inspect(picture)).toEqual(before);
  });

  it('RL-41: what the first version wrote is there for this one', async () => {
    const place = await emptyPlace();
    const jobId = randomUUID();
    const changes = JSON.stringify([{ path: 'a', type: 'put', mode: '100644', sha256: 'abc' }]);
    await using old = disposable(await place.open());
    await migrate(old.database, schemaHistory.slice(0, 1));
    await old.database.sql(
      `insert into backend.jobs (id, repository_id, subject_kind, subject_number, intention, verb, request, state, epoch,
         journal_length, created_at, updated_at) values ($1, 501, 'issue', 12, 'comment:1', 'implement', $2, 'running', 1, 1, now(), now())`,
      [jobId, JSON.stringify(aRequest())],
    );
    await old.database.sql("insert into backend.journal values ($1, 1, 'changes', null, $2, now())", [jobId, changes]);
    await old.database.sql("insert into backend.blobs values ('abc', 'content'::bytea)");
    await old[Symbol.asyncDispose]();
    const store = await openStore(place);
    expect(await store.run(jobId)).toMatchObject({ state: 'running', job: { id: jobId } });
    await store.purge(Date.now() + 60_000);
    const claim = { jobId, request: aRequest(), epoch: 1 };
    expect(await store.journal(claim).latestChanges()).toMatchObject([
      { path: 'a', bytes: new TextEncoder().encode('content') },
    ]);
    await store[Symbol.asyncDispose]();
    await rm(place.dataDir, { recursive: true });
  });

  async function emptyPlace() {
    const dataDir = await makeScratchFolder('first-version-');
    if (kind === 'embedded') return { dataDir, open: () => openEmbedded(dataDir) };
    const databaseUrl = (await databases.server?.createDatabase()) ?? '';
    return { dataDir, databaseUrl, open: () => openPostgres(databaseUrl, () => undefined) };
  }
});

/** Tables, columns and the schema's history. */
async function picture(sql: Sql): Promise<readonly unknown[]> {
  const columns = `select table_schema, table_name, column_name, data_type from information_schema.columns
    where table_schema in ('backend', 'pgboss') order by 1, 2, 3`;
  return [await sql(columns), await sql('select * from backend.migrations order by id')];
}

function disposable(database: Database): AsyncDisposable & { readonly database: Database } {
  let closed: Promise<void> | undefined;
  return { database, [Symbol.asyncDispose]: () => (closed ??= database.close()) };
}
