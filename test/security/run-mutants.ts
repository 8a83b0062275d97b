import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mutant } from './mutant.ts';
import { mutants } from './mutants.ts';
import type { CaseResult } from './run-class.ts';

export interface MutantResult extends Mutant {
  /** Name of the case that an attack worked in; undefined when none did. */
  readonly caughtBy: string | undefined;
  /** Why that says nothing: the class did not run to its end, or a case of it broke down, every time it was tried. */
  readonly brokenBy?: string;
  readonly seconds: number;
}

const root = join(import.meta.dirname, '../..');
/** Everything that runs and is read; the packages are linked. */
const copied = 'src test agents docs package.json package-lock.json tsconfig.json app.yml README.md SECURITY.md'.split(
  ' ',
);
/** Two cores. */
const lanes = 2;

/** Switches one defence off at a time, in a copy, and runs the class that must see it: for the named classes, or all. Throws when a row no longer says what the source says. */
export async function runMutants(
  classes: readonly string[],
  tell: (result: MutantResult) => void,
): Promise<readonly MutantResult[]> {
  const wrong = mutants.filter(
    (mutant) => readFileSync(join(root, mutant.file), 'utf8').split(mutant.find).length !== 2,
  );
  if (wrong.length > 0)
    throw new Error(
      `these do not occur exactly once:\n${wrong.map(({ file, find }) => `${file}: ${find}`).join('\n')}`,
    );
  const chosen = mutants.filter((mutant) => classes.length === 0 || classes.includes(mutant.class));
  const queue = chosen.entries();
  const results: MutantResult[] = [];
  async function lane(): Promise<void> {
    const folder = copyRepository();
    try {
      for (const [index, mutant] of queue) {
        const result = await runOne(folder, mutant);
        results[index] = result;
        tell(result);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}

function copyRepository(): string {
  const folder = mkdtempSync(join(tmpdir(), 'attack-mutants-'));
  for (const name of copied) cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

const tries = 3;

async function runOne(folder: string, mutant: Mutant): Promise<MutantResult> {
  const file = join(folder, mutant.file);
  const original = readFileSync(file, 'utf8');
  const startedAt = performance.now();
  writeFileSync(
    file,
    original.replace(mutant.find, () => mutant.replace),
  );
  try {
    let seen: Seen = {};
    for (let left = tries; left > 0 && seen.caughtBy === undefined; left -= 1) {
      seen = await attackOnce(folder, mutant.class);
      if (seen.brokenBy === undefined) break;
    }
    return { ...mutant, caughtBy: undefined, ...seen, seconds: (performance.now() - startedAt) / 1000 };
  } finally {
    writeFileSync(file, original);
  }
}

interface Seen {
  readonly caughtBy?: string;
  readonly brokenBy?: string;
}

async function attackOnce(folder: string, name: string): Promise<Seen> {
  const report = join(folder, 'report.json');
  rmSync(report, { force: true });
  const args = [join(folder, 'test/security/main.ts'), name, '--until-success', '--json', report];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: 'ignore' });
  await once(child, 'exit');
  return readReport(report);
}

/** Only an attack that worked counts: a source that is broken makes nothing work. */
function readReport(report: string): Seen {
  if (!existsSync(report)) return { brokenBy: 'it ended without a report' };
  const results = JSON.parse(readFileSync(report, 'utf8')) as readonly CaseResult[]; // main.ts wrote it
  const caughtBy = results.find(({ attack }) => attack === true)?.name;
  if (caughtBy !== undefined) return { caughtBy };
  const broken = results.find(({ attack }) => typeof attack === 'string');
  return broken === undefined ? {} : { brokenBy: `${broken.name}: ${String(broken.attack)}` };
}
