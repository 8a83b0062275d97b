import type { Outcome } from '../domain/index.ts';
import { shortCode } from '../markdown/index.ts';
import type { EarlierJob } from '../store/index.ts';
import { findWaitingPlan } from './approval.ts';
import { isWork } from './earlier.ts';
import type { Facts } from './facts.ts';

/** How many jobs that are over are listed, the latest first. */
const longestPast = 5;

/** What is under way on a subject, what waits, and what came before, in Markdown. */
export function renderStanding(
  { earlier, positions, proposal }: Pick<Facts, 'earlier' | 'positions' | 'proposal'>,
  command: string,
): string {
  const jobs = earlier.filter(isWork);
  const alive = jobs.filter(({ state }) => state !== 'finished');
  const past = jobs.filter(({ state }) => state === 'finished').toReversed();
  return [
    ...(alive.length === 0
      ? [renderRest({ earlier, proposal }, command)]
      : alive.map((job) => renderAlive(job, positions))),
    ...(past.length === 0 ? [] : ['', 'Before:', '', ...past.slice(0, longestPast).map(renderPast)]),
    ...(alive.length === 0 ? [] : ['', `${shortCode(`${command} stop`)} stops it.`]),
  ].join('\n');
}

/** With nothing under way, a plan may wait; whether it still stands where it was written is looked up. */
function renderRest({ earlier, proposal }: Pick<Facts, 'earlier' | 'proposal'>, command: string): string {
  const waiting = findWaitingPlan(earlier);
  if (waiting === undefined) return 'Nothing is under way here.';
  const [approve, plan] = ['approve', 'plan'].map((verb) => shortCode(`${command} ${verb}`));
  return proposal?.id === waiting.commentId
    ? `Nothing is under way here. The plan above waits for an answer: ${approve} has it carried out.`
    : `Nothing is under way here. The plan that waited for an answer was deleted: ${plan} writes another one.`;
}

function renderAlive(job: EarlierJob, positions: Facts['positions']): string {
  const { request, step, state, parked } = job;
  const asked = `${shortCode(request.verb)} for ${shortCode(request.sender.login)}`;
  if (parked)
    return `${asked} rests: ${oneLine(parked.reason)} It goes on by itself at ${readable(parked.until)}. ${renderCost(job)}`;
  if (state === 'running') return `${asked} is under way: step *${step ?? 'understand'}*. ${renderCost(job)}`;
  const before = positions.get(job.jobId);
  const place = before === undefined ? '' : ` with ${before === 1 ? '1 job' : `${before} jobs`} before it`;
  return `${asked} waits for its turn${place}. ${renderCost(job)}`;
}

function renderCost({ usd, plan }: EarlierJob): string {
  const spent = `$${usd.toFixed(2)}`;
  return plan === undefined ? `Cost so far: ${spent}.` : `Cost so far: ${spent} of $${plan.budget.usd.toFixed(2)}.`;
}

function renderPast({ request, usd, outcome }: EarlierJob): string {
  return `- ${shortCode(request.verb)} for ${shortCode(request.sender.login)}: ${renderOutcome(outcome)} ($${usd.toFixed(2)})`;
}

function renderOutcome(outcome: Outcome | undefined): string {
  switch (outcome?.type) {
    case 'published':
      return `pull request #${outcome.pullNumber}`;
    case 'planned':
      return 'a plan';
    case 'stopped':
      return `stopped by ${shortCode(outcome.by)}`;
    case 'failed':
      return `failed at step *${outcome.step}*: ${oneLine(outcome.reason)}`;
    case 'nothing-to-change':
    case 'declined':
    case 'ignored':
      return `${outcome.type.replaceAll('-', ' ')}: ${oneLine(outcome.reason)}`;
    default:
      return 'answered';
  }
}

/** A list item must stay one; whoever posts the text takes the harm out of it. */
function oneLine(reason: string): string {
  return reason.replace(/\s+/gu, ' ').slice(0, 300).toWellFormed();
}

function readable(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
