import type { CheckRun, Proof, RedGreen, Verdict } from '../domain/index.ts';

/** Whether the same command failed on the base commit already, so that the change isn't answerable for it. */
export function wasRedBefore(run: CheckRun, baseline: readonly CheckRun[]): boolean {
  return baseline.some((before) => before.name === run.name && before.command === run.command && !before.passed);
}

/**
 * The verdict on what ran. Failed: a check fails that didn't on the base, or a new or changed test doesn't pass.
 * Unproved: no test of the repository ran at all.
 */
export function judge({ baseline, checks, redGreen }: Omit<Proof, 'verdict' | 'notes'>): Verdict {
  const isAnswerable = checks.some((run) => !run.passed && !wasRedBefore(run, baseline));
  if (isAnswerable || redGreen.some(({ head }) => head === 'fails')) return 'failed';
  return checks.some(({ name }) => name === 'test') ? 'proved' : 'unproved';
}

/** What a reviewer must know about what ran: one sentence each. */
export function readNotes({ baseline, checks, redGreen }: Omit<Proof, 'verdict' | 'notes'>): readonly string[] {
  return [
    ...checks.flatMap((run) => checkNotes(run, baseline)),
    ...(checks.some(({ name }) => name === 'test') ? [] : [noTests(checks)]),
    ...(redGreen.length === 0
      ? ['No new or changed test could be run by itself, on the base or with the change.']
      : []),
    ...redGreen.flatMap(testNotes),
  ];
}

function noTests(checks: readonly CheckRun[]): string {
  const failed = checks.some(({ name, passed }) => name === 'install' && !passed);
  if (failed) return 'The checks did not run, because the install step failed.';
  return 'No command that runs this repository’s tests was found: name one as `checks.test` in `.github/backend.yml`.';
}

function checkNotes(run: CheckRun, baseline: readonly CheckRun[]): readonly string[] {
  const minutes = (run.durationMs / 60_000).toFixed(1);
  const stopped =
    run.exitCode === null ? [`\`${run.command}\` was stopped at its time limit, after ${minutes} minutes.`] : [];
  if (!wasRedBefore(run, baseline)) return stopped;
  if (run.passed) return [...stopped, `\`${run.command}\` failed before this change and passes with it.`];
  const blind = 'only exit codes are compared, so a further failure in it would not show';
  return [...stopped, `\`${run.command}\` failed before this change too; ${blind}.`];
}

function testNotes({ path, base, head }: RedGreen): readonly string[] {
  if (base === 'passes' && head === 'passes')
    return [`\`${path}\` passes without the change too: it does not show that the change works.`];
  return base === 'not run' ? [`\`${path}\` could not be run on the base.`] : [];
}
