import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startChild } from './child.ts';
import { median, type Figure } from './figure.ts';
import { openHeldWorld, type HeldWorld } from './held-world.ts';
import { openScratch } from './scratch.ts';
import { startService } from './service.ts';

const rounds = 7;
const goalMs = 2_000;

/** From `node src/main.ts` to ready, on a database that is there; the first start, which makes one; and what the time goes into. */
export async function measureStart(): Promise<readonly Figure[]> {
  await using scratch = await openScratch();
  await using world = await openHeldWorld(scratch.folder);
  const first = await start(world.environment);
  const starts: Awaited<ReturnType<typeof start>>[] = [];
  const imports: number[] = [];
  const parts: Readonly<Record<string, number>>[] = [];
  for (let round = 0; round < rounds; round += 1) {
    imports.push(await importProbot());
    starts.push(await start(world.environment));
    parts.push(await measureParts(scratch.folder));
  }
  const anchor = { what: 'import probot', value: median(imports) };
  const names = Object.keys(parts[0] ?? {});
  return [
    { what: 'start to ready', value: median(starts.map(({ ready }) => ready)), unit: 'ms', anchor, goal: goalMs },
    { what: 'start to ready: CPU', value: median(starts.map(({ cpu }) => cpu)), unit: 'ms' },
    { what: 'first start, which makes the database', value: first.ready, unit: 'ms' },
    ...names.map((name): Figure => {
      return { what: `part: ${name}`, value: median(parts.map((each) => each[name] ?? 0)), unit: 'ms' };
    }),
  ];
}

async function start(environment: HeldWorld['environment']): Promise<{ ready: number; cpu: number }> {
  await using service = await startService(environment);
  await service.stop('SIGTERM');
  return { ready: service.readyMs, cpu: service.readyCpuMs };
}

async function importProbot(): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ['-e', "await import('probot')"], {
    cwd: import.meta.dirname,
    stdio: 'inherit',
  });
  await once(child, 'exit');
  return performance.now() - startedAt;
}

async function measureParts(dataDir: string): Promise<Readonly<Record<string, number>>> {
  await using child = startChild('start-parts');
  return (await child.ask('measure', dataDir)) as Record<string, number>; // by name, in ms
}
