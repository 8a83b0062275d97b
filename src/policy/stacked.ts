import type { Plan, Verb, WorkRequest } from '../domain/index.ts';
import type { Facts } from './facts.ts';
import type { Choice } from './options.ts';
import * as texts from './texts.ts';

/** Where work begins and which branch it goes to, or why it can't begin. */
export type Stack = Pick<Plan, 'base' | 'branch' | 'stackedOn'> | { readonly reason: string };

/** What on a pull request of somebody else is done on a branch of our own. */
const stacking: readonly Verb[] = ['implement', 'retry'];

/** Why nothing can be stacked on a pull request of somebody else; undefined for other work, and when it can. */
export function refuseStack({ verb, trigger, via }: WorkRequest, facts: Facts): string | undefined {
  const { place, pull, repository, headNow } = facts;
  if (place !== 'theirs' || pull === undefined || !stacking.includes(verb)) return undefined;
  if (pull.merged) return texts.renderMerged();
  if (pull.headRepositoryId !== repository.id) return texts.renderFork(via === 'command' ? trigger : '/backend');
  return headNow === undefined ? texts.renderHeadGone(pull.headBranch) : undefined;
}

/** From the newest commit of their branch, and back into it. */
export function stackOn({ pull, headNow, branch }: Facts, { base }: Choice): Stack {
  if (pull === undefined || headNow === undefined || branch === undefined) return { reason: texts.renderGone() };
  if (base !== undefined) return { reason: texts.renderBaseOnPull(pull.headBranch) };
  return { base: { branch: pull.headBranch, sha: headNow }, branch, stackedOn: pull.number };
}
