import { ApiError, notFound, refused } from '../api-error.ts';
import { born } from '../lag.ts';
import { objectType } from '../git.ts';
import { isObject, listField, numberParam, objectField, param, textField } from '../route.ts';
import type { Answer, Body, RepoCall, Route } from '../route.ts';
import { appShape, nodeId } from '../shapes/accounts.ts';
import { repoPage, repoUrl } from '../shapes/repositories.ts';
import { installationOf, iso } from '../world.ts';
import type { CheckRun, Repo, World } from '../world.ts';
import { shaOf } from './commits.ts';

const base = '/repos/{owner}/{repo}';
const read = { access: 'repository', needs: [['checks', 'read']], role: 'read' } as const;
const write = { access: 'repository', needs: [['checks', 'write']], role: 'write' } as const;

export const checkRoutes: readonly Route[] = [
  { method: 'POST', path: `${base}/check-runs`, ...write, handle: createCheckRun },
  { method: 'GET', path: `${base}/check-runs/{check_run_id}`, ...read, handle: getCheckRun },
  { method: 'PATCH', path: `${base}/check-runs/{check_run_id}`, ...write, handle: updateCheckRun },
  { method: 'GET', path: `${base}/check-runs/{check_run_id}/annotations`, ...read, handle: listAnnotations },
  { method: 'GET', path: `${base}/commits/{ref}/check-runs`, ...read, handle: listForRef },
];

/** Only an App writes check runs; people's tokens can't. */
function requireApp(call: RepoCall): void {
  if (call.actor.type !== 'installation') {
    throw new ApiError(403, 'You must authenticate via a GitHub App.');
  }
}

async function createCheckRun(call: RepoCall): Promise<Answer> {
  requireApp(call);
  const { world, repo, body } = call;
  const headSha = String(body['head_sha']);
  if ((await objectType(repo.gitDir, headSha)) !== 'commit') throw refused(`No commit found for SHA: ${headSha}`);
  const known = repo.checkSuites.get(headSha);
  const suiteId = known ?? world.nextId();
  repo.checkSuites.set(headSha, suiteId);
  const run: CheckRun = {
    id: world.nextId(),
    headSha,
    suiteId,
    name: String(body['name']),
    status: 'queued',
    conclusion: null,
    externalId: '',
    createdAt: world.now(),
    detailsUrl: `${repoPage(world, repo)}/runs`,
    startedAt: world.now(),
    completedAt: undefined,
    title: null,
    summary: null,
    text: null,
    annotations: [],
    actions: [],
  };
  apply(world, run, body);
  repo.checkRuns.set(run.id, run);
  tell(call, run, 'created');
  emitCheckRun(world, repo, { run, action: 'created' });
  if (run.status === 'completed') emitCheckRun(world, repo, { run, action: 'completed' });
  return { status: 201, body: checkRunShape(world, repo, run) };
}

function getCheckRun(call: RepoCall): Answer {
  return { status: 200, body: checkRunShape(call.world, call.repo, runOf(call)) };
}

function updateCheckRun(call: RepoCall): Answer {
  requireApp(call);
  const run = runOf(call);
  const before = run.status;
  run.name = textField(call.body, 'name') ?? run.name;
  apply(call.world, run, call.body);
  tell(call, run, 'edited');
  if (before !== 'completed' && run.status === 'completed') {
    emitCheckRun(call.world, call.repo, { run, action: 'completed' });
  }
  return { status: 200, body: checkRunShape(call.world, call.repo, run) };
}

/** Annotations add up over calls; everything else is replaced. A conclusion completes the run. */
function apply(world: World, run: CheckRun, body: Body): void {
  applyStatus(run, body);
  run.externalId = textField(body, 'external_id') ?? run.externalId;
  run.detailsUrl = textField(body, 'details_url') ?? run.detailsUrl;
  run.startedAt = timeIn(body, 'started_at') ?? run.startedAt;
  const completedAt = timeIn(body, 'completed_at') ?? run.completedAt ?? world.now();
  run.completedAt = run.status === 'completed' ? completedAt : undefined;
  run.actions = listField(body, 'actions') ?? run.actions;
  applyOutput(run, objectField(body, 'output'));
}

function applyStatus(run: CheckRun, body: Body): void {
  const conclusion = textField(body, 'conclusion');
  const status = conclusion === undefined ? textField(body, 'status') : 'completed';
  if (status === 'completed' && conclusion === undefined && run.conclusion === null) {
    throw new ApiError(422, 'Invalid request.\n\n"conclusion" wasn\'t supplied.');
  }
  run.status = status ?? run.status;
  run.conclusion = conclusion ?? run.conclusion;
}

function applyOutput(run: CheckRun, output: Body | undefined): void {
  if (output === undefined) return;
  run.title = textField(output, 'title') ?? run.title;
  run.summary = textField(output, 'summary') ?? run.summary;
  run.text = textField(output, 'text') ?? run.text;
  run.annotations.push(...(listField(output, 'annotations') ?? []).filter(isObject));
}

function timeIn(body: Body, name: string): number | undefined {
  const text = textField(body, name);
  return text === undefined ? undefined : Date.parse(text);
}

function listAnnotations(call: RepoCall): Answer {
  const run = runOf(call);
  const list = run.annotations.map((annotation) => ({
    path: annotation['path'],
    start_line: annotation['start_line'],
    end_line: annotation['end_line'],
    start_column: annotation['start_column'] ?? null,
    end_column: annotation['end_column'] ?? null,
    annotation_level: annotation['annotation_level'],
    title: annotation['title'] ?? null,
    message: annotation['message'],
    raw_details: annotation['raw_details'] ?? null,
    blob_href: `${repoUrl(call.world, call.repo)}/git/blobs/${run.headSha}`,
  }));
  return { status: 200, list };
}

/** The latest run of each name unless `filter=all`. */
async function listForRef(call: RepoCall): Promise<Answer> {
  const { repo, query } = call;
  const sha = await shaOf(repo, param(call, 'ref'));
  if (sha === undefined) throw refused(`No commit found for SHA: ${param(call, 'ref')}`);
  const name = query.get('check_name');
  const status = query.get('status');
  const runs = [...repo.checkRuns.values()].filter(
    (run) => run.headSha === sha && (name === null || run.name === name) && (status === null || run.status === status),
  );
  const shown = query.get('filter') === 'all' ? runs : [...new Map(runs.map((run) => [run.name, run])).values()];
  return {
    status: 200,
    list: shown.reverse().map((run) => checkRunShape(call.world, repo, run)),
    wrap: (page, total) => ({ total_count: total, check_runs: page }),
  };
}

function runOf(call: RepoCall): CheckRun {
  const run = call.repo.checkRuns.get(numberParam(call, 'check_run_id'));
  if (run === undefined) throw notFound();
  return run;
}

function tell({ world, repo }: RepoCall, run: CheckRun, did: 'created' | 'edited'): void {
  const { id, name, headSha, status, conclusion } = run;
  world.changes.tell({ what: 'check-run', did, repository: repo.id, id, name, headSha, status, conclusion });
}

function emitCheckRun(world: World, repo: Repo, at: { run: CheckRun; action: string }): void {
  const installation = installationOf(world, repo);
  if (installation === undefined) return;
  const fields = { check_run: checkRunShape(world, repo, at.run) };
  world.emit({ name: 'check_run', action: at.action, repo, installation, sender: world.app.bot, fields });
}

function checkRunShape(world: World, repo: Repo, run: CheckRun): Record<string, unknown> {
  const url = `${repoUrl(world, repo)}/check-runs/${run.id}`;
  return born(run.createdAt, {
    id: run.id,
    name: run.name,
    node_id: nodeId('CheckRun', run.id),
    head_sha: run.headSha,
    external_id: run.externalId,
    url,
    html_url: `${repoPage(world, repo)}/runs/${run.id}`,
    details_url: run.detailsUrl,
    status: run.status,
    conclusion: run.conclusion,
    started_at: iso(run.startedAt),
    completed_at: run.completedAt === undefined ? null : iso(run.completedAt),
    output: {
      title: run.title,
      summary: run.summary,
      text: run.text,
      annotations_count: run.annotations.length,
      annotations_url: `${url}/annotations`,
    },
    check_suite: { id: run.suiteId },
    app: appShape(world),
    pull_requests: [],
  });
}
