import { runAgent } from './agent/index.ts';
import type { AgentRun, Job, Outcome } from './domain/index.ts';
import { countTurns } from './markdown/index.ts';
import { decideStillWanted } from './policy/index.ts';
import { ensureReply } from './publish/index.ts';
import type { Desk } from './deps.ts';
import { gatherFacts } from './facts.ts';
import { openReading } from './ground.ts';
import type { Reporter } from './reporter.ts';

/** Answers a question from the code, in one reply. Changes nothing, and is safe to start again like the main line. */
export async function explain(job: Job, reporter: Reporter, desk: Desk): Promise<Outcome> {
  const run = await read(job, reporter, desk);
  if (run.submission === undefined) return { type: 'failed', step: 'understand', reason: run.stopDetail };
  const standing = decideStillWanted(job.request, await gatherFacts(job.request, desk));
  if (!standing.wanted) return { type: 'declined', reason: standing.reason };
  await ensureReply(job.request, renderAnswer(run.submission.summary, { run, job, desk }), desk);
  return { type: 'answered' };
}

async function read(job: Job, reporter: Reporter, desk: Desk): Promise<AgentRun> {
  await using reading = await openReading(job, reporter, desk);
  return await runAgent(
    { ...reading.agent, attempt: 1 },
    {
      ...desk,
      spent: reporter.spent,
      steering: () => Promise.resolve([]),
    },
  );
}

interface Source {
  readonly run: AgentRun;
  readonly job: Job;
  readonly desk: Desk;
}

/** With what it was read from, and what it cost. */
function renderAnswer(answer: string, { run, job, desk }: Source): string {
  const { usage, model, notes } = run;
  const from = `Read at \`${job.plan.base.sha.slice(0, 7)}\``;
  const footer = [from, `\`${model}\``, countTurns(usage.turns), `$${usage.usd.toFixed(2)}`].join(' · ');
  return [answer, ...desk.settings.warnings, ...notes, footer].join('\n\n');
}
