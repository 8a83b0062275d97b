import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore, type Store } from '../../src/store/index.ts';
import { aDelivery, aJob, work } from '../store/builders.ts';
import { startEmbedded } from '../store/databases.ts';
import { makeScratchFolder } from '../stand-ins/postgres.ts';

/** How a sweep ended. `missing` are ids of jobs that were acknowledged before a copy was made and are not in it. */
export interface CopySweep {
  readonly copies: number;
  readonly acknowledged: number;
  readonly missing: readonly string[];
}

/**
 * RL-14, about two seconds a round: a process that takes deliveries is stopped at a random moment, its database copied, the copy opened.
 * At the end it is killed and its own database opened, which must take deliveries again.
 */
export async function sweepCopies(rounds: number): Promise<CopySweep> {
  await using databases = await startEmbedded();
  await using database = await databases.create();
  const { dataDir } = database.place;
  const program = join(import.meta.dirname, 'child-writer.ts');
  const writer = spawn(process.execPath, [program, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(writer, 'exit');
  const acknowledged: string[] = [];
  createInterface({ input: writer.stdout }).on('line', (jobId) => acknowledged.push(jobId));
  const missing: string[] = [];
  try {
    for (let round = 1; round <= rounds; round += 1) {
      await untilMore(acknowledged, writer);
      await sleep(Math.random() * 40); // not a wait: the random moment
      writer.kill('SIGSTOP');
      missing.push(...(await missingInCopy(dataDir, [...acknowledged])));
      writer.kill('SIGCONT');
    }
  } finally {
    writer.kill('SIGKILL');
    await exited;
  }
  const store = await database.open();
  missing.push(...(await missingIn(store, acknowledged)));
  await aJob(store); // and it goes on
  return { copies: rounds + 1, acknowledged: acknowledged.length, missing };
}

async function untilMore(acknowledged: readonly string[], writer: ChildProcess): Promise<void> {
  const enough = acknowledged.length + 10;
  while (acknowledged.length < enough) {
    if (writer.exitCode !== null) throw new Error('The process that takes deliveries ended.');
    await sleep(5);
  }
}

async function missingInCopy(dataDir: string, known: readonly string[]): Promise<readonly string[]> {
  const copy = await makeScratchFolder('copy-');
  try {
    await cp(join(dataDir, 'database'), join(copy, 'database'), { recursive: true });
    const store = await openStore({ dataDir: copy });
    const missing = await missingIn(store, known);
    await store.receive(aDelivery(), work()); // and it goes on
    await store[Symbol.asyncDispose]();
    return missing;
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** Those of the jobs that don't wait in the store's queue. */
export async function missingIn(store: Store, jobIds: readonly string[]): Promise<readonly string[]> {
  const known = new Set((await store.waiting(1_000_000)).map(({ jobId }) => jobId));
  return jobIds.filter((jobId) => !known.has(jobId));
}
