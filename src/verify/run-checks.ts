import type { ChangeSet, Checkout, CheckRun, JobProgress, Refusal, RefusedHost } from '../domain/index.ts';
import type { Box, Sandbox } from '../sandbox/index.ts';
import type { Workspace } from '../workspace/index.ts';
import type { CheckPlan } from './plan-checks.ts';

/** How long the install step and any other command may take. */
export interface Limits {
  readonly setupMs: number;
  readonly checkMs: number;
}

/** Name of the checkout that the baseline ran on. No agent ever touches it. */
export const baselineCheckout = 'baseline';

const defaultLimits: Limits = { setupMs: 15 * 60_000, checkMs: 10 * 60_000 };

/** One check that ended, for whoever watches. */
export type CheckProgress = Extract<JobProgress, { type: 'check' }>;

/** What running commands on checkouts of ours takes. */
export interface Means {
  readonly workspace: Workspace;
  readonly sandbox: Sandbox;
  readonly checkPlan: CheckPlan;
  readonly signal: AbortSignal;
  readonly report: (progress: CheckProgress) => void;
  /** Told what an install step was refused on the network, also of one that was cut short; awaited. */
  readonly refused?: (refusal: Refusal) => Promise<void>;
  /** Shorter limits than the usual 15 minutes for the install step and 10 for each other command. */
  readonly limits?: Limits;
}

/** What the install step did. `noise` is what is in the work tree then and isn't ignored; what the step itself left there is no part of anybody's change. */
export interface SetUp {
  /** Undefined when the repository has nothing to install. */
  readonly run?: CheckRun;
  readonly noise: ChangeSet;
  readonly blockedHosts: readonly RefusedHost[];
}

type InstallMeans = Pick<Means, 'sandbox' | 'checkPlan' | 'signal' | 'limits' | 'refused'>;

/**
 * Runs the install step on a checkout, with these changes in it, in a box of its own, the only one that may reach the allow-listed hosts, and closes it.
 * A step that fails is a value. Throws what the box throws.
 */
export async function setUp(means: InstallMeans, checkout: Checkout, changes: ChangeSet = []): Promise<SetUp> {
  const { sandbox, checkPlan, signal, limits = defaultLimits } = means;
  if (checkPlan.setup === undefined) return { noise: [], blockedHosts: [] };
  await using box = await sandbox.open({ checkout, allowedHosts: checkPlan.allowedHosts, signal });
  if (changes.length > 0) await box.apply(changes);
  const command = { name: 'install', command: checkPlan.setup } as const;
  const run = await runCommand(box, command, limits.setupMs).catch(async (error: unknown) => {
    await tellRefused(box, { ...command, passed: false }, means);
    throw error;
  });
  const blockedHosts = await tellRefused(box, run, means);
  return { run, noise: await box.changes(), blockedHosts };
}

async function tellRefused(
  box: Box,
  { command, passed }: Pick<CheckRun, 'command' | 'passed'>,
  { refused, checkPlan }: InstallMeans,
): Promise<readonly RefusedHost[]> {
  const hosts = box.blockedHosts().map((blocked) => {
    const namedIn = checkPlan.namedRegistries?.get(blocked.host);
    return { ...blocked, ...(namedIn !== undefined && { namedIn }) };
  });
  if (hosts.length > 0) await refused?.({ command, passed, hosts });
  return hosts;
}

/** Runs a command in a box. It passes when it exits with 0 within its time. */
export async function runCommand(
  box: Box,
  check: { readonly name: CheckRun['name']; readonly command: string },
  timeoutMs: number = defaultLimits.checkMs,
): Promise<CheckRun> {
  const { exitCode, durationMs, output } = await box.exec(check.command, timeoutMs);
  return { ...check, passed: exitCode === 0, exitCode, durationMs, output };
}

/** The plan's checks, one after the other, each reported as it ends. Later ones run whatever became of earlier ones. */
export async function runChecks(box: Box, means: Means, phase: string): Promise<readonly CheckRun[]> {
  const runs: CheckRun[] = [];
  for (const check of means.checkPlan.checks) {
    const run = await runCommand(box, check, means.limits?.checkMs);
    reportRun(run, means, phase);
    runs.push(run);
  }
  return runs;
}

export function reportRun(run: CheckRun, { report }: Pick<Means, 'report'>, phase: string): void {
  report({ type: 'check', phase, name: run.name, passed: run.passed, durationMs: run.durationMs });
}

/**
 * What the repository's own checks say on the base commit, before us: a fresh checkout, set up, then checked offline in a fresh box.
 * The install step, where there is one, comes first. Checks run also after a failed install, as they will on the head.
 * The checkout stays, because the proof's own begin with its caches.
 */
export async function runBaseline(means: Means): Promise<readonly CheckRun[]> {
  const { workspace, sandbox, signal } = means;
  const checkout = await workspace.checkout(baselineCheckout);
  const { run } = await setUp(means, checkout);
  if (run) reportRun(run, means, 'baseline');
  const runs = await checkOffline({ sandbox, signal, checkout }, (box) => runChecks(box, means, 'baseline'));
  return run ? [run, ...runs] : runs;
}

/** Does something in a box without network that is closed afterwards. */
export async function checkOffline<T>(
  where: { sandbox: Sandbox; checkout: Checkout; signal: AbortSignal },
  action: (box: Box) => Promise<T>,
): Promise<T> {
  await using box = await where.sandbox.open({ checkout: where.checkout, signal: where.signal });
  return await action(box);
}
