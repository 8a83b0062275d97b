import { afterAll, beforeAll, expect, it } from 'vitest';
import { reply, thinking, toolUse } from '../stand-ins/model/index.ts';
import { aClaim, aJob } from '../store/builders.ts';
import { startEmbedded, type Databases } from '../store/databases.ts';
import { asText, aSubmission, openBench, openGround, type Ground } from './builders.ts';

let ground: Ground;
let databases: Databases;
beforeAll(async () => {
  [ground, databases] = await Promise.all([openGround(), startEmbedded()]);
});
afterAll(() => Promise.all([ground[Symbol.asyncDispose](), databases[Symbol.asyncDispose]()]));

it('a run that the database kept goes on with the same bytes, and ends as it was handed in', async () => {
  const look = reply(
    thinking('Hm.'),
    toolUse('Bash', { timeout: 5000, command: "printf 'a\\0é\\xff'; date >> notes" }),
  );
  await using bench = await openBench(ground, [
    look,
    look,
    toolUse('Submit', aSubmission),
    toolUse('Submit', aSubmission),
  ]);
  await using database = await databases.create();
  const store = await database.open();
  const jobId = await aJob(store);
  const { claim, stop } = await aClaim(store, jobId);
  const journal = store.journal(claim);
  const killed = new Error('killed');
  const steering = async () => {
    if (bench.standIn.requests.length === 1) throw killed;
    return [];
  };
  await expect(bench.start({}, { journal, steering })).rejects.toBe(killed);
  const first = await bench.start({}, { journal: store.journal(claim) });
  const second = await bench.start({ attempt: 2, feedback: 'red' }, { journal: store.journal(claim) });
  expect(await bench.start({}, { journal: store.journal(claim) })).toEqual(first);
  expect(second.usage.turns).toBe(4);
  expect(asText(first.changes)['notes']?.split('\n')).toHaveLength(3);
  expect(bench.standIn).toMatchObject({ prefixChanges: 0, refusals: [] });
  await stop();
});
