import type { AgentRun, Job, Proposal } from '../domain/index.ts';
import { codeSpan, countTurns, cutMarkdown, neutralise, neutraliseLine } from '../markdown/index.ts';
import { renderMarker } from './marker.ts';

export interface ProposalFacts {
  readonly job: Job;
  readonly run: Pick<AgentRun, 'usage' | 'model' | 'notes'>;
  /** The word that begins a command. */
  readonly command: string;
  /** The repository's address: links into it stay links. */
  readonly home: string;
  /** Sentences that the readers must know. */
  readonly notes: readonly string[];
}

/** Titles that reading looks for again. */
export const titles = { criteria: 'Acceptance criteria', going: 'How to go on' } as const;

/** How much each part may take, in characters: together less than the 65,536 that GitHub takes. */
const longest = { approach: 16_000, criteria: 14_000, files: 14_000, risks: 6_000, questions: 4_000 };

/**
 * The comment with a plan. Its parts are the model's own text with nothing in it that mentions, closes, commands or could pass for one of
 * our titles, which alone have three `#`.
 */
export function renderProposal(proposal: Proposal, facts: ProposalFacts): string {
  const { job, home } = facts;
  const line = (text: string) => neutraliseLine(text, home);
  const { approach, criteria, files, risks, questions } = proposal;
  return [
    `${renderMarker(job.request)}\n**Backend Developer**: a plan, which waits for an answer${renderReason(job)}.`,
    section('Approach', cutMarkdown(neutralise(approach, home), longest.approach)),
    section(titles.criteria, `${hint}\n\n${list(criteria, (each) => `[x] ${line(each)}`, longest.criteria)}`),
    section(
      'Files',
      list(files, ({ path, why }) => `${codeSpan(path)}: ${line(why)}`, longest.files),
    ),
    section('Risks', list(risks, line, longest.risks)),
    section('Questions', questions.length === 0 ? '' : `${asked}\n\n${list(questions, line, longest.questions)}`),
    section('Estimate', renderEstimate(proposal, job)),
    section(titles.going, renderGoing(facts)),
  ]
    .filter(Boolean)
    .join('\n\n');
}

const hint =
  'What is ticked here is what the work is held to. Untick or delete what you do not want, and add lines for what is missing.';
const asked = 'Please answer in a comment before you approve, or change the plan itself.';

function section(title: string, text: string): string {
  return text === '' ? '' : `### ${title}\n\n${text}`;
}

function list<T>(items: readonly T[], render: (item: T) => string, limit: number): string {
  return cutMarkdown(items.map((item) => `- ${render(item)}`).join('\n'), limit);
}

function renderReason({ plan }: Job): string {
  return plan.planFirst === undefined ? '' : `. It comes before the work because ${plan.planFirst}`;
}

function renderEstimate({ estimate: { usd, minutes } }: Proposal, { plan: { budget } }: Job): string {
  const most = `$${budget.usd.toFixed(2)} and ${renderMinutes(budget.minutes)}`;
  return `About $${usd.toFixed(2)} and ${renderMinutes(minutes)}, as the agent reckons. The most that a job may take here is ${most}.`;
}

function renderMinutes(minutes: number): string {
  const whole = Math.max(1, Math.round(minutes));
  return whole === 1 ? '1 minute' : `${whole} minutes`;
}

function renderGoing({ job, run, command, notes }: ProposalFacts): string {
  const say = (verb: string) => codeSpan(`${command} ${verb}`);
  const { usage, model } = run;
  const from = `Read at ${codeSpan(job.plan.base.sha.slice(0, 7))}`;
  return [
    `Comment ${say('approve')}, or give this comment 👍, and the plan is carried out as it stands here then. ${say('plan')} and what should be different asks for another one; ${say('implement')} starts without one.`,
    ...[...notes, ...run.notes].map((note) => neutraliseLine(note)),
    [from, codeSpan(model), countTurns(usage.turns), `$${usage.usd.toFixed(2)}`].join(' · '),
  ].join('\n\n');
}
