import type { Verb, WorkRequest } from '../domain/index.ts';
import { digestOf, readProposal, wishOf, type StandingProposal } from '../proposal/index.ts';
import type { EarlierJob } from '../store/index.ts';
import { hasDoneNothing } from './earlier.ts';
import type { Facts } from './facts.ts';
import * as texts from './texts.ts';

/** What is approved: the comment as it stands. */
export type Approval = { readonly approved: string } | { readonly refused: string };

type Grounds = Pick<Facts, 'proposal' | 'earlier'>;

/**
 * A plan is approved as the person who approves it sees it: edits of its comment count, unless they came later; it has to be the newest, and
 * about the issue as it says now.
 */
export function readApproval(request: WorkRequest, { proposal, earlier }: Grounds, command: string): Approval {
  const standing = proposal && readProposal(proposal.body);
  if (proposal === undefined || standing === undefined) return { refused: texts.renderNoPlan(command) };
  const fault = approvalFaults.find(({ holds }) => holds({ request, proposal, standing, earlier }));
  return fault ? { refused: fault.render(command) } : { approved: proposal.body };
}

/** The plan that waits for an answer; undefined when there is none, or something was begun since. */
export function findWaitingPlan(
  earlier: readonly EarlierJob[],
): Extract<EarlierJob['outcome'], { type: 'planned' }> | undefined {
  const last = earlier.findLast((job) => mainVerbs.includes(job.request.verb) && !hasDoneNothing(job));
  return last?.outcome?.type === 'planned' ? last.outcome : undefined;
}

/** What ends in a pull request, or in a plan for one. */
export const mainVerbs: readonly Verb[] = ['implement', 'plan', 'approve', 'retry', 'continue'];

interface Standing {
  readonly request: WorkRequest;
  readonly proposal: NonNullable<Facts['proposal']>;
  readonly standing: StandingProposal;
  readonly earlier: readonly EarlierJob[];
}

interface ApprovalFault {
  readonly holds: (standing: Standing) => boolean;
  /** Markdown for the person who approved. */
  readonly render: (command: string) => string;
}

/** Why a plan that is there can't be carried out; the first that holds is told. */
const approvalFaults: readonly ApprovalFault[] = [
  { holds: isOlderWish, render: texts.renderOlderPlan },
  { holds: isEditedSince, render: texts.renderEditedSince },
  { holds: ({ request, standing }) => digestOf(request.seen) !== standing.digest, render: texts.renderPlanOutdated },
  { holds: ({ standing }) => standing.criteria.length === 0, render: texts.renderNoCriteria },
];

/** The 👍 stands on another plan, or a later one was asked for and did not come about, or was deleted. */
function isOlderWish({ request, proposal, standing, earlier }: Standing): boolean {
  const { via, source } = request;
  if (via === 'reaction' && source.type === 'comment' && source.commentId !== proposal.id) return true;
  const last = earlier.findLast((job) => job.plan?.work === 'plan');
  return last !== undefined && wishOf(last.request.intention) !== standing.wish;
}

/** GitHub's times have no parts of a second: what was done within the same one was seen. */
function isEditedSince({ request, proposal }: Standing): boolean {
  return Date.parse(proposal.updatedAt) > Date.parse(request.requestedAt);
}
