/** Fills the disk that its database is on, twice, frees it again, and says what it met: run it on a small file system of its own. */
import { randomBytes } from 'node:crypto';
import { statfsSync, unlinkSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { BotError } from '../../src/domain/index.ts';
import { openEmbedded } from '../../src/database/index.ts';
import { openStore } from '../../src/store/index.ts';
import { aDelivery, until, work } from '../store/builders.ts';

const [template = '', dataDir = ''] = process.argv.slice(2);
const ballast = join(dataDir, 'ballast');
const codeOf = (error: unknown) => (error instanceof BotError ? error.code : 'unforeseen');
const settle = (doing: Promise<unknown>) => doing.then(() => 'done', codeOf);

await cp(template, dataDir, { recursive: true });
process.stdout.write(`${JSON.stringify([await fillTables(), await fillLog()])}\n`);
process.exit(); // a start of the engine keeps a timer of ten seconds

/** No room for the tables to grow: statements are refused, the engine lives. */
async function fillTables(): Promise<unknown> {
  const store = await openStore({ dataDir });
  const acknowledged: string[] = [];
  const receive = async () => {
    const receipt = await store.receive(aDelivery(), work({ instruction: randomBytes(30_000).toString('hex') }));
    if (receipt.type === 'queued') acknowledged.push(receipt.jobId);
  };
  await receive();
  fill();
  let refusal = 'done';
  while (refusal === 'done') refusal = await settle(receive());
  const readable = (await store.runs(1_000)).length;
  unlinkSync(ballast);
  await until(async () => (await settle(receive())) === 'done');
  const runs = await store.runs(1_000);
  await store[Symbol.asyncDispose]();
  const lost = acknowledged.filter((id) => !runs.some(({ jobId }) => jobId === id));
  return { refusal, readable: readable > 0, lost: lost.length };
}

/** No room for the log to grow: the engine dies of it, and is started again once there is room. */
async function fillLog(): Promise<unknown> {
  const database = await openEmbedded(dataDir);
  await database.sql('create table counters as select 0 as n from generate_series(1, 200)');
  fill();
  let counted = 0;
  let refusal = 'done';
  while (refusal === 'done') {
    refusal = await settle(database.sql('update counters set n = n + 1'));
    if (refusal === 'done') counted += 1;
  }
  const meanwhile = await settle(database.transaction((sql) => sql('select n from counters')));
  unlinkSync(ballast);
  await until(async () => (await settle(database.sql('select 1'))) === 'done');
  const [row] = await database.sql('select min(n) as least, max(n) as most from counters');
  await database.sql('update counters set n = 0');
  await database.close();
  return { refusal, meanwhile, lost: [counted - Number(row?.['least']), counted - Number(row?.['most'])] };
}

function fill(): void {
  const { bavail, bsize } = statfsSync(dataDir);
  writeFileSync(ballast, Buffer.alloc(bavail * bsize - 400_000));
}
