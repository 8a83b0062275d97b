import { renderMemory, type Task } from './agent/index.ts';
import type { Job, Outcome } from './domain/index.ts';
import type { Desk } from './deps.ts';

/** What the earlier job did and learnt that this one goes on with; undefined when it goes on with none. */
export async function gatherMemory({ plan }: Job, { store, journal }: Desk): Promise<Task['memory']> {
  if (plan.resumes === undefined) return undefined;
  const { jobId } = plan.resumes;
  const [before, entries, changes] = await Promise.all([
    store.run(jobId),
    store.transcript(jobId),
    journal.latestChanges(),
  ]);
  const text = `It ended: ${renderEnd(before?.outcome)}\n\n${renderMemory(entries)}`;
  return { text, isInTree: plan.continues !== undefined || changes.length > 0 };
}

/** Takes the files that the earlier job left unpublished over into this job's journal, from where its box gets them. */
export async function recallWork({ plan }: Job, { store, journal, claim }: Desk): Promise<void> {
  const { resumes } = plan;
  if (resumes?.isSameGround !== true) return;
  await journal.once('recalled', async () => {
    const left = await store.journal({ ...claim, jobId: resumes.jobId }).latestChanges(); // reading asks for no claim
    if (left.length > 0) await journal.saveChanges(left);
    return left.length;
  });
}

function renderEnd(outcome: Outcome | undefined): string {
  switch (outcome?.type) {
    case 'published':
      return outcome.draft ? 'published as a draft, unfinished.' : 'published.';
    case 'stopped':
      return `stopped by ${outcome.by}.`;
    case 'failed':
      return `failed at the step “${outcome.step}”: ${outcome.reason}`;
    default:
      return outcome === undefined ? 'nothing is kept of how.' : outcome.type;
  }
}
