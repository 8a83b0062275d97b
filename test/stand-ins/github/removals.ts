import { addIssue, emitIssue, emitPull, ensureLabel, noteEvent, tellIssue } from './issue-changes.ts';
import { issueShape } from './shapes/issues.ts';
import { repositoryShape } from './shapes/repositories.ts';
import type { Issue, Repo, User, World } from './world.ts';

/** Deletes an issue and its comments; its number is never used again. */
export function deleteIssue(world: World, repo: Repo, at: { issue: Issue; by: User }): void {
  const { issue, by } = at;
  requireIssue(issue);
  const shape = issueShape(world, repo, issue);
  take(repo, issue);
  repo.gone.set(issue.number, { how: 'deleted' });
  tellIssue(world, repo, issue, { did: 'deleted' });
  emitIssue(world, repo, { issue, by, action: 'deleted', fields: { issue: shape } });
}

/** Moves an issue with its comments and those of its labels that the other repository has, as GitHub does. */
export async function transferIssue(
  world: World,
  repo: Repo,
  at: { issue: Issue; to: Repo; by: User },
): Promise<Issue> {
  const { issue, to, by } = at;
  requireIssue(issue);
  if (to.owner !== repo.owner || to === repo)
    throw new Error('an issue is transferred to another repository of its owner');
  const old = { old_issue: issueShape(world, repo, issue), old_repository: repositoryShape(world, repo) };
  const comments = take(repo, issue);
  const { title, body, user } = issue;
  const fresh = addIssue(world, to, { title, body, by: user, pull: undefined });
  fresh.labels = issue.labels.flatMap(({ name }) =>
    to.labels.has(name.toLowerCase()) ? [ensureLabel(world, to, name)] : [],
  );
  for (const comment of comments) to.comments.set(comment.id, { ...comment, issueNumber: fresh.number });
  repo.gone.set(issue.number, { how: 'transferred', repository: to.id, number: fresh.number });
  noteEvent(world, fresh, { event: 'transferred', by });
  tellIssue(world, repo, issue, { did: 'transferred', to: { repository: to.id, number: fresh.number } });
  const now = { new_issue: issueShape(world, to, fresh), new_repository: repositoryShape(world, to) };
  emitIssue(world, repo, { issue, by, action: 'transferred', fields: { issue: old.old_issue, changes: now } });
  tellIssue(world, to, fresh, { did: 'opened' });
  emitIssue(world, to, { issue: fresh, by, action: 'opened', fields: { changes: old } });
  return fresh;
}

export async function setLock(
  world: World,
  at: { repo: Repo; issue: Issue },
  change: { by: User; action: 'locked' | 'unlocked' },
): Promise<void> {
  const { repo, issue } = at;
  const { by, action } = change;
  issue.locked = action === 'locked';
  issue.updatedAt = world.now();
  noteEvent(world, issue, { event: action, by, ...(action === 'locked' ? { fields: { lock_reason: null } } : {}) });
  tellIssue(world, repo, issue, { did: action });
  if (issue.pull === undefined) emitIssue(world, repo, { issue, by, action });
  else await emitPull(world, repo, { issue, by, action });
}

/** Out of its repository, comments and all; returns the comments. */
function take(repo: Repo, issue: Issue) {
  const comments = [...repo.comments.values()].filter((comment) => comment.issueNumber === issue.number);
  for (const { id } of comments) repo.comments.delete(id);
  repo.issues.delete(issue.number);
  return comments;
}

function requireIssue(issue: Issue): void {
  if (issue.pull !== undefined)
    throw new Error(`#${issue.number} is a pull request: it can be neither deleted nor moved`);
}
