import { startChild, type Child } from './child.ts';
import { median, type Figure } from './figure.ts';
import type { Place, Spent } from './processes/turns.ts';
import { openScratch } from './scratch.ts';

const lengths = [30, 200];
const rounds = 5;
const goalMs = 5;
const ways = ['bare', 'ours', 'journalled'] as const;
type Way = (typeof ways)[number];

/** CPU a turn in ms; `idle` is the part of `journalled` that the queue takes anyway. */
type Turn = Readonly<Record<Way | 'idle', number>>;

/** CPU of the process a turn, by our loop without and with its journal, on top of the bare SDK sending the same conversation. */
export async function measureTurn(): Promise<readonly Figure[]> {
  const figures = [];
  for (const turns of lengths) figures.push(...toFigures(turns, await measureRuns(turns)));
  return figures;
}

async function measureRuns(turns: number): Promise<Turn> {
  await using model = startChild('model');
  await using scratch = await openScratch();
  const where = (await model.ask('listen', turns)) as { url: string; apiKey: string }; // what `listen` returns
  await using clients = new AsyncDisposableStack();
  const client = Object.fromEntries(ways.map((way) => [way, clients.use(startChild('turns'))])) as Record<Way, Child>;
  const cpu: Record<Way, number[]> = { bare: [], ours: [], journalled: [] };
  const idle: number[] = [];
  for (let round = 0; round <= rounds; round += 1)
    for (const way of ways) {
      const place: Place = { ...where, dataDir: scratch.folder };
      const { cpuMs, idleCpuMs } = (await client[way].ask(way, place)) as Spent; // what each of them returns
      if (round === 0) continue; // the first run warms the process up
      cpu[way].push(cpuMs / turns);
      if (way === 'journalled') idle.push(idleCpuMs / turns);
    }
  const [bare, ours, journalled] = [median(cpu.bare), median(cpu.ours), median(cpu.journalled)];
  return { bare, ours, journalled, idle: median(idle) };
}

function toFigures(turns: number, { bare, ours, journalled, idle }: Turn): readonly Figure[] {
  const anchor = { what: 'bare SDK', value: bare };
  return [
    { what: `${turns} turns, a turn without journal`, value: ours, unit: 'ms', anchor },
    { what: `${turns} turns, a turn with journal`, value: journalled, unit: 'ms', anchor },
    { what: `${turns} turns, on top: without journal`, value: ours - bare, unit: 'ms', goal: goalMs },
    { what: `${turns} turns, on top: with journal`, value: journalled - bare, unit: 'ms', goal: goalMs },
    { what: `${turns} turns, of that the queue’s idling`, value: idle, unit: 'ms' },
  ];
}
