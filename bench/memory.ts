import { setTimeout as sleep } from 'node:timers/promises';
import { median, type Figure } from './figure.ts';
import { openHeldWorld } from './held-world.ts';
import { listDescendants, readMemory } from './procfs.ts';
import { openScratch } from './scratch.ts';
import { startService, type Service } from './service.ts';

const sessions = 3;
const more = 8;
const goalMb = 10;
/** For what a run leaves behind on its way to where it waits. */
const settleMs = 5_000;

/**
 * The memory of the service with one run and with nine, all real, all in the middle and waiting for the model: what each further
 * one takes in the service's process, and what its box takes beside it. Medians of some sessions: when V8 collects is chance.
 */
export async function measureMemory(): Promise<readonly Figure[]> {
  const all: Session[] = [];
  for (let session = 0; session < sessions; session += 1) all.push(await measureSession());
  const of = (pick: (session: Session) => number) => median(all.map(pick));
  return [
    { what: 'service with no run: RSS', value: of(({ idle }) => idle.rss), unit: 'MB' },
    { what: 'service with 1 run: RSS', value: of(({ one }) => one.rss), unit: 'MB' },
    { what: `service with ${1 + more} runs: RSS`, value: of(({ nine }) => nine.rss), unit: 'MB' },
    {
      what: 'each further run: RSS of the service',
      value: of(({ one, nine }) => (nine.rss - one.rss) / more),
      unit: 'MB',
      goal: goalMb,
    },
    {
      what: 'each further run: PSS of its box',
      value: of(({ one, nine }) => (nine.boxes - one.boxes) / more),
      unit: 'MB',
    },
  ];
}

interface Reading {
  readonly rss: number;
  /** PSS of every process in the boxes. */
  readonly boxes: number;
}

type Session = Readonly<Record<'idle' | 'one' | 'nine', Reading>>;

async function measureSession(): Promise<Session> {
  await using scratch = await openScratch();
  await using world = await openHeldWorld(scratch.folder);
  const variables = { ...world.environment, CONCURRENCY: String(1 + more) };
  await makeDatabase(variables);
  await using service = await startService(variables);
  await sleep(settleMs);
  const idle = read(service);
  await world.holdRuns(service, 1);
  await sleep(settleMs);
  const one = read(service);
  await world.holdRuns(service, more);
  await sleep(settleMs);
  return { idle, one, nine: read(service) };
}

/** Making a database takes memory that is only given back at the next start. */
async function makeDatabase(variables: Parameters<typeof startService>[0]): Promise<void> {
  await using service = await startService(variables);
  await service.stop('SIGTERM');
}

function read({ pid }: Service): Reading {
  const boxes = listDescendants(pid).reduce((sum, each) => sum + readMemory(each).pss, 0);
  return { rss: readMemory(pid).rss, boxes };
}
