import { ApiError, notFound, validationFailed } from '../api-error.ts';
import { addLabels, ensureLabel, removeLabel } from '../issue-changes.ts';
import { actingUser, isObject, listField, param, textField } from '../route.ts';
import type { Answer, RepoCall, Route } from '../route.ts';
import { labelShape } from '../shapes/repositories.ts';
import type { Issue } from '../world.ts';
import { issueOf, readNeeds, writeNeeds } from './issues.ts';

const repoLabels = '/repos/{owner}/{repo}/labels';
const issueLabels = '/repos/{owner}/{repo}/issues/{issue_number}/labels';
const read = { access: 'repository', needs: readNeeds, role: 'read' } as const;
const write = { access: 'repository', needs: writeNeeds, role: 'triage' } as const;

export const labelRoutes: readonly Route[] = [
  { method: 'GET', path: repoLabels, ...read, handle: listRepoLabels },
  { method: 'POST', path: repoLabels, ...write, handle: createLabel },
  { method: 'GET', path: `${repoLabels}/{name}`, ...read, handle: getLabel },
  { method: 'GET', path: issueLabels, ...read, handle: listIssueLabels },
  { method: 'POST', path: issueLabels, ...write, handle: add },
  { method: 'PUT', path: issueLabels, ...write, handle: replace },
  { method: 'DELETE', path: `${issueLabels}/{name}`, ...write, handle: remove },
];

function listRepoLabels(call: RepoCall): Answer {
  const { world, repo } = call;
  return { status: 200, list: [...repo.labels.values()].map((label) => labelShape(world, repo, label)) };
}

function createLabel(call: RepoCall): Answer {
  const { world, repo, body } = call;
  const name = String(body['name']);
  if (repo.labels.has(name.toLowerCase())) {
    throw validationFailed({ resource: 'Label', code: 'already_exists', field: 'name' });
  }
  const color = textField(body, 'color') ?? 'ededed';
  if (!/^[0-9a-f]{6}$/i.test(color)) throw validationFailed({ resource: 'Label', code: 'invalid', field: 'color' });
  const label = ensureLabel(world, repo, name, { color, description: textField(body, 'description') ?? null });
  return { status: 201, body: labelShape(world, repo, label) };
}

function getLabel(call: RepoCall): Answer {
  const label = call.repo.labels.get(param(call, 'name').toLowerCase());
  if (label === undefined) throw notFound();
  return { status: 200, body: labelShape(call.world, call.repo, label) };
}

function listIssueLabels(call: RepoCall): Answer {
  return { status: 200, list: shapes(call, issueOf(call, 'read')) };
}

async function add(call: RepoCall): Promise<Answer> {
  const issue = issueOf(call, 'write');
  await addLabels(call.world, call.repo, { issue, names: namesIn(call), by: actingUser(call) });
  return { status: 200, body: shapes(call, issue) };
}

async function replace(call: RepoCall): Promise<Answer> {
  const { world, repo } = call;
  const issue = issueOf(call, 'write');
  const names = namesIn(call);
  const wanted = names.map((name) => name.toLowerCase());
  for (const label of issue.labels.filter((each) => !wanted.includes(each.name.toLowerCase()))) {
    await removeLabel(world, repo, { issue, name: label.name, by: actingUser(call) });
  }
  await addLabels(world, repo, { issue, names, by: actingUser(call) });
  return { status: 200, body: shapes(call, issue) };
}

async function remove(call: RepoCall): Promise<Answer> {
  const issue = issueOf(call, 'write');
  const name = param(call, 'name');
  const removed = await removeLabel(call.world, call.repo, { issue, name, by: actingUser(call) });
  if (!removed) throw new ApiError(404, 'Label does not exist');
  return { status: 200, body: shapes(call, issue) };
}

function shapes(call: RepoCall, issue: Issue): Record<string, unknown>[] {
  return issue.labels.map((label) => labelShape(call.world, call.repo, label));
}

/** The body may be `{labels: […]}`, a list, or one name; each label a name or an object with one. */
function namesIn(call: RepoCall): string[] {
  const { rawBody, body } = call;
  const single = typeof rawBody === 'string' ? [rawBody] : undefined;
  const given = single ?? (Array.isArray(rawBody) ? (rawBody as unknown[]) : listField(body, 'labels')) ?? [];
  return given.map((label) => (isObject(label) ? label['name'] : label)).filter((name) => typeof name === 'string');
}
