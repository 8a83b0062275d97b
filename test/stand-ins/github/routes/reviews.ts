import { notFound } from '../api-error.ts';
import type { Lines } from '../diff-places.ts';
import { replyTo, reviewCommentsOf, submitReview } from '../review-changes.ts';
import { actingUser, isObject, listField, numberParam, textField } from '../route.ts';
import type { Answer, Body, RepoCall, Route } from '../route.ts';
import { pullOf } from '../shapes/pulls.ts';
import { reviewCommentShape, reviewShape } from '../shapes/reviews.ts';
import type { ReviewComment } from '../world.ts';
import { pullIssue } from './pulls.ts';

const pulls = '/repos/{owner}/{repo}/pulls';
const path = `${pulls}/{pull_number}/reviews`;
const read = { access: 'repository', needs: [['pull_requests', 'read']], role: 'read' } as const;
const write = { access: 'repository', needs: [['pull_requests', 'write']], role: 'read' } as const;

export const reviewRoutes: readonly Route[] = [
  { method: 'GET', path, ...read, handle: listReviews },
  { method: 'POST', path, ...write, handle: createReview },
  { method: 'GET', path: `${pulls}/comments/{comment_id}`, ...read, handle: getComment },
  { method: 'GET', path: `${pulls}/{pull_number}/comments`, ...read, handle: listComments },
  { method: 'POST', path: `${pulls}/{pull_number}/comments/{comment_id}/replies`, ...write, handle: reply },
];

const states: Readonly<Record<string, string>> = {
  APPROVE: 'APPROVED',
  REQUEST_CHANGES: 'CHANGES_REQUESTED',
  COMMENT: 'COMMENTED',
};

/** A review that is not submitted is its author's alone. */
function listReviews(call: RepoCall): Answer {
  const issue = pullIssue(call);
  const shown = pullOf(issue).reviews.filter(({ state, user }) => state !== 'PENDING' || user === actingUser(call));
  return { status: 200, list: shown.map((review) => reviewShape(call.world, call.repo, { issue, review })) };
}

async function createReview(call: RepoCall): Promise<Answer> {
  const { world, repo, body } = call;
  const issue = pullIssue(call);
  const { review } = await submitReview(world, repo, {
    issue,
    by: actingUser(call),
    state: states[textField(body, 'event') ?? ''] ?? 'PENDING',
    body: textField(body, 'body') ?? '',
    commitId: textField(body, 'commit_id'),
    comments: (listField(body, 'comments') ?? []).filter(isObject).map(linesIn),
  });
  return { status: 200, body: reviewShape(world, repo, { issue, review }) };
}

function linesIn(body: Body): Lines & { body: string } {
  const startLine = body['start_line'];
  return {
    body: String(body['body']),
    path: String(body['path']),
    side: body['side'] === 'LEFT' ? 'LEFT' : 'RIGHT',
    line: Number(body['line']),
    startLine: typeof startLine === 'number' ? startLine : undefined,
  };
}

async function getComment(call: RepoCall): Promise<Answer> {
  return { status: 200, body: await shapeOf(call, reviewCommentOf(call)) };
}

async function listComments(call: RepoCall): Promise<Answer> {
  const found = reviewCommentsOf(call.repo, pullIssue(call).number).filter(
    ({ reviewId }) => reviewOf(call, reviewId)?.state !== 'PENDING',
  );
  return { status: 200, list: await Promise.all(found.map((comment) => shapeOf(call, comment))) };
}

function reviewOf(call: RepoCall, id: number) {
  return pullOf(pullIssue(call)).reviews.find((review) => review.id === id);
}

/** Answers hang on the first comment of a thread; GitHub knows no answers to answers. */
async function reply(call: RepoCall): Promise<Answer> {
  const { world, repo } = call;
  const issue = pullIssue(call);
  const first = reviewCommentOf(call);
  if (first.issueNumber !== issue.number || first.inReplyTo !== undefined) throw notFound();
  const body = textField(call.body, 'body') ?? '';
  const comment = await replyTo(world, repo, { issue, by: actingUser(call), body, first });
  const shape = await shapeOf(call, comment);
  return { status: 201, body: shape, headers: { location: String(shape['url']) } };
}

export function reviewCommentOf(call: RepoCall): ReviewComment {
  const comment = call.repo.reviewComments.get(numberParam(call, 'comment_id'));
  if (comment === undefined) throw notFound();
  return comment;
}

async function shapeOf({ world, repo }: RepoCall, comment: ReviewComment): Promise<Record<string, unknown>> {
  const issue = repo.issues.get(comment.issueNumber);
  if (issue === undefined) throw notFound();
  return reviewCommentShape(world, repo, { issue, comment });
}
