import { BotError, type ChangeSet, type Job } from './domain/index.ts';
import { pathsWithMarkers } from './job/index.ts';
import { codeSpan, cutMiddle, fenced } from './markdown/index.ts';
import type { Merge, Workspace } from './workspace/index.ts';

/** The base's newest commit, merged into the branch of our pull request; undefined where nobody asked for that. */
export async function mergeBase({ plan }: Job, workspace: Workspace): Promise<Merge | undefined> {
  const { branch, headSha: sha, leftBaseAt } = plan.continues ?? {};
  if (branch === undefined || sha === undefined || leftBaseAt === undefined) return undefined;
  return workspace.mergeInto({ branch, sha }, leftBaseAt);
}

/** Why a state of the merge can't be handed in, for the agent and for people; undefined when nobody has to look at it any more. */
export function findUnresolved(merge: Merge | undefined, changes: ChangeSet): string | undefined {
  const left = pathsWithMarkers(changes, merge?.conflicts ?? []);
  return left.length === 0 ? undefined : `conflicts of the merge are left between markers in ${left.join(', ')}.`;
}

/** A run that was cut short may leave some. Throws `change-set-refused`. */
export function requireResolved(merge: Merge | undefined, changes: ChangeSet): void {
  const left = findUnresolved(merge, changes);
  if (left === undefined) return;
  throw new BotError('change-set-refused', `Nothing was pushed, because ${left} \`/backend continue\` goes on there.`);
}

/** GitHub's limit for a comment is 65,536 characters, and the rest of it needs room, too. */
const longestDiff = 20_000;

/** What those who asked are told of the merge that `headSha` is, in Markdown: what conflicted, and what became of our own change. */
export async function reportMerge(
  { plan }: Job,
  { merge, workspace }: { readonly merge?: Merge | undefined; readonly workspace: Workspace },
  headSha: string,
): Promise<string | undefined> {
  const { branch, headSha: before, leftBaseAt } = plan.continues ?? {};
  if (merge === undefined || branch === undefined || before === undefined || leftBaseAt === undefined) return undefined;
  const diff = await workspace.compareChanges({ branch, sha: before }, leftBaseAt, { branch, sha: headSha });
  const at = (sha: string) => codeSpan(sha.slice(0, 7));
  return [
    `${codeSpan(plan.base.branch)} at ${at(plan.base.sha)} is merged into this branch as ${at(headSha)}. ${renderConflicts(merge)}`,
    diff === ''
      ? 'What this pull request changes is the same as before.'
      : `What became of this pull request’s own change, from ${at(before)}:\n\n${fenced(cutMiddle(diff, longestDiff), 'diff')}`,
  ].join('\n\n');
}

function renderConflicts({ conflicts }: Merge): string {
  if (conflicts.length === 0) return 'Nothing conflicted.';
  const shown = conflicts.slice(0, 20).map(codeSpan);
  const more = conflicts.length > shown.length ? ` and ${String(conflicts.length - shown.length)} more` : '';
  return `Conflicts were resolved in ${shown.join(', ')}${more}.`;
}
