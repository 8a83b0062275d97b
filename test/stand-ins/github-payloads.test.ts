import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startGitHub } from './github/index.ts';
import type { GitHubStandIn, RepositoryHandle } from './github/index.ts';
import { loadPayloadCheck } from './github/openapi.ts';
import { installationOctokit } from './github/octokit.ts';
import { receiveWebhooks } from './github/webhook-receiver.ts';
import type { WebhookReceiver } from './github/webhook-receiver.ts';

interface Recorded {
  readonly name: string;
  readonly examples: readonly Payload[];
}

const file = createRequire(import.meta.url).resolve('@octokit/webhooks-examples');
// The package's own file; its types describe another module format than it has.
const examples = JSON.parse(readFileSync(file, 'utf8')) as readonly Recorded[];
const inShop = { owner: 'acme', repo: 'shop' };
const payloadProblem = loadPayloadCheck();

let github: GitHubStandIn;
let receiver: WebhookReceiver;
let shop: RepositoryHandle;

beforeAll(async () => {
  github = await startGitHub();
  receiver = await receiveWebhooks();
  github.connectWebhook(receiver.url);
  shop = await github.createRepository({ owner: 'acme', name: 'shop', collaborators: { ann: 'write' } });
  await everythingHappens();
});

afterAll(async () => {
  expect(github.violations).toEqual([]);
  await github[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

type Payload = Readonly<Record<string, unknown>>;

function isPayload(value: unknown): value is Payload {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function everythingHappens(): Promise<void> {
  const { number } = await github.openIssue(shop, { title: 'Broken', body: 'Often', by: 'ann', labels: ['backend'] });
  await github.removeLabel(shop, number, 'backend', { by: 'ann' });
  await github.editIssue(shop, number, { title: 'Very broken', by: 'ann' });
  const { id } = await github.comment(shop, number, '/backend implement', { by: 'ann' });
  await github.editComment(shop, id, '/backend help', { by: 'ann' });
  await github.deleteComment(shop, id, { by: 'ann' });
  await github.lockIssue(shop, number, { by: 'ann' });
  await github.unlockIssue(shop, number, { by: 'ann' });
  await github.closeIssue(shop, number, { by: 'ann' });
  await github.reopenIssue(shop, number, { by: 'ann' });
  const octokit = installationOctokit(github, shop);
  const head_sha = await github.pushCommit(shop, { branch: 'topic', files: { 'a.txt': 'a\n' }, by: 'ann' });
  const pull = { ...inShop, title: 'Fix', head: 'topic', base: 'main', body: '' };
  const { data } = await octokit.pulls.create(pull);
  await octokit.checks.create({ ...inShop, name: 'proof', head_sha, conclusion: 'success' });
  await github.pushCommit(shop, { branch: 'topic', files: { 'b.txt': 'b\n' }, by: 'ann' });
  const comments = [{ path: 'a.txt', line: 1, body: 'Why?' }];
  const review = await github.review(shop, data.number, {
    by: 'ann',
    state: 'CHANGES_REQUESTED',
    body: 'Good',
    comments,
  });
  const [first = 0] = review.commentIds;
  await github.editReviewComment(shop, first, 'Why so?', { by: 'ann' });
  const answer = await github.replyToReview(shop, first, 'Because', { by: 'ann' });
  await github.deleteReviewComment(shop, answer, { by: 'ann' });
  github.dismissReview(shop, data.number, review.id, { by: 'ann' });
  await github.addLabel(shop, data.number, 'bug', { by: 'ann' });
  await github.closePull(shop, data.number, { by: 'ann' });
  const draft = await github.openPull(shop, { by: 'ann', title: 'Try it', head: 'topic', draft: true });
  await github.readyPull(shop, draft.number, { by: 'ann' });
  github.dispatch(shop, { by: 'ann', type: 'sample', payload: { issue: 1 } });
  const attic = await github.createRepository({ owner: 'acme', name: 'attic' });
  await github.transferIssue(shop, number, attic, { by: 'ann' });
  await github.deleteIssue(attic, 1, { by: 'ann' });
  github.rename(attic, 'loft', { by: 'ann' });
  github.archive(attic, { by: 'ann' });
  github.removeRepository(attic, { by: 'ann' });
  github.addRepository(attic, { by: 'ann' });
  github.deleteRepository(attic, { by: 'ann' });
  github.suspend('acme', { by: 'ann' });
  github.unsuspend('acme', { by: 'ann' });
  github.uninstall('acme', { by: 'ann' });
  await github.settled();
}

function nameOf({ event, action }: { event: string; action: string | null }): string {
  return action === null ? event : `${event}.${action}`;
}

/** Names of all fields, as paths; what hangs on an account, a team or a free map is left out. */
function fieldsOf(value: unknown, path = ''): string[] {
  if (!isPayload(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => [`${path}${name}`, ...fieldsOf(inner, `${path}${name}.`)]);
}

it('everything that happens is told once, in order', () => {
  expect(github.deliveries.map(nameOf)).toEqual([
    'issues.opened',
    'issues.labeled',
    'issues.unlabeled',
    'issues.edited',
    'issue_comment.created',
    'issue_comment.edited',
    'issue_comment.deleted',
    'issues.locked',
    'issues.unlocked',
    'issues.closed',
    'issues.reopened',
    'push',
    'create',
    'pull_request.opened',
    'check_run.created',
    'check_run.completed',
    'push',
    'pull_request.synchronize',
    'pull_request_review.submitted',
    'pull_request_review_comment.created',
    'pull_request_review_comment.edited',
    'pull_request_review.submitted',
    'pull_request_review_comment.created',
    'pull_request_review_comment.deleted',
    'pull_request_review.dismissed',
    'pull_request.labeled',
    'pull_request.closed',
    'pull_request.opened',
    'pull_request.ready_for_review',
    'repository_dispatch.sample',
    'issues.transferred',
    'issues.opened',
    'issues.deleted',
    'repository.renamed',
    'repository.archived',
    'installation_repositories.removed',
    'installation_repositories.added',
    'repository.deleted',
    'installation.suspend',
    'installation.unsuspend',
    'installation.deleted',
  ]);
});

it("a payload is one that GitHub's own description allows, and a field more would be noticed", () => {
  for (const delivery of github.deliveries) {
    const { payload } = delivery;
    const { sender } = payload;
    if (!isPayload(sender)) throw new Error('there is always a sender');
    expect(payloadProblem(nameOf(delivery), payload)).toBeUndefined();
    const invented = { ...payload, sender: { ...sender, invented: 1 } };
    expect(payloadProblem(nameOf(delivery), invented)).toContain('invented');
  }
});

it('a payload has every field of the recorded real ones', () => {
  const compared = github.deliveries.flatMap((delivery) => {
    const { event, action, payload } = delivery;
    const recorded = examples.find((each) => each.name === event)?.examples ?? [];
    const real = recorded.find((each) => each['action'] === undefined || each['action'] === action);
    if (real === undefined) return [];
    const ours = new Set(fieldsOf(payload));
    const missing = fieldsOf(real).filter((field) => !ours.has(field) && !isOptional(field));
    expect(missing, nameOf(delivery)).toEqual([]);
    return [nameOf(delivery)];
  });
  // Nobody has recorded these.
  const unrecorded = github.deliveries.map(nameOf).filter((name) => !compared.includes(name));
  expect(unrecorded).toEqual([
    'issues.closed',
    'repository_dispatch.sample',
    'repository.archived',
    'repository.deleted',
  ]);
});

/** Parts that depend on what the example happens to be about. */
const optional = [
  /\bassignee\./,
  /\bmilestone\./,
  /\blicense\./,
  /\bpull_request\.(head|base)\.repo\.(template_repository|permissions|custom_properties)/,
  /^changes\./,
  /\bcheck_suite\./,
  /\b(app|installation)\.permissions\./,
  /\bperformed_via_github_app\./,
  /\bcommits\b/,
  /\bissue\.(draft|pull_request)\b/,
  /\bauto_merge\./,
  /\bactive_lock_reason\./,
  /\bdeployment\b/,
];

function isOptional(field: string): boolean {
  return optional.some((pattern) => pattern.test(field));
}
