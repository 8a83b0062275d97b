import type { ChangeSet, Checkout, CheckRun, Proof } from '../domain/index.ts';
import { describeRefusals } from '../refusals/index.ts';
import type { TestFile } from './red-green.ts';
import { changedTests, compareTests, runTestFiles, runTestFilesOnBase } from './red-green.ts';
import type { Means } from './run-checks.ts';
import { baselineCheckout, checkOffline, reportRun, runChecks, setUp } from './run-checks.ts';
import { judge, readNotes, wasRedBefore } from './verdict.ts';

export interface ProofInput extends Means {
  readonly changes: ChangeSet;
  /** What `runBaseline` found on the base commit. */
  readonly baseline: readonly CheckRun[];
}

/**
 * Proves a change on checkouts and in boxes that no agent touched: the repository's checks on the head, and each new or changed
 * test on the base (where it must fail) and on the head (where it must pass). What fails is part of the answer; throws only what
 * the workspace and the box throw.
 */
export async function proveWork(input: ProofInput): Promise<Proof> {
  const { baseline, changes, checkPlan, workspace } = input;
  const tests = changedTests(changes, checkPlan);
  const head = await runHead(input, tests);
  const base = head.isReady ? await runTestFilesOnBase(changes, tests, input) : new Map<string, CheckRun>();
  const redGreen = head.isReady ? compareTests(tests, base, head.tests) : [];
  for (const { path, base: before, head: after } of redGreen) {
    const durationMs = (base.get(path)?.durationMs ?? 0) + (head.tests.get(path)?.durationMs ?? 0);
    const passed = before === 'fails' && after === 'passes';
    input.report({ type: 'check', phase: 'red to green', name: path, passed, durationMs });
  }
  const found = { baseSha: workspace.base.sha, baseline, checks: head.checks, redGreen };
  return { ...found, verdict: judge(found), notes: [...head.notes, ...readNotes(found)] };
}

interface Head {
  readonly checks: readonly CheckRun[];
  readonly tests: ReadonlyMap<string, CheckRun>;
  /** False when the change broke the install step: then nothing else says anything. */
  readonly isReady: boolean;
  readonly notes: readonly string[];
}

async function runHead(input: ProofInput, tests: readonly TestFile[]): Promise<Head> {
  const { baseline, changes, workspace } = input;
  const checkout = await workspace.checkout('head', baselineCheckout);
  const { run, blockedHosts } = await setUp(input, checkout, changes);
  if (run) reportRun(run, input, 'verify');
  const installed = run ? [run] : [];
  const notes = describeRefusals(run ? [{ command: run.command, passed: run.passed, hosts: blockedHosts }] : []);
  if (run && !run.passed && !wasRedBefore(run, baseline))
    return { checks: installed, tests: new Map(), isReady: false, notes };
  const ran = await runHeadChecks(input, checkout, tests);
  await workspace.removeCheckout('head');
  return { checks: [...installed, ...ran.checks], tests: ran.tests, isReady: true, notes };
}

async function runHeadChecks(input: ProofInput, checkout: Checkout, tests: readonly TestFile[]) {
  const { changes, sandbox, signal } = input;
  return checkOffline({ sandbox, checkout, signal }, async (box) => {
    // The install step may have overwritten what was there before it ran.
    await box.apply(changes);
    const checks = await runChecks(box, input, 'verify');
    return { checks, tests: await runTestFiles(box, tests, input) };
  });
}
