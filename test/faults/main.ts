import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { parseArgs, promisify } from 'node:util';
import { killClasses, runOne, startClass, type Wanted } from './class-process.ts';
import { faultClasses } from './classes.ts';
import type { FaultClass } from './result.ts';
import { renderMarkdown, renderTable, type Row, type Run } from './table.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    /** File that the table is written to as Markdown. */
    markdown: { type: 'string' },
    /** One class by its place in the list, for the runner's own use. */
    run: { type: 'string' },
  },
});
const wanted = { seeds: Number(values.seeds), quick: values.quick };
if (!Number.isInteger(wanted.seeds) || wanted.seeds < 1)
  throw new Error('--seeds takes a whole number, for example --seeds 20');

if (values.run === undefined) await runAll(wanted, values.only);
else await runOne(Number(values.run), wanted, print);

/** Runs the classes whose ids or titles contain the text, prints the table, and ends non-zero when a promise was broken. */
async function runAll({ seeds, quick }: Wanted, only = ''): Promise<void> {
  const chosen = [...faultClasses.entries()].filter(([, { id, title }]) =>
    `${id} ${title}`.toLowerCase().includes(only.toLowerCase()),
  );
  if (chosen.length === 0) throw new Error(`no class of faults is called "${only}"`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      killClasses();
      process.exit(1);
    });
  const startedAt = performance.now();
  const rows = new Map<number, Row>();
  const begun = new Set<number>();
  const take = async (load?: FaultClass['load']) => {
    for (const [index, fault] of chosen)
      if (fault.load === load && !begun.has(index)) {
        begun.add(index);
        rows.set(index, await startClass(index, { seeds, quick }));
      }
  };
  // Two cores: what fills both goes first, then two classes at a time; beside all of them those that mostly wait.
  const busy = take('both cores').then(() => Promise.all([take(), take()]));
  await Promise.all([busy, take('none')]);
  const inOrder = chosen.flatMap(([index]) => rows.get(index) ?? []);
  const run = { rows: inOrder, seeds, quick, minutes: (performance.now() - startedAt) / 60_000 };
  print(`\n${renderTable(inOrder)}\n${seeds} seeds, ${run.minutes.toFixed(1)} minutes`);
  if (values.markdown !== undefined) await writeMarkdown(values.markdown, run);
  process.exitCode = inOrder.every(({ result }) => result?.violations.length === 0) ? 0 : 1;
}

async function writeMarkdown(file: string, run: Omit<Run, 'date' | 'commit'>): Promise<void> {
  const commit = await readCommit().catch(() => 'unknown'); // not everybody has a clone
  await writeFile(file, renderMarkdown({ ...run, date: new Date(), commit }));
}

async function readCommit(): Promise<string> {
  const git = async (...args: readonly string[]) =>
    (await promisify(execFile)('git', args, { cwd: import.meta.dirname })).stdout.trim();
  const isChanged = (await git('status', '--porcelain')) !== '';
  return `${await git('rev-parse', '--short', 'HEAD')}${isChanged ? ' and changes after it' : ''}`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
