import { fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { faultClasses } from './classes.ts';
import type { Result } from './result.ts';
import { renderTable, type Row } from './table.ts';

/** Two cores: two classes at a time, each in a process of its own with its own stand-ins. */
const lanes = 2;

interface Wanted {
  readonly seeds: number;
  readonly quick: boolean;
}

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    /** One class by its place in the list, for the runner's own use. */
    run: { type: 'string' },
  },
});
const wanted = { seeds: Number(values.seeds), quick: values.quick };
if (!Number.isInteger(wanted.seeds) || wanted.seeds < 1)
  throw new Error('--seeds takes a whole number, for example --seeds 20');

if (values.run === undefined) await runAll(wanted, values.only);
else await runOne(Number(values.run), wanted);

/** Runs the classes whose ids or titles contain the text, prints the table, and ends non-zero when a promise was broken. */
async function runAll({ seeds, quick }: Wanted, only = ''): Promise<void> {
  const chosen = [...faultClasses.entries()].filter(([, { id, title }]) =>
    `${id} ${title}`.toLowerCase().includes(only.toLowerCase()),
  );
  if (chosen.length === 0) throw new Error(`no class of faults is called "${only}"`);
  const queue = [...chosen];
  const rows = new Map<number, Row>();
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift())
        rows.set(next[0], await startClass(next[0], { seeds, quick }));
    }),
  );
  const inOrder = chosen.flatMap(([index]) => rows.get(index) ?? []);
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
  print(`\n${renderTable(inOrder)}\n${seeds} seeds, ${minutes} minutes`);
  process.exitCode = inOrder.every(({ result }) => result?.violations.length === 0) ? 0 : 1;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What a class process says at its end. */
interface Report {
  readonly result: Result;
  readonly cpuSeconds: number;
}

function startClass(index: number, { seeds, quick }: Wanted): Promise<Row> {
  const fault = faultClasses[index];
  if (fault === undefined) throw new Error(`there is no class ${index}`);
  const startedAt = performance.now();
  const args = ['--run', String(index), '--seeds', String(seeds), ...(quick ? ['--quick'] : [])];
  const child = fork(import.meta.filename, args, { execArgv: [] });
  return new Promise((resolve) => {
    let report: Report | undefined;
    child.on('message', (message) => {
      report = message as Report; // runOne's
    });
    child.on('exit', () => {
      const seconds = (performance.now() - startedAt) / 1000;
      resolve({ fault, result: report?.result, seconds, cpuSeconds: report?.cpuSeconds ?? 0 });
    });
  });
}

async function runOne(index: number, options: Wanted): Promise<void> {
  const fault = faultClasses[index];
  if (fault === undefined) throw new Error(`there is no class ${index}`);
  const startedAt = performance.now();
  const tell = (line: string) => {
    print(`${((performance.now() - startedAt) / 1000).toFixed(0).padStart(4)} s  ${fault.title}: ${line}`);
  };
  const result = await fault.run({ ...options, tell });
  process.send?.({ result, cpuSeconds: await cpuSeconds() } satisfies Report, () => process.exit(0));
}

/** Of this process and of all that it started and saw end (proc(5), fields 14 to 17, in hundredths of a second). */
async function cpuSeconds(): Promise<number> {
  const fields = (await readFile('/proc/self/stat', 'utf8')).split(') ')[1]?.split(' ').slice(11, 15) ?? [];
  return fields.reduce((sum, field) => sum + Number(field) / 100, 0);
}
