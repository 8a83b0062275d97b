import { openEmbedded } from '../src/database/index.ts';
import { startChild, type Child } from './child.ts';
import { median, percentile, type Figure } from './figure.ts';
import { readCpu } from './procfs.ts';
import { openScratch } from './scratch.ts';
import { startService } from './service.ts';
import { openHeldWorld } from './held-world.ts';
import type { Answers, Volley } from './processes/sender.ts';

const perSecond = 50;
/** Ours and the anchor take turns in slices this long, so that noise hits both. */
const sliceSeconds = 5;
const slices = 4;
const goalMs = 50;
const heldRuns = 2;

/**
 * The time until a signed delivery is answered, which is after its commit; Probot's own server, which keeps nothing, beside it.
 * Both phases against `npm start` with the embedded database and ROLE=all, two runs under way that wait for the model.
 */
export async function measureWebhook(): Promise<readonly Figure[]> {
  await using scratch = await openScratch();
  await using world = await openHeldWorld(scratch.folder);
  await using probot = startChild('probot');
  await using sender = startChild('sender');
  const secret = String(world.environment['WEBHOOK_SECRET']);
  const probotUrl = String(await probot.ask('listen', secret));
  await using service = await startService({ ...world.environment, CONCURRENCY: String(heldRuns) });
  await world.holdRuns(service, heldRuns);
  const duel = { service, probotUrl, secret, sender };
  await shoot(duel, 'ignored', 1); // both sides warm
  const ignored = await shoot(duel, 'ignored', slices);
  const queued = await shoot(duel, 'queued', slices);
  await service.stop('SIGKILL');
  const lost = queued.answered - (await countQueued(scratch.folder));
  return [
    ...toFigures('delivery ignored and recorded', ignored),
    ...toFigures('delivery queued, workers busy', queued),
    { what: 'answered as queued, not there after kill -9', value: lost, unit: 'deliveries', goal: 0 },
  ];
}

interface Duel {
  readonly service: { readonly webhookUrl: string; readonly pid: number };
  readonly probotUrl: string;
  readonly secret: string;
  readonly sender: Child;
}

interface Shots {
  readonly ours: readonly number[];
  readonly probot: readonly number[];
  /** CPU of the service's process for each delivery, ms; what it does anyway in that time is in it. */
  readonly cpuMs: number;
  readonly answered: number;
}

let nextNumber = 1_000;

async function shoot(duel: Duel, kind: Volley['kind'], rounds: number): Promise<Shots> {
  const ours: number[] = [];
  const probot: number[] = [];
  let cpuMs = 0;
  for (let round = 0; round < rounds; round += 1) {
    probot.push(...(await fire(duel, kind, duel.probotUrl)));
    const before = readCpu(duel.service.pid);
    ours.push(...(await fire(duel, kind, duel.service.webhookUrl)));
    cpuMs += readCpu(duel.service.pid) - before;
  }
  return { ours, probot, cpuMs: cpuMs / ours.length, answered: ours.length };
}

async function fire({ sender, secret }: Duel, kind: Volley['kind'], url: string): Promise<readonly number[]> {
  const count = perSecond * sliceSeconds;
  const volley: Volley = { url, secret, kind, count, perSecond, from: nextNumber };
  nextNumber += count;
  const { latencies, failures } = (await sender.ask('send', volley)) as Answers; // what `send` returns
  if (failures.length > 0)
    throw new Error(
      `${failures.length} of ${count} deliveries to ${url} were not answered with 200: ${failures.join(', ')}`,
    );
  return latencies;
}

function toFigures(what: string, { ours, probot, cpuMs }: Shots): readonly Figure[] {
  const anchor = (value: number) => ({ what: 'Probot', value });
  return [
    { what: `${what}: p50`, value: median(ours), unit: 'ms', anchor: anchor(median(probot)) },
    {
      what: `${what}: p99`,
      value: percentile(ours, 99),
      unit: 'ms',
      anchor: anchor(percentile(probot, 99)),
      goal: goalMs,
    },
    { what: `${what}: CPU each`, value: cpuMs, unit: 'ms' },
  ];
}

/** The two runs that the workers hold came before the volleys and are not among them. */
async function countQueued(dataDir: string): Promise<number> {
  const database = await openEmbedded(dataDir);
  const [row] = await database.sql(`select count(*)::int as count from backend.deliveries where fate = 'queued'`);
  await database.close();
  return Number(row?.['count']) - heldRuns;
}
