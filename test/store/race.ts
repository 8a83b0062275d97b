import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { aDelivery, until, work } from './builders.ts';
import { startServer } from './databases.ts';

/** How a race ended. `runs` counts how often handlers began: as many as jobs when none was run twice. */
export interface RaceResult {
  readonly jobs: number;
  readonly runs: number;
  /** Jobs that were run more than once, and jobs that did not end as answered. */
  readonly twice: number;
  readonly lost: number;
  /** How many processes got at least one job. */
  readonly winners: number;
}

/** Lets several worker processes on one PostgreSQL take so many jobs of different subjects, all at once. */
export async function race({ processes, jobs }: { processes: number; jobs: number }): Promise<RaceResult> {
  await using databases = await startServer();
  await using database = await databases.create();
  const store = await database.open();
  const children: ChildProcess[] = [];
  let ready = 0;
  const runs: (readonly [process: number, jobId: string])[] = [];
  try {
    for (let index = 0; index < processes; index += 1) {
      const child = startRacer(database.place.databaseUrl ?? '');
      children.push(child);
      if (child.stdout === null) throw new Error('A racer has no output.');
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line === 'ready') ready += 1;
        else runs.push([index, line]);
      });
    }
    await until(() => Promise.resolve(ready === processes)); // or the first one takes everything while the others start
    await Promise.all(
      Array.from({ length: jobs }, (_none, number) =>
        store.receive(aDelivery(), work({ subject: { kind: 'issue', number } })),
      ),
    );
    const isOver = async () => (await store.runs(jobs)).every(({ state }) => state === 'finished');
    await until(async () => runs.length >= jobs && (await isOver()));
    const ends = await store.runs(jobs);
    return {
      jobs: ends.length,
      runs: runs.length,
      twice: runs.length - new Set(runs.map(([, jobId]) => jobId)).size,
      lost: ends.filter(({ outcome }) => outcome?.type !== 'answered').length,
      winners: new Set(runs.map(([index]) => index)).size,
    };
  } finally {
    await Promise.all(children.map(end));
  }
}

function startRacer(databaseUrl: string): ChildProcess {
  const program = join(import.meta.dirname, 'child-racer.ts');
  return spawn(process.execPath, [program, databaseUrl], { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
