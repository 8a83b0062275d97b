import { ApiError, movedTo, notFound, validationFailed } from '../api-error.ts';
import { addComment, deleteComment, editComment, editIssue, openIssue, setState } from '../issue-changes.ts';
import { closePull, reopenPull } from '../issue-changes.ts';
import { canSee, requirePermission } from '../auth.ts';
import { actingUser, isObject, listField, numberParam, textField, textsField } from '../route.ts';
import type { Answer, Need, RepoCall, Route } from '../route.ts';
import { commentShape, commentsOf, eventShape, issueShape, singleIssueShape } from '../shapes/issues.ts';
import { findUser, hasRole, roleOf } from '../world.ts';
import type { Comment, Gone, Issue, Repo } from '../world.ts';

/** Comments and labels of pull requests may also be written by who may write pull requests. */
export const readNeeds: readonly Need[] = [
  ['issues', 'read'],
  ['pull_requests', 'read'],
];
export const writeNeeds: readonly Need[] = [
  ['issues', 'write'],
  ['pull_requests', 'write'],
];

const base = '/repos/{owner}/{repo}/issues';
const readIssue = { access: 'repository', needs: readNeeds, role: 'read' } as const;
const talk = { access: 'repository', needs: writeNeeds, role: 'read' } as const;
const triage = { access: 'repository', needs: writeNeeds, role: 'triage' } as const;

export const issueRoutes: readonly Route[] = [
  { method: 'GET', path: base, ...readIssue, handle: listIssues },
  { method: 'POST', path: base, ...talk, needs: [['issues', 'write']], handle: createIssue },
  { method: 'GET', path: `${base}/comments/{comment_id}`, ...readIssue, handle: getComment },
  { method: 'PATCH', path: `${base}/comments/{comment_id}`, ...talk, handle: updateComment },
  { method: 'DELETE', path: `${base}/comments/{comment_id}`, ...talk, handle: removeComment },
  { method: 'GET', path: `${base}/{issue_number}`, ...readIssue, handle: getIssue },
  { method: 'PATCH', path: `${base}/{issue_number}`, ...talk, handle: updateIssue },
  { method: 'GET', path: `${base}/{issue_number}/comments`, ...readIssue, handle: listComments },
  { method: 'POST', path: `${base}/{issue_number}/comments`, ...talk, handle: createComment },
  { method: 'GET', path: `${base}/{issue_number}/events`, ...readIssue, handle: listEvents },
  { method: 'POST', path: `${base}/{issue_number}/assignees`, ...triage, handle: addAssignees },
  { method: 'DELETE', path: `${base}/{issue_number}/assignees`, ...triage, handle: removeAssignees },
];

/** The issue of the path. An installation needs `issues` for an issue; for a pull request `pull_requests` will do. */
export function issueOf(call: RepoCall, level: 'read' | 'write'): Issue {
  const number = numberParam(call, 'issue_number');
  const issue = call.repo.issues.get(number);
  if (issue === undefined) throw goneOrMissing(call, call.repo.gone.get(number));
  requireScope(call, issue, level);
  return issue;
}

export function commentOf(call: RepoCall, level: 'read' | 'write'): Comment {
  const comment = call.repo.comments.get(numberParam(call, 'comment_id'));
  const issue = comment === undefined ? undefined : call.repo.issues.get(comment.issueNumber);
  if (comment === undefined || issue === undefined) throw notFound();
  requireScope(call, issue, level);
  return comment;
}

/** 410 for an issue that was deleted, the way to its new place for one that was transferred where the caller may see it. */
function goneOrMissing(call: RepoCall, gone: Gone | undefined): ApiError {
  if (gone === undefined) return notFound();
  if (gone.how === 'deleted') return new ApiError(410, 'This issue was deleted');
  const repo = call.world.repos.get(gone.repository);
  if (repo === undefined || !canSee(call.actor, repo)) return notFound();
  return movedTo(
    `${call.world.url}/api/v3/repositories/${repo.id}/issues/${gone.number}${call.belowIssue}`,
    call.method,
  );
}

function requireScope(call: RepoCall, issue: Issue, level: 'read' | 'write'): void {
  if (call.actor.type !== 'installation' || issue.pull !== undefined) return;
  requirePermission(call.actor.token.permissions, [['issues', level]]);
}

function listIssues(call: RepoCall): Answer {
  const { world, repo, query } = call;
  const state = query.get('state') ?? 'open';
  const labels = (query.get('labels') ?? '').split(',').filter((name) => name !== '');
  const since = Date.parse(query.get('since') ?? '') || 0;
  const creator = query.get('creator')?.toLowerCase();
  const found = [...repo.issues.values()].filter(
    (issue) =>
      (creator === undefined || issue.user.login.toLowerCase() === creator) &&
      (state === 'all' || issue.state === state) &&
      labels.every((name) => issue.labels.some((label) => label.name.toLowerCase() === name.toLowerCase())) &&
      issue.updatedAt >= since,
  );
  const ordered = inOrder(found, query);
  return { status: 200, list: ordered.map((issue) => issueShape(world, repo, issue)) };
}

/** Newest first unless `sort` and `direction` say otherwise. */
export function inOrder(issues: readonly Issue[], query: URLSearchParams): Issue[] {
  const key = query.get('sort') === 'updated' ? 'updatedAt' : 'createdAt';
  const sorted = [...issues].sort((a, b) => a[key] - b[key] || a.number - b.number);
  return query.get('direction') === 'asc' ? sorted : sorted.reverse();
}

async function createIssue(call: RepoCall): Promise<Answer> {
  const { world, repo, body } = call;
  const labels = (listField(body, 'labels') ?? []).map((label) => (isObject(label) ? label['name'] : label));
  const issue = await openIssue(world, repo, {
    title: String(body['title']),
    body: textField(body, 'body') ?? null,
    by: actingUser(call),
    labels: labels.filter((name) => typeof name === 'string'),
    assignees: assigneesNamed(call),
  });
  return { status: 201, body: singleIssueShape(world, repo, issue) };
}

function getIssue(call: RepoCall): Answer {
  return { status: 200, body: singleIssueShape(call.world, call.repo, issueOf(call, 'read')) };
}

async function updateIssue(call: RepoCall): Promise<Answer> {
  const { world, repo, body } = call;
  const issue = issueOf(call, 'write');
  const by = actingUser(call);
  requireAuthority(call, issue.user.id);
  await editIssue(world, repo, { issue, title: textField(body, 'title'), body: textField(body, 'body'), by });
  const state = textField(body, 'state');
  if (state === 'open' || state === 'closed') await changeState(call, issue, state);
  return { status: 200, body: singleIssueShape(world, repo, issue) };
}

async function changeState(call: RepoCall, issue: Issue, state: 'open' | 'closed'): Promise<void> {
  const { world, repo } = call;
  const by = actingUser(call);
  const reason = textField(call.body, 'state_reason');
  if (issue.pull === undefined) setState(world, repo, { issue, state, reason, by });
  else await (state === 'closed' ? closePull : reopenPull)(world, repo, { issue, by });
}

function listComments(call: RepoCall): Answer {
  const issue = issueOf(call, 'read');
  const since = Date.parse(call.query.get('since') ?? '') || 0;
  const comments = commentsOf(call.repo, issue.number).filter((comment) => comment.updatedAt >= since);
  return { status: 200, list: comments.map((comment) => commentShape(call.world, call.repo, comment)) };
}

function listEvents(call: RepoCall): Answer {
  const issue = issueOf(call, 'read');
  return { status: 200, list: issue.events.map((event) => eventShape(call.world, call.repo, event)) };
}

function createComment(call: RepoCall): Answer {
  const { world, repo } = call;
  const issue = issueOf(call, 'write');
  if (issue.locked && !mayWrite(call)) {
    throw new ApiError(403, 'Unable to create comment because issue is locked.');
  }
  const comment = addComment(world, repo, { issue, body: String(call.body['body']), by: actingUser(call) });
  const shape = commentShape(world, repo, comment);
  return { status: 201, body: shape, headers: { location: String(shape['url']) } };
}

function getComment(call: RepoCall): Answer {
  return { status: 200, body: commentShape(call.world, call.repo, commentOf(call, 'read')) };
}

function updateComment(call: RepoCall): Answer {
  const { world, repo } = call;
  const comment = commentOf(call, 'write');
  requireAuthority(call, comment.user.id);
  editComment(world, repo, { comment, body: String(call.body['body']), by: actingUser(call) });
  return { status: 200, body: commentShape(world, repo, comment) };
}

function removeComment(call: RepoCall): Answer {
  const comment = commentOf(call, 'write');
  requireAuthority(call, comment.user.id);
  deleteComment(call.world, call.repo, { comment, by: actingUser(call) });
  return { status: 204 };
}

/** People without write access change only what is theirs. */
function requireAuthority(call: RepoCall, authorId: number): void {
  if (call.actor.type === 'user' && call.actor.user.id !== authorId && !mayWrite(call)) {
    throw new ApiError(403, 'Must have admin rights to Repository.');
  }
}

function mayWrite(call: RepoCall): boolean {
  return call.actor.type === 'installation' || hasRole(roleOf(call.repo, actingUser(call)), 'write');
}

function addAssignees(call: RepoCall): Answer {
  const issue = issueOf(call, 'write');
  const added = assigneesNamed(call).filter((user) => !issue.assignees.includes(user));
  issue.assignees = [...issue.assignees, ...added].slice(0, 10);
  issue.updatedAt = call.world.now();
  return { status: 201, body: singleIssueShape(call.world, call.repo, issue) };
}

function removeAssignees(call: RepoCall): Answer {
  const issue = issueOf(call, 'write');
  const gone = textsField(call.body, 'assignees').map((login) => login.toLowerCase());
  issue.assignees = issue.assignees.filter((user) => !gone.includes(user.login.toLowerCase()));
  issue.updatedAt = call.world.now();
  return { status: 200, body: singleIssueShape(call.world, call.repo, issue) };
}

/** People who can't be assigned are left out without a word; names that nobody has are refused. */
function assigneesNamed(call: RepoCall) {
  const names = textsField(call.body, 'assignees');
  return names.flatMap((login) => {
    const user = findUser(call.world, login);
    if (user === undefined)
      throw validationFailed({ resource: 'Issue', code: 'invalid', field: 'assignees', value: login });
    return isAssignable(call.repo, user.id) ? [user] : [];
  });
}

function isAssignable(repo: Repo, userId: number): boolean {
  return repo.owner.id === userId || repo.collaborators.has(userId);
}
