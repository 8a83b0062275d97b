import { ApiError } from '../api-error.ts';
import { born } from '../lag.ts';
import { nodeId, userShape } from '../shapes/accounts.ts';
import { association, issuePage } from '../shapes/issues.ts';
import { pullOf, simplePullShape } from '../shapes/pulls.ts';
import { repoUrl } from '../shapes/repositories.ts';
import { actingUser, textField } from '../route.ts';
import type { Answer, RepoCall, Route } from '../route.ts';
import { installationOf, iso } from '../world.ts';
import type { Issue, Repo, Review, World } from '../world.ts';
import { longestBody } from '../issue-changes.ts';
import { pullIssue } from './pulls.ts';

const path = '/repos/{owner}/{repo}/pulls/{pull_number}/reviews';

export const reviewRoutes: readonly Route[] = [
  { method: 'GET', path, access: 'repository', needs: [['pull_requests', 'read']], role: 'read', handle: listReviews },
  {
    method: 'POST',
    path,
    access: 'repository',
    needs: [['pull_requests', 'write']],
    role: 'read',
    handle: createReview,
  },
];

const states: Readonly<Record<string, string>> = {
  APPROVE: 'APPROVED',
  REQUEST_CHANGES: 'CHANGES_REQUESTED',
  COMMENT: 'COMMENTED',
};

function listReviews(call: RepoCall): Answer {
  const issue = pullIssue(call);
  return {
    status: 200,
    list: pullOf(issue).reviews.map((review) => reviewShape(call.world, call.repo, { issue, review })),
  };
}

/** The author may comment on a pull request of their own, not approve it or ask for changes. */
function createReview(call: RepoCall): Answer {
  const { world, repo, body } = call;
  const issue = pullIssue(call);
  const by = actingUser(call);
  const event = textField(body, 'event') ?? 'PENDING';
  const text = textField(body, 'body') ?? '';
  checkReview({ own: issue.user === by, event, text });
  const review: Review = {
    id: world.nextId(),
    user: by,
    body: text,
    state: states[event] ?? 'PENDING',
    commitId: textField(body, 'commit_id') ?? pullOf(issue).headSha,
    submittedAt: world.now(),
  };
  pullOf(issue).reviews.push(review);
  emitReview(world, repo, { issue, review });
  return { status: 200, body: reviewShape(world, repo, { issue, review }) };
}

function checkReview(review: { own: boolean; event: string; text: string }): void {
  const { own, event, text } = review;
  if (text.length > longestBody) throw unprocessable('Body is too long (maximum is 65536 characters)');
  if (own && event === 'APPROVE') throw unprocessable('Can not approve your own pull request');
  if (own && event === 'REQUEST_CHANGES') throw unprocessable('Can not request changes on your own pull request');
  if (text === '' && event !== 'APPROVE') throw unprocessable('Body cannot be blank');
}

/** Reviews are refused with plain sentences, unlike everything else. */
function unprocessable(sentence: string): ApiError {
  return new ApiError(422, 'Unprocessable Entity', { fields: { errors: [sentence] } });
}

export function emitReview(world: World, repo: Repo, at: { issue: Issue; review: Review }): void {
  const { id, user, state, body } = at.review;
  const told = { what: 'review', did: 'created', repository: repo.id, number: at.issue.number } as const;
  world.changes.tell({ ...told, id, author: user.login, state, body });
  const installation = installationOf(world, repo);
  if (installation === undefined) return;
  const shape = { ...reviewShape(world, repo, at), state: at.review.state.toLowerCase() };
  const fields = { review: shape, pull_request: simplePullShape(world, repo, at.issue) };
  const sender = at.review.user;
  world.emit({ name: 'pull_request_review', action: 'submitted', repo, installation, sender, fields });
}

function reviewShape(world: World, repo: Repo, at: { issue: Issue; review: Review }): Record<string, unknown> {
  const { issue, review } = at;
  const html = `${issuePage(world, repo, issue)}#pullrequestreview-${review.id}`;
  const pull = `${repoUrl(world, repo)}/pulls/${issue.number}`;
  return born(review.submittedAt, {
    id: review.id,
    node_id: nodeId('PullRequestReview', review.id),
    user: userShape(world, review.user),
    body: review.body,
    state: review.state,
    html_url: html,
    pull_request_url: pull,
    author_association: association(repo, review.user),
    _links: { html: { href: html }, pull_request: { href: pull } },
    submitted_at: iso(review.submittedAt),
    commit_id: review.commitId,
  });
}
