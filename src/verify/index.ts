/** Proof: finds a repository's checks, and runs them on checkouts and in boxes that the agent never touched. */
export { planChecks } from './plan-checks.ts';
export type { CheckPlan } from './plan-checks.ts';
export { proveWork } from './prove-work.ts';
export type { ProofInput } from './prove-work.ts';
export { renderFailure } from './render-failure.ts';
export { baselineCheckout, runBaseline, setUp } from './run-checks.ts';
export type { CheckProgress, Limits, Means, SetUp } from './run-checks.ts';
export type { Stack } from './stack.ts';
export { detectStacks } from './stacks.ts';
