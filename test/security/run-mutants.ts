import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mutants, type Mutant } from './mutants.ts';
import type { CaseResult } from './run-class.ts';

export interface MutantResult extends Mutant {
  /** Name of the case that an attack worked in; undefined when none did. */
  readonly caughtBy: string | undefined;
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

async function runOne(folder: string, mutant: Mutant): Promise<MutantResult> {
  const file = join(folder, mutant.file);
  const original = readFileSync(file, 'utf8');
  const report = join(folder, 'report.json');
  const startedAt = performance.now();
  writeFileSync(
    file,
    original.replace(mutant.find, () => mutant.replace),
  );
  rmSync(report, { force: true });
  try {
    const args = [join(folder, 'test/security/main.ts'), mutant.class, '--until-success', '--json', report];
    const child = spawn(process.execPath, args, { cwd: folder, stdio: 'ignore' });
    await once(child, 'exit');
    return { ...mutant, caughtBy: readSuccess(report), seconds: (performance.now() - startedAt) / 1000 };
  } finally {
    writeFileSync(file, original);
  }
}

/** Only an attack that worked counts: a source that is broken makes nothing work. */
function readSuccess(report: string): string | undefined {
  try {
    const results = JSON.parse(readFileSync(report, 'utf8')) as readonly CaseResult[]; // main.ts wrote it
    return results.find(({ attack }) => attack === true)?.name;
  } catch {
    return undefined;
  }
}
