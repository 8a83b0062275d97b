import { born } from '../lag.ts';
import { iso, roleOf } from '../world.ts';
import type { Comment, Issue, IssueEvent, Reaction, Repo, User, World } from '../world.ts';
import { appOf, nodeId, userShape } from './accounts.ts';
import { labelShape, repoPage, repoUrl } from './repositories.ts';

export const reactionContents = ['+1', '-1', 'laugh', 'hooray', 'confused', 'heart', 'rocket', 'eyes'] as const;

/** A pull request's issue has the same number, another page, and `pull_request`. */
export function issueShape(world: World, repo: Repo, issue: Issue): Record<string, unknown> {
  const url = `${repoUrl(world, repo)}/issues/${issue.number}`;
  return born(issue.createdAt, {
    url,
    repository_url: repoUrl(world, repo),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: issuePage(world, repo, issue),
    id: issue.id,
    node_id: nodeId('Issue', issue.id),
    number: issue.number,
    title: issue.title,
    user: userShape(world, issue.user),
    labels: issue.labels.map((label) => labelShape(world, repo, label)),
    state: issue.state,
    locked: issue.locked,
    assignee: issue.assignees[0] === undefined ? null : userShape(world, issue.assignees[0]),
    assignees: issue.assignees.map((user) => userShape(world, user)),
    milestone: null,
    comments: commentsOf(repo, issue.number).length,
    created_at: iso(issue.createdAt),
    updated_at: iso(issue.updatedAt),
    closed_at: issue.closedAt === undefined ? null : iso(issue.closedAt),
    author_association: association(repo, issue.user),
    active_lock_reason: null,
    body: issue.body,
    reactions: reactionRollup(`${url}/reactions`, issue.reactions),
    timeline_url: `${url}/timeline`,
    performed_via_github_app: issue.viaApp ? appOf(world, issue.user) : null,
    state_reason: issue.stateReason,
    ...(issue.pull === undefined ? {} : pullLinks(world, repo, issue)),
  });
}

/** What `GET /issues/{number}` adds to the shape that lists and webhooks have. */
export function singleIssueShape(world: World, repo: Repo, issue: Issue): Record<string, unknown> {
  const closedBy = issue.closedBy === undefined ? null : userShape(world, issue.closedBy);
  return { ...issueShape(world, repo, issue), closed_by: closedBy };
}

export function commentShape(world: World, repo: Repo, comment: Comment): Record<string, unknown> {
  const url = `${repoUrl(world, repo)}/issues/comments/${comment.id}`;
  const issue = repo.issues.get(comment.issueNumber);
  const page = issue === undefined ? repoPage(world, repo) : issuePage(world, repo, issue);
  return born(comment.createdAt, {
    url,
    html_url: `${page}#issuecomment-${comment.id}`,
    issue_url: `${repoUrl(world, repo)}/issues/${comment.issueNumber}`,
    id: comment.id,
    node_id: nodeId('IssueComment', comment.id),
    user: userShape(world, comment.user),
    created_at: iso(comment.createdAt),
    updated_at: iso(comment.updatedAt),
    author_association: association(repo, comment.user),
    body: comment.body,
    reactions: reactionRollup(`${url}/reactions`, comment.reactions),
    performed_via_github_app: comment.viaApp ? appOf(world, comment.user) : null,
  });
}

export function reactionShape(world: World, reaction: Reaction): Record<string, unknown> {
  return born(reaction.createdAt, {
    id: reaction.id,
    node_id: nodeId('Reaction', reaction.id),
    user: userShape(world, reaction.user),
    content: reaction.content,
    created_at: iso(reaction.createdAt),
  });
}

/** An entry of an issue's history as `GET /issues/{number}/events` lists it. */
export function eventShape(world: World, repo: Repo, event: IssueEvent): Record<string, unknown> {
  return born(event.createdAt, {
    id: event.id,
    node_id: nodeId('IssueEvent', event.id),
    url: `${repoUrl(world, repo)}/issues/events/${event.id}`,
    actor: userShape(world, event.actor),
    event: event.event,
    commit_id: null,
    commit_url: null,
    created_at: iso(event.createdAt),
    ...event.fields,
    performed_via_github_app: appOf(world, event.actor),
  });
}

export function issuePage(world: World, repo: Repo, issue: Issue): string {
  return `${repoPage(world, repo)}/${issue.pull === undefined ? 'issues' : 'pull'}/${issue.number}`;
}

export function commentsOf(repo: Repo, issueNumber: number): Comment[] {
  return [...repo.comments.values()].filter((comment) => comment.issueNumber === issueNumber);
}

/** How the author stands to the repository. A bot that is no collaborator has no association. */
export function association(repo: Repo, user: User): string {
  if (repo.owner === user) return 'OWNER';
  if (user.type === 'Bot') return 'NONE';
  if (!repo.collaborators.has(user.id) || roleOf(repo, user) === 'none') return 'NONE';
  return repo.owner.type === 'Organization' ? 'MEMBER' : 'COLLABORATOR';
}

export function reactionRollup(url: string, reactions: readonly Reaction[]): Record<string, unknown> {
  const counts = reactionContents.map((content): [string, number] => [
    content,
    reactions.filter((reaction) => reaction.content === content).length,
  ]);
  return { url, total_count: reactions.length, ...Object.fromEntries<number>(counts) };
}

function pullLinks(world: World, repo: Repo, issue: Issue): Record<string, unknown> {
  const page = issuePage(world, repo, issue);
  return {
    draft: issue.pull?.draft ?? false,
    pull_request: {
      url: `${repoUrl(world, repo)}/pulls/${issue.number}`,
      html_url: page,
      diff_url: `${page}.diff`,
      patch_url: `${page}.patch`,
      merged_at: issue.pull?.mergedAt === undefined ? null : iso(issue.pull.mergedAt),
    },
  };
}
