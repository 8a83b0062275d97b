import { validationFailed } from './api-error.ts';
import type { CommentChange, IssueChange } from './changes.ts';
import { commentShape, issueShape } from './shapes/issues.ts';
import { pullShape } from './shapes/pulls.ts';
import { labelShape } from './shapes/repositories.ts';
import { installationOf, nextNumber } from './world.ts';
import type { Comment, Issue, Label, Pull, Repo, User, World } from './world.ts';

/** GitHub's limit for the text of an issue, a pull request or a comment. */
export const longestBody = 65_536;
export const longestTitle = 256;

export interface NewIssue {
  readonly title: string;
  readonly body: string | null;
  readonly by: User;
  readonly labels?: readonly string[];
  readonly assignees?: readonly User[];
}

/** Opens an issue: `opened` once, then `labeled` for each label, as GitHub sends them. */
export async function openIssue(world: World, repo: Repo, wanted: NewIssue): Promise<Issue> {
  checkText('Issue', wanted);
  const issue = addIssue(world, repo, { ...wanted, pull: undefined });
  issue.labels = [...new Set(wanted.labels ?? [])].map((name) => ensureLabel(world, repo, name));
  issue.assignees = [...(wanted.assignees ?? [])];
  tellIssue(world, repo, issue, { did: 'opened' });
  emitIssue(world, repo, { issue, by: wanted.by, action: 'opened' });
  for (const label of issue.labels) await emitLabel(world, repo, { issue, by: wanted.by, label, action: 'labeled' });
  return issue;
}

/** The record alone, without an event: pull requests are issues too. */
export function addIssue(world: World, repo: Repo, wanted: NewIssue & { pull: Pull | undefined }): Issue {
  const issue: Issue = {
    id: world.nextId(),
    number: nextNumber(repo),
    user: wanted.by,
    viaApp: wanted.by.type === 'Bot',
    title: wanted.title,
    body: wanted.body,
    state: 'open',
    stateReason: null,
    locked: false,
    labels: [],
    assignees: [],
    createdAt: world.now(),
    updatedAt: world.now(),
    closedAt: undefined,
    closedBy: undefined,
    reactions: [],
    events: [],
    pull: wanted.pull,
  };
  repo.issues.set(issue.number, issue);
  return issue;
}

export function checkText(
  resource: string,
  text: { title?: string | undefined; body?: string | null | undefined },
): void {
  if (text.title?.trim() === '') throw validationFailed({ resource, code: 'missing_field', field: 'title' });
  if ((text.title?.length ?? 0) > longestTitle) {
    throw validationFailed({
      resource,
      code: 'custom',
      field: 'title',
      message: 'title is too long (maximum is 256 characters)',
    });
  }
  if ((text.body?.length ?? 0) > longestBody) {
    throw validationFailed({
      resource,
      code: 'custom',
      field: 'body',
      message: 'body is too long (maximum is 65536 characters)',
    });
  }
}

/** GitHub makes a label that the repository doesn't have yet. */
export function ensureLabel(world: World, repo: Repo, name: string, look: Partial<Label> = {}): Label {
  const known = repo.labels.get(name.toLowerCase());
  if (known !== undefined) return known;
  const label: Label = {
    id: world.nextId(),
    name,
    color: look.color ?? 'ededed',
    description: look.description ?? null,
    isDefault: look.isDefault ?? false,
  };
  repo.labels.set(name.toLowerCase(), label);
  return label;
}

/** Adds what is missing; a label that is there already is no event. */
export async function addLabels(
  world: World,
  repo: Repo,
  at: { issue: Issue; names: readonly string[]; by: User },
): Promise<void> {
  for (const name of at.names) {
    const label = ensureLabel(world, repo, name);
    if (at.issue.labels.includes(label)) continue;
    at.issue.labels = [...at.issue.labels, label];
    at.issue.updatedAt = world.now();
    await emitLabel(world, repo, { issue: at.issue, by: at.by, label, action: 'labeled' });
  }
}

/** False when the issue doesn't carry the label. */
export async function removeLabel(
  world: World,
  repo: Repo,
  at: { issue: Issue; name: string; by: User },
): Promise<boolean> {
  const label = at.issue.labels.find((candidate) => candidate.name.toLowerCase() === at.name.toLowerCase());
  if (label === undefined) return false;
  at.issue.labels = at.issue.labels.filter((candidate) => candidate !== label);
  at.issue.updatedAt = world.now();
  await emitLabel(world, repo, { issue: at.issue, by: at.by, label, action: 'unlabeled' });
  return true;
}

export async function editIssue(
  world: World,
  repo: Repo,
  at: { issue: Issue; title?: string | undefined; body?: string | undefined; by: User },
): Promise<void> {
  checkText('Issue', at);
  const { issue } = at;
  const changes = differences(at);
  if (Object.keys(changes).length === 0) return;
  if (changes['title'] !== undefined) {
    noteEvent(world, issue, { event: 'renamed', by: at.by, fields: { rename: { from: issue.title, to: at.title } } });
  }
  issue.title = at.title ?? issue.title;
  issue.body = at.body ?? issue.body;
  issue.updatedAt = world.now();
  tellIssue(world, repo, issue, { did: 'edited' });
  if (issue.pull === undefined) emitIssue(world, repo, { issue, by: at.by, action: 'edited', fields: { changes } });
  else await emitPull(world, repo, { issue, by: at.by, action: 'edited', fields: { changes } });
}

/** What an edit changes, as its event says it. */
function differences(at: { issue: Issue; title?: string | undefined; body?: string | undefined }) {
  const { issue, title, body } = at;
  const changes: Record<string, unknown> = {};
  if (title !== undefined && title !== issue.title) changes['title'] = { from: issue.title };
  if (body !== undefined && body !== issue.body) changes['body'] = { from: issue.body ?? '' };
  return changes;
}

export function setState(
  world: World,
  repo: Repo,
  at: { issue: Issue; state: 'open' | 'closed'; reason?: string | undefined; by: User },
): void {
  const { issue, state } = at;
  if (issue.state === state) return;
  const closed = state === 'closed';
  issue.state = state;
  issue.stateReason = closed ? (at.reason ?? 'completed') : 'reopened';
  issue.closedAt = closed ? world.now() : undefined;
  issue.closedBy = closed ? at.by : undefined;
  issue.updatedAt = world.now();
  noteEvent(world, issue, { event: closed ? 'closed' : 'reopened', by: at.by });
  tellIssue(world, repo, issue, { did: closed ? 'closed' : 'reopened' });
  emitIssue(world, repo, { issue, by: at.by, action: closed ? 'closed' : 'reopened' });
}

export async function closePull(world: World, repo: Repo, at: { issue: Issue; by: User }): Promise<void> {
  const { issue } = at;
  if (issue.state === 'closed') return;
  issue.state = 'closed';
  issue.closedAt = world.now();
  issue.closedBy = at.by;
  issue.updatedAt = world.now();
  noteEvent(world, issue, { event: 'closed', by: at.by });
  tellIssue(world, repo, issue, { did: issue.pull?.mergedAt === undefined ? 'closed' : 'merged' });
  await emitPull(world, repo, { issue, by: at.by, action: 'closed' });
}

export async function reopenPull(world: World, repo: Repo, at: { issue: Issue; by: User }): Promise<void> {
  const { issue } = at;
  if (issue.state === 'open') return;
  issue.state = 'open';
  issue.closedAt = undefined;
  issue.closedBy = undefined;
  issue.updatedAt = world.now();
  noteEvent(world, issue, { event: 'reopened', by: at.by });
  tellIssue(world, repo, issue, { did: 'reopened' });
  await emitPull(world, repo, { issue, by: at.by, action: 'reopened' });
}

export function addComment(world: World, repo: Repo, at: { issue: Issue; body: string; by: User }): Comment {
  checkComment(at.body);
  const comment: Comment = {
    id: world.nextId(),
    issueNumber: at.issue.number,
    user: at.by,
    viaApp: at.by.type === 'Bot',
    body: at.body,
    createdAt: world.now(),
    updatedAt: world.now(),
    reactions: [],
  };
  repo.comments.set(comment.id, comment);
  at.issue.updatedAt = world.now();
  tellComment(world, repo, comment, 'created');
  emitComment(world, repo, { comment, by: at.by, action: 'created' });
  return comment;
}

export function editComment(world: World, repo: Repo, at: { comment: Comment; body: string; by: User }): void {
  checkComment(at.body);
  const from = at.comment.body;
  at.comment.body = at.body;
  at.comment.updatedAt = world.now();
  tellComment(world, repo, at.comment, 'edited');
  emitComment(world, repo, { ...at, action: 'edited', fields: { changes: { body: { from } } } });
}

export function deleteComment(world: World, repo: Repo, at: { comment: Comment; by: User }): void {
  repo.comments.delete(at.comment.id);
  tellComment(world, repo, at.comment, 'deleted');
  emitComment(world, repo, { ...at, action: 'deleted' });
}

type Told = Pick<IssueChange, 'label' | 'to'> & { readonly did: IssueChange['did'] | 'merged' };

/** Tells that an issue or a pull request changed, whichever it is. */
export function tellIssue(world: World, repo: Repo, issue: Issue, change: Told): void {
  const { number, pull, user, body } = issue;
  const { did, ...more } = change;
  const place = { repository: repo.id, number, ...more };
  if (pull === undefined) {
    if (did !== 'merged') world.changes.tell({ what: 'issue', did, ...place });
  } else if (did !== 'deleted' && did !== 'transferred') {
    const { head, headSha, base } = pull;
    const shown = { author: user.login, head, headSha, base, body: body ?? '' };
    world.changes.tell({ what: 'pull', did, ...place, ...shown });
  }
}

/** Adds to the history that `GET /issues/{number}/events` shows. */
export function noteEvent(
  world: World,
  issue: Issue,
  entry: { event: string; by: User; fields?: Readonly<Record<string, unknown>> },
): void {
  const { event, by: actor, fields = {} } = entry;
  issue.events.push({ id: world.nextId(), event, actor, createdAt: world.now(), fields });
}

export async function emitPull(
  world: World,
  repo: Repo,
  at: { issue: Issue; by: User; action: string; fields?: Record<string, unknown> },
): Promise<void> {
  const installation = installationOf(world, repo);
  if (installation === undefined || !world.wants('pull_request')) return;
  const shape = await pullShape(world, repo, at.issue);
  const fields = { number: at.issue.number, pull_request: shape, ...at.fields };
  world.emit({ name: 'pull_request', action: at.action, repo, installation, sender: at.by, fields });
}

export function emitIssue(
  world: World,
  repo: Repo,
  at: { issue: Issue; by: User; action: string; fields?: Record<string, unknown> },
): void {
  const installation = installationOf(world, repo);
  if (installation === undefined) return;
  const fields = { issue: issueShape(world, repo, at.issue), ...at.fields };
  world.emit({ name: 'issues', action: at.action, repo, installation, sender: at.by, fields });
}

/** A pull request's labels are told as `pull_request`, an issue's as `issues`. */
async function emitLabel(
  world: World,
  repo: Repo,
  at: { issue: Issue; by: User; label: Label; action: 'labeled' | 'unlabeled' },
): Promise<void> {
  const { name, color } = at.label;
  noteEvent(world, at.issue, { event: at.action, by: at.by, fields: { label: { name, color } } });
  tellIssue(world, repo, at.issue, { did: at.action, label: name });
  const fields = { label: labelShape(world, repo, at.label) };
  if (at.issue.pull === undefined) emitIssue(world, repo, { ...at, fields });
  else await emitPull(world, repo, { ...at, fields });
}

function tellComment(world: World, repo: Repo, comment: Comment, did: CommentChange['did']): void {
  const { id, issueNumber: issue, user, body } = comment;
  world.changes.tell({ what: 'comment', did, repository: repo.id, id, issue, author: user.login, body });
}

function emitComment(
  world: World,
  repo: Repo,
  at: { comment: Comment; by: User; action: string; fields?: Record<string, unknown> },
): void {
  const installation = installationOf(world, repo);
  const issue = repo.issues.get(at.comment.issueNumber);
  if (installation === undefined || issue === undefined) return;
  const fields = {
    issue: issueShape(world, repo, issue),
    comment: commentShape(world, repo, at.comment),
    ...at.fields,
  };
  world.emit({ name: 'issue_comment', action: at.action, repo, installation, sender: at.by, fields });
}

function checkComment(body: string): void {
  const resource = 'IssueComment';
  if (body.trim() === '') {
    throw validationFailed({ resource, code: 'unprocessable', field: 'data', message: 'Body cannot be blank' });
  }
  if (body.length > longestBody) {
    const message = 'Body is too long (maximum is 65536 characters)';
    throw validationFailed({ resource, code: 'unprocessable', field: 'data', message });
  }
}
