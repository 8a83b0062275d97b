import type { AppProcess } from './app-process.ts';
import { cheapReply } from './cheap.ts';
import type { Options, Result } from './result.ts';
import type { Word } from './wire.ts';
import { openWorld, type World } from './world.ts';
import { openYard } from './yard.ts';

/** What the slope is stated for. */
const jobsPerHour = 4;
/** Megabytes an hour. */
const limit = 1;

/** Many jobs through one process: what stays in memory, on disk and on GitHub after each. */
export async function runSoak({ quick, tell }: Options): Promise<Result> {
  await using world = await openWorld({
    kind: 'PostgreSQL',
    script: (request) => cheapReply(request),
    sandbox: 'unsafe-none',
    environment: { CONCURRENCY: '4' },
  });
  const yard = openYard(world);
  const app = await world.start();
  const samples: Sample[] = [];
  const rounds = quick ? 3 : 10;
  for (let round = 1; round <= rounds; round += 1) {
    await yard.ask(12);
    await yard.ended(120_000);
    const { rss, heap } = await memoryOf(app, world);
    samples.push({ jobs: yard.wishes.length, megabytes: rss / mega, heap: heap / mega });
  }
  // What is allocated once is there after the first third.
  const slope = slopeOf(samples.slice(Math.floor(rounds / 3))) * jobsPerHour;
  const list = (read: (sample: Sample) => number) => samples.map((sample) => read(sample).toFixed(0)).join(', ');
  const memory = `RSS ${list(({ megabytes }) => megabytes)} MB, heap ${list(({ heap }) => heap)} MB after collections`;
  const said = `${memory}; ${slope.toFixed(2)} MB an hour at ${jobsPerHour} jobs an hour`;
  tell(said);
  await app.stop();
  const violations = !quick && slope > limit ? [`memory grows by ${slope.toFixed(2)} MB an hour`] : [];
  return await yard.judge({ injected: 0, violations, notes: [said] });
}

const mega = 1024 ** 2;

interface Sample {
  readonly jobs: number;
  readonly megabytes: number;
  readonly heap: number;
}

type Memory = Extract<Word, { type: 'memory' }>;

function memoryOf(app: AppProcess, world: World): Promise<Memory> {
  return new Promise((resolve) => {
    world.hear = (word) => {
      if (word.type === 'memory') resolve(word);
    };
    app.collect();
  });
}

/** Megabytes per job, by least squares. */
function slopeOf(samples: readonly Sample[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(samples.map(({ jobs }) => jobs)), mean(samples.map(({ megabytes }) => megabytes))];
  const over = samples.reduce((sum, { jobs, megabytes }) => sum + (jobs - x) * (megabytes - y), 0);
  return over / samples.reduce((sum, { jobs }) => sum + (jobs - x) ** 2, 0);
}
