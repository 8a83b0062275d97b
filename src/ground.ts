import { randomBytes } from 'node:crypto';
import { buildPrompt, type AgentDeps, type AgentRunInput } from './agent/index.ts';
import type { ChangeSet, CheckRun, Job } from './domain/index.ts';
import { changesBetween, pathsGivenUp, withoutNoise } from './job/index.ts';
import { baselineCheckout, detectStacks, planChecks, runBaseline, setUp, type Means } from './verify/index.ts';
import { loadDefinition, loadKnowledge } from './team/index.ts';
import { withImage } from './sandbox/index.ts';
import { openWorkspace, type Merge, type Workspace } from './workspace/index.ts';
import { gatherTask } from './briefing.ts';
import type { Desk } from './deps.ts';
import { requireModel } from './gate.ts';
import { recallWork } from './memory.ts';
import { findUnresolved, mergeBase } from './rebasing.ts';
import type { Reporter } from './reporter.ts';
import { openSteering } from './steering.ts';

/** What the work on one job stands on. Re-made from mirror and journal whenever the line starts again, on any machine. */
export interface Ground extends AsyncDisposable {
  readonly workspace: Workspace;
  /** What running checks takes: workspace, sandbox and the plan of commands. */
  readonly means: Means;
  /** The repository's checks on the base commit. */
  readonly baseline: readonly CheckRun[];
  /** What the set-up step left in the agent's work tree: no part of anybody's change. */
  readonly noise: ChangeSet;
  /** What the work begins from where the base is brought into a pull request. */
  readonly merge: Merge | undefined;
  /** What of a state of the work is new since the pull request that it goes on with; all of it where one is opened. */
  readonly fresh: (changes: ChangeSet) => Promise<ChangeSet>;
  /** Everything an attempt of the agent needs but its number and feedback. The box holds the work done so far. */
  readonly agent: Omit<AgentRunInput, 'attempt' | 'feedback'>;
  /** What the readers of the pull request should know of how the task was read. */
  readonly notes: readonly string[];
  /** What people said since it was last asked. */
  readonly steering: AgentDeps['steering'];
}

/** Checks the base commit out, runs its checks, sets the agent's box up and puts back what an interrupted run had done. */
export async function openGround(job: Job, reporter: Reporter, desk: Desk): Promise<Ground> {
  await reporter.step('understand');
  await requireModel(desk.store);
  await using opened = new AsyncDisposableStack();
  const workspace = opened.use(await openWorkspaceOf(job, desk));
  await reporter.step('plan');
  const checkPlan = planChecks(job.plan, await detectStacks(workspace.files, (path) => workspace.readText(path)));
  const { signal, report } = desk;
  const sandbox = withImage(desk.sandbox, job.plan.image);
  const means: Means = {
    workspace,
    checkPlan,
    sandbox,
    signal,
    report,
    refused: (refusal) => reporter.refused(refusal),
  };
  await reporter.step('set up');
  const merge = await mergeBase(job, workspace);
  const start = await openStart(job, { workspace, merge }, desk);
  await recallWork(job, desk);
  const fresh = (changes: ChangeSet) => changesSince(start, changes, workspace);
  const baseline = await desk.journal.once('baseline', () => runBaseline(means));
  const checkout = await workspace.checkout('agent', baselineCheckout);
  const noise = withoutNoise((await setUp(means, checkout, start)).noise, start);
  const box = opened.use(await sandbox.open({ checkout, signal }));
  await box.apply(start);
  await box.apply(await fresh(await desk.journal.latestChanges()));
  const deliverable = job.plan.continues ? 'follow-up' : 'work';
  const { notes, ...briefed } = await brief(job, { workspace, checkPlan, baseline, merge, deliverable }, desk);
  const refuse = (changes: ChangeSet) => findUnresolved(merge, changes);
  const agent = { ...briefed, deliverable, box, signal, refuse } as const;
  const steering = await openSteering(job, desk);
  const held = opened.move();
  const dispose = () => held.disposeAsync();
  return { workspace, means, baseline, noise, merge, fresh, agent, notes, steering, [Symbol.asyncDispose]: dispose };
}

/** What the pull request that the work goes on with holds already: from the first start on it counts as work that was done. */
async function openStart(
  { plan }: Job,
  { workspace, merge }: Pick<Ground, 'workspace' | 'merge'>,
  { journal }: Desk,
): Promise<ChangeSet> {
  if (plan.continues === undefined) return [];
  const { branch, headSha: sha } = plan.continues;
  const start = merge?.changes ?? (await workspace.changesTo({ branch, sha }));
  await journal.once('start', async () => {
    await journal.saveChanges(start);
    return sha;
  });
  return start;
}

async function changesSince(start: ChangeSet, now: ChangeSet, workspace: Workspace): Promise<ChangeSet> {
  return changesBetween(start, now, await workspace.originals(pathsGivenUp(start, now)));
}

/** What running the repository's checks on one commit takes. */
export interface Bench extends AsyncDisposable {
  readonly means: Means;
}

/** Asks no model and starts no agent. `refused` hears of hosts that the install step did not get. */
export async function openBench(job: Job, desk: Desk, refused: NonNullable<Means['refused']>): Promise<Bench> {
  await using opened = new AsyncDisposableStack();
  const workspace = opened.use(await openWorkspaceOf(job, desk));
  const checkPlan = planChecks(job.plan, await detectStacks(workspace.files, (path) => workspace.readText(path)));
  const { signal, report } = desk;
  const sandbox = withImage(desk.sandbox, job.plan.image);
  const held = opened.move();
  const means = { workspace, checkPlan, sandbox, signal, report, refused };
  return { means, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** What an answer or a plan is read from. Nothing is installed and nothing run: the box only lets the agent look. */
export interface Reading extends AsyncDisposable {
  readonly agent: Omit<AgentRunInput, 'attempt'>;
  /** What the readers should know of how the task was read. */
  readonly notes: readonly string[];
}

/** Checks out the commit that was asked about. */
export async function openReading(
  job: Job,
  reporter: Reporter,
  desk: Desk,
  deliverable: 'answer' | 'plan' = 'answer',
): Promise<Reading> {
  await reporter.step('understand');
  await requireModel(desk.store);
  await using opened = new AsyncDisposableStack();
  const workspace = opened.use(await openWorkspaceOf(job, desk));
  const checkPlan = planChecks(job.plan, await detectStacks(workspace.files, (path) => workspace.readText(path)));
  const checkout = await workspace.checkout('agent');
  const { signal } = desk;
  const sandbox = withImage(desk.sandbox, job.plan.image);
  const box = opened.use(await sandbox.open({ checkout, signal }));
  const briefed = await brief(job, { workspace, checkPlan, baseline: [], deliverable }, desk);
  const tools = briefed.definition.tools.filter((tool) => tool === 'Read' || tool === 'Grep');
  const { prompt, budget, wantedModel, notes } = briefed;
  const agent = { prompt, budget, wantedModel, definition: { tools }, deliverable, box, signal } as const;
  const held = opened.move();
  return { agent, notes, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

async function openWorkspaceOf(job: Job, { client, settings, signal }: Desk): Promise<Workspace> {
  return openWorkspace({
    dataDir: settings.dataDir,
    jobId: job.id,
    repository: job.request.repository,
    base: job.plan.base,
    remoteUrl: (await client.facts()).cloneUrl,
    token: (refused) => client.readToken(refused),
    signal,
  });
}

/** Definition, prompt and means of the agent. The task is journalled: later edits on GitHub change nothing about it. */
async function brief(
  job: Job,
  { deliverable, ...ground }: Parameters<typeof gatherTask>[1] & Required<Pick<AgentRunInput, 'deliverable'>>,
  desk: Desk,
) {
  const { agentsDir } = desk.settings;
  const definition = await loadDefinition(agentsDir, job.plan.agent);
  const task = await desk.journal.once('task', () => gatherTask(job, ground, desk));
  const knowledge = await loadKnowledge(agentsDir, ground.checkPlan.stackNames);
  const delimiter = await desk.journal.once('delimiter', async () => randomBytes(12).toString('hex'));
  return {
    definition,
    prompt: buildPrompt({ definition, knowledge, task, delimiter, deliverable }),
    budget: job.plan.budget,
    wantedModel: job.plan.model ?? definition.model,
    notes: [...task.notes, ...noteImage(job, desk)],
  };
}

/** Settings may say what cannot be done here; who reads the proof has to know what it was made with. */
function noteImage({ plan: { image } }: Job, { sandbox }: Desk): readonly string[] {
  if (image === undefined || sandbox.takesImages) return [];
  return [`The image that the settings name (\`${image}\`) was not used: this app does not run work in containers.`];
}
