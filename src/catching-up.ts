import { BotError, type AgentRun, type ChangeSet, type Continued, type Job, type Proof } from './domain/index.ts';
import { changesBetween, pathsGivenUp } from './job/index.ts';
import { codeSpan } from './markdown/index.ts';
import type { Desk } from './deps.ts';
import type { Ground } from './ground.ts';

/** A run's work, and what running it showed. */
interface Work {
  readonly run: AgentRun;
  readonly fresh: ChangeSet;
  readonly proof?: Proof;
}

/** The same work where it can be published now. */
export interface CaughtUp<W extends Work> {
  readonly job: Job;
  readonly work: W;
  /** What the readers of the pull request should know of it. */
  readonly notes: readonly string[];
}

/**
 * Puts the work on top of what others pushed to the pull request's branch while it was made, and has both proved together. Where the branch
 * points is looked up once, before anything of ours is on it. Throws `branch-moved` when both changed one file, or when the branch has another
 * base by now.
 */
export async function catchUp<W extends Work>(
  job: Job,
  work: W,
  { ground, prove }: { readonly ground: Ground; readonly prove: (run: AgentRun) => Promise<Proof> },
  desk: Desk,
): Promise<CaughtUp<W>> {
  const { continues } = job.plan;
  if (continues === undefined) return { job, work, notes: [] };
  const head = await desk.journal.once('head', async () => (await desk.client.branchSha(continues.branch)) ?? '');
  if (head === continues.headSha || head === '') return { job, work, notes: [] };
  const changes = await join(job, { continues, head, work, ground }, desk);
  const run = { ...work.run, changes };
  const proof = await prove(run);
  const plan = { ...job.plan, continues: { ...continues, headSha: head } };
  const note = `Somebody pushed ${codeSpan(head.slice(0, 7))} to the branch while this was worked on: the work is on top of that, and both were proved together.`;
  return { job: { ...job, plan }, work: { ...work, run, proof }, notes: [note] };
}

interface Overtaken {
  readonly continues: Continued;
  readonly head: string;
  readonly work: Work;
  readonly ground: Pick<Ground, 'workspace'>;
}

/** What the branch holds with the work on top of it, as a difference from the base. */
async function join({ plan }: Job, overtaken: Overtaken, { client }: Desk): Promise<ChangeSet> {
  const { continues, head, work, ground } = overtaken;
  const { workspace } = ground;
  const { branch, headSha, leftBaseAt } = continues;
  if (leftBaseAt !== undefined || (await client.mergeBase(plan.base.branch, head)) !== plan.base.sha)
    throw moved(`Somebody pushed to ${codeSpan(branch)} while this was worked on`, plan.command);
  const before = await workspace.changesTo({ branch, sha: headSha });
  const now = await workspace.changesTo({ branch, sha: head });
  const pushed = changesBetween(before, now, await workspace.originals(pathsGivenUp(before, now)));
  const mine = new Set(work.fresh.map(({ path }) => path));
  const shared = pushed.map(({ path }) => path).filter((path) => mine.has(path));
  if (shared.length > 0) {
    const files = shared.slice(0, 10).map(codeSpan).join(', ');
    throw moved(`Somebody pushed to the branch while this was worked on, and both changed ${files}`, plan.command);
  }
  const theirs = now.filter(({ path }) => !mine.has(path));
  const ours = work.run.changes.filter(({ path }) => mine.has(path));
  return [...theirs, ...ours].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function moved(why: string, command = '/backend'): BotError {
  const again = `${codeSpan(`${command} revise`)} or ${codeSpan(`${command} rebase`)} begins again from there`;
  return new BotError('branch-moved', `${why}, so nothing was pushed. ${again}.`);
}
