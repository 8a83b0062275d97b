import type { ChangeSet, CheckRun, RedGreen } from '../domain/index.ts';
import type { Box } from '../sandbox/index.ts';
import type { CheckPlan } from './plan-checks.ts';
import type { Means } from './run-checks.ts';
import { baselineCheckout, checkOffline, runCommand, setUp } from './run-checks.ts';

/** A new or changed test file and the command that runs it alone. */
export interface TestFile {
  readonly path: string;
  readonly command: string;
}

/** More would make a job endless; a change with so many test files is judged by its whole test run. */
const maxTestFiles = 20;

/** The test files that a change adds or alters and that can be run alone. Removed ones and links have nothing to run. */
export function changedTests(changes: ChangeSet, checkPlan: CheckPlan): readonly TestFile[] {
  const tests = changes.flatMap((change) => {
    if (change.type === 'delete' || change.mode === '120000' || !checkPlan.isTestFile(change.path)) return [];
    const command = checkPlan.testFileCommand(change.path, new TextDecoder().decode(change.bytes));
    return command === undefined ? [] : [{ path: change.path, command }];
  });
  return tests.slice(0, maxTestFiles);
}

/** Runs each test file by itself. */
export async function runTestFiles(
  box: Box,
  tests: readonly TestFile[],
  means: Means,
): Promise<ReadonlyMap<string, CheckRun>> {
  const runs = new Map<string, CheckRun>();
  for (const { path, command } of tests)
    runs.set(path, await runCommand(box, { name: 'test', command }, means.limits?.checkMs));
  return runs;
}

/** The same on the base commit with nothing but the change's test files added: there they have to fail. */
export async function runTestFilesOnBase(
  changes: ChangeSet,
  tests: readonly TestFile[],
  means: Means,
): Promise<ReadonlyMap<string, CheckRun>> {
  if (tests.length === 0) return new Map();
  const { checkPlan, sandbox, signal, workspace } = means;
  const checkout = await workspace.checkout('base-tests', baselineCheckout);
  await setUp(means, checkout);
  const testsOnly = changes.filter((change) => change.type === 'put' && checkPlan.isTestFile(change.path));
  const runs = await checkOffline({ sandbox, checkout, signal }, async (box) => {
    await box.apply(testsOnly);
    return runTestFiles(box, tests, means);
  });
  await workspace.removeCheckout('base-tests');
  return runs;
}

/** Puts both runs of each test file side by side. */
export function compareTests(
  tests: readonly TestFile[],
  base: ReadonlyMap<string, CheckRun>,
  head: ReadonlyMap<string, CheckRun>,
): readonly RedGreen[] {
  return tests.map(({ path, command }) => ({ path, command, base: fate(base.get(path)), head: fate(head.get(path)) }));
}

function fate(run: CheckRun | undefined): RedGreen['base'] {
  if (run === undefined) return 'not run';
  return run.passed ? 'passes' : 'fails';
}
