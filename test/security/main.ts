import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { attackClasses } from './classes.ts';
import { deviationsOf, runClass, type CaseResult } from './run-class.ts';
import { runMutants, type MutantResult } from './run-mutants.ts';
import { renderCase, renderMarkdown, renderMutant, renderMutants, renderTable, type ClassRow } from './table.ts';

/** What the attacks themselves are made with: without one of them a baseline would say nothing. */
const needed = 'git bwrap bash python3 curl prlimit unshare nsenter ipcmk ipcs mknod setsid truncate'.split(' ');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    mutants: { type: 'boolean', default: false },
    /** Files that results are written to, as a table and as data. */
    markdown: { type: 'string' },
    json: { type: 'string' },
    /** Ends a class at its first success: enough to see that a mutant is caught. */
    'until-success': { type: 'boolean', default: false },
  },
});

const missing = needed.filter(
  (name) => !['/usr/bin', '/bin', '/usr/sbin', '/sbin'].some((folder) => existsSync(`${folder}/${name}`)),
);
if (missing.length > 0) throw new Error(`these programs are missing: ${missing.join(', ')} (apt-get install them)`);
process.exitCode = (values.mutants ? await tryMutants() : await tryClasses(positionals)) ? 0 : 1;
process.exit();

/** Runs the named classes, or all; whether everything was as it must be. */
async function tryClasses(names: readonly string[]): Promise<boolean> {
  const unknown = names.filter((name) => !attackClasses.some((one) => one.name === name));
  if (unknown.length > 0)
    throw new Error(
      `no class is called ${unknown.join(', ')}; there are ${attackClasses.map(({ name }) => name).join(', ')}`,
    );
  const rows: ClassRow[] = [];
  const isEnough = ({ attack }: CaseResult) => values['until-success'] && attack === true;
  for (const one of attackClasses.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const startedAt = performance.now();
    const results = await runClass(one, tellCase, isEnough);
    rows.push({ name: one.name, results, seconds: (performance.now() - startedAt) / 1000 });
  }
  const results = rows.flatMap((row) => row.results);
  const wrong = results.filter((result) => deviationsOf(result).length > 0);
  print(`\n${renderTable(rows)}\n`);
  for (const result of wrong) print(renderCase(result));
  write(values.json, JSON.stringify(results));
  write(values.markdown, `${heading()}\n\n${renderMarkdown(rows)}\n`);
  return wrong.length === 0;
}

async function tryMutants(): Promise<boolean> {
  const results: readonly MutantResult[] = await runMutants(positionals, tellMutant);
  const survivors = results.filter(({ caughtBy }) => caughtBy === undefined);
  print(`\n${results.length} mutants, ${results.length - survivors.length} caught, ${survivors.length} survived`);
  for (const result of survivors) print(renderMutant(result));
  write(values.markdown, `${heading()}\n\n${renderMutants(results)}\n`);
  return survivors.length === 0;
}

/** When, and of what. */
function heading(): string {
  return `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, ${sources()}.`;
}

function sources(): string {
  const git = (...args: readonly string[]) =>
    execFileSync('git', args, {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    const isChanged = git('status', '--porcelain') !== '';
    return `commit ${git('rev-parse', '--short', 'HEAD')}${isChanged ? ' and changes after it' : ''}`;
  } catch {
    return 'a copy of the sources';
  }
}

function tellCase(result: CaseResult): void {
  print(renderCase(result));
}

function tellMutant(result: MutantResult): void {
  print(renderMutant(result));
}

function write(file: string | undefined, text: string): void {
  if (file !== undefined) writeFileSync(file, text);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
