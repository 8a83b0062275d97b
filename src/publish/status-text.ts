import {
  steps,
  type Job,
  type Outcome,
  type Refusal,
  type SpentBeside,
  type Step,
  type Verb,
} from '../domain/index.ts';
import { renderTotal } from '../account/index.ts';
import { codeSpan, neutraliseLine } from '../markdown/index.ts';
import { renderRefusals } from '../refusals/index.ts';
import { statusMarker } from './comments.ts';

/** How a job ended, or came to rest: parked until (milliseconds since 1970) it goes on by itself. */
export type Ending =
  | Outcome
  | { readonly type: 'parked'; readonly reason: string; readonly until: number }
  /** Begun, and nobody there to go on with it. */
  | { readonly type: 'paused' };

/** A place in the queue: how many jobs are before it, as of a moment (milliseconds since 1970). */
export interface Place {
  readonly before: number;
  readonly at: number;
}

export interface StatusView {
  readonly step: Step;
  readonly usd: number;
  readonly notes: readonly string[];
  /** What other jobs on the same issue and pull request cost. */
  readonly beside?: SpentBeside;
  /** What install steps were refused on the network. */
  readonly refusals?: readonly Refusal[];
  readonly ending?: Ending;
  /** Set while no worker has taken the job. */
  readonly place?: Place;
}

export interface ViewFacts {
  readonly job: Job;
  readonly runUrl?: string | undefined;
  readonly command?: string | undefined;
}

/** The status comment's text: where the job is, what it cost so far, how to stop it; in the end, how it ended. */
export function renderStatus(view: StatusView, facts: ViewFacts): string {
  const { job } = facts;
  const { ending } = view;
  const state = ending ? renderEnding(ending, facts) : renderProgress(view);
  const parts = [
    `${statusMarker} ${job.request.subject.number} -->\n**Backend Developer**: ${state}`,
    renderChecklist(view),
    renderCost(view, facts),
    ending && ending.type !== 'parked' && ending.type !== 'paused' ? '' : `To stop it, ${howToStop(facts)}.`,
    renderRefusals(view.refusals ?? [], job.plan.allowedHosts),
    view.notes.map((note) => `- ${neutraliseLine(note)}`).join('\n'),
  ];
  return parts.filter(Boolean).join('\n\n');
}

/** From this part of the budget on people are told: what they want of the rest they can still say. */
const nearlyUsed = 0.8;

function renderCost({ usd, beside, ending }: StatusView, { job, runUrl }: ViewFacts): string {
  const { budget } = job.plan;
  const link = runUrl === undefined ? [] : [`[follow it live](${runUrl})`];
  const cost = [`Cost so far: $${usd.toFixed(2)} of $${budget.usd.toFixed(2)}`, ...renderTotal(usd, beside), ...link];
  const warning = 'More than 80 % of the budget is used. At its end what is there by then is published as a draft.';
  return [cost.join(' · '), ...(!ending && usd >= budget.usd * nearlyUsed ? [warning] : [])].join('\n\n');
}

function renderProgress({ step, place }: StatusView): string {
  if (place === undefined) return `working, at *${step}*`;
  const before = place.before === 1 ? '1 job is before it' : `${place.before} jobs are before it`;
  return `queued: ${before} (at ${clockTime(place.at)})`;
}

function clockTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 16)} UTC`;
}

function renderChecklist({ step, ending }: StatusView): string {
  const reached = ending?.type === 'failed' ? steps.indexOf(ending.step) : steps.indexOf(step);
  const isDone = (index: number): boolean =>
    index < reached || (ending?.type === 'published' && index <= steps.indexOf('publish')) || isPlanned(index, ending);
  return steps
    .map((name, index) => `- [${isDone(index) ? 'x' : ' '}] ${index === reached && !ending ? `**${name}**` : name}`)
    .join('\n');
}

function isPlanned(index: number, ending: Ending | undefined): boolean {
  return ending?.type === 'planned' && index <= steps.indexOf('plan');
}

function howToStop({ job: { request }, command = usualCommand }: ViewFacts): string {
  const label = request.via === 'label' ? `remove the label ${codeSpan(request.trigger)}, ` : '';
  const subject = request.subject.kind === 'issue' ? 'issue' : 'pull request';
  return `comment ${codeSpan(`${command} stop`)}, ${label}or close the ${subject}`;
}

const usualCommand = '/backend';

/** How it ended, as the end of a line. */
export function renderEnding(ending: Ending, { job, command = usualCommand }: ViewFacts): string {
  const again = codeSpan(`${command} ${verbOf(job)}`);
  switch (ending.type) {
    case 'published':
      return `pull request #${ending.pullNumber}${aboutDraft(ending.draft)}`;
    case 'nothing-to-change':
      return `nothing to change because ${sentence(ending.reason)}`;
    case 'stopped':
      return `stopped by @${ending.by.replace(/[^\w[\]-]/g, '')}${howToGoOn(job, command)}`;
    case 'parked':
      return `parked: ${sentence(ending.reason)} It goes on by itself at ${clockTime(ending.until)}; comment ${again} to go on at once.`;
    case 'paused':
      return 'paused: no worker is free for it; it goes on by itself as soon as one is.';
    case 'failed':
      return `failed at step ${ending.step}: ${sentence(ending.reason)} Comment ${again} to retry.`;
    case 'answered':
      return 'answered';
    case 'planned':
      return renderWaiting(ending.url, command);
    default:
      return `not done: ${sentence(ending.reason)}`;
  }
}

/** Of what was only to be read nothing is left to go on with. */
function howToGoOn({ plan }: Job, command: string): string {
  const isWork = ['implement', 'revise'].includes(plan.work ?? 'implement');
  return isWork ? `. Comment ${codeSpan(`${command} continue`)} to go on from there` : '';
}

/** What is done by a plan of its own, which the plan does not tell from other work. */
const sayAgain: readonly Verb[] = ['approve', 'rebase'];

/** What to say to have the same done again. */
function verbOf({ request, plan }: Job): string {
  return sayAgain.includes(request.verb) ? request.verb : (plan.work ?? 'implement');
}

function renderWaiting(url: string, command: string): string {
  return `needs an answer: [the plan](<${url}>) waits. Comment ${codeSpan(`${command} approve`)} or give it 👍 to have it carried out.`;
}

function aboutDraft(isDraft: boolean): string {
  return isDraft ? ' (a draft)' : '';
}

function sentence(reason: string): string {
  const safe = neutraliseLine(reason);
  return /[.!?]$/.test(safe) ? safe : `${safe}.`;
}
