import { ApiError } from './api-error.ts';
import type { ReviewChange, ReviewCommentChange } from './changes.ts';
import { findPlace } from './diff-places.ts';
import type { Lines } from './diff-places.ts';
import { longestBody } from './issue-changes.ts';
import { pullOf, simplePullShape } from './shapes/pulls.ts';
import { reviewCommentShape, reviewShape } from './shapes/reviews.ts';
import { installationOf } from './world.ts';
import type { Issue, Repo, Review, ReviewComment, User, World } from './world.ts';

/** A pull request and who does something about it. */
interface At {
  readonly issue: Issue;
  readonly by: User;
}

export interface NewReview extends At {
  readonly state: string;
  readonly body: string;
  readonly commitId?: string | undefined;
  readonly comments: readonly (Lines & { readonly body: string })[];
}

/** Numbers of reviews and their comments have outgrown 32 bits, and so GraphQL's `Int`. */
const wide = 2 ** 31;

/** Submits a review with all its comments: one event for the review, one for each comment. A pending one is told nobody. */
export async function submitReview(
  world: World,
  repo: Repo,
  wanted: NewReview,
): Promise<{ review: Review; comments: readonly ReviewComment[] }> {
  const { issue, by, state } = wanted;
  checkReview(wanted);
  const places = [];
  for (const { body, ...lines } of wanted.comments) {
    const place = await findPlace(repo, pullOf(issue), lines);
    if (place === 'path') throw unprocessable('Path could not be resolved');
    if (place === 'line') throw unprocessable('Line could not be resolved');
    places.push({ body, place });
  }
  const review: Review = {
    id: world.nextId() + wide,
    user: by,
    body: wanted.body,
    state,
    commitId: wanted.commitId ?? pullOf(issue).headSha,
    submittedAt: world.now(),
  };
  pullOf(issue).reviews.push(review);
  const comments = places.map((each) => addComment(world, repo, { ...each, issue, review, inReplyTo: undefined }));
  if (state !== 'PENDING') await tellAll(world, repo, { issue, review, comments });
  return { review, comments };
}

/** An answer in a thread. GitHub makes a review of it that says nothing else. */
export async function replyTo(
  world: World,
  repo: Repo,
  { issue, by, body, first }: At & { body: string; first: ReviewComment },
): Promise<ReviewComment> {
  if (body.trim() === '' || body.length > longestBody) throw unprocessable('Body is invalid');
  const commitId = pullOf(issue).headSha;
  const review = {
    id: world.nextId() + wide,
    user: by,
    body: '',
    state: 'COMMENTED',
    commitId,
    submittedAt: world.now(),
  };
  pullOf(issue).reviews.push(review);
  const comment = addComment(world, repo, { issue, review, body, place: first.place, inReplyTo: first.id });
  await tellAll(world, repo, { issue, review, comments: [comment] });
  return comment;
}

export async function editReviewComment(
  world: World,
  repo: Repo,
  at: At & { comment: ReviewComment; body: string },
): Promise<void> {
  const from = at.comment.body;
  at.comment.body = at.body;
  at.comment.updatedAt = world.now();
  tellComment(world, repo, at.comment, 'edited');
  await emitComment(world, repo, { ...at, action: 'edited', fields: { changes: { body: { from } } } });
}

export async function deleteReviewComment(
  world: World,
  repo: Repo,
  at: At & { comment: ReviewComment },
): Promise<void> {
  repo.reviewComments.delete(at.comment.id);
  tellComment(world, repo, at.comment, 'deleted');
  await emitComment(world, repo, { ...at, action: 'deleted' });
}

/** Resolves a thread, or takes that back. Done twice it changes nothing. */
export function setResolved(
  world: World,
  repo: Repo,
  { first, isResolved, by }: { first: ReviewComment; isResolved: boolean; by: User },
): void {
  if (repo.resolved.has(first.id) === isResolved) return;
  if (isResolved) repo.resolved.set(first.id, by);
  else repo.resolved.delete(first.id);
  tellComment(world, repo, first, isResolved ? 'resolved' : 'unresolved');
}

export function dismissReview(world: World, repo: Repo, at: At & { review: Review }): void {
  at.review.state = 'DISMISSED';
  tellReview(world, repo, { ...at, did: 'dismissed' });
  const shape = { ...reviewShape(world, repo, at), state: 'dismissed' };
  emit(world, repo, { ...at, name: 'pull_request_review', action: 'dismissed', fields: { review: shape } });
}

/** The comments of a thread, oldest first. */
export function threadOf(repo: Repo, first: ReviewComment): ReviewComment[] {
  return [...repo.reviewComments.values()].filter(({ id, inReplyTo }) => (inReplyTo ?? id) === first.id);
}

/** The first comments of a pull request's threads. */
export function threadsOf(repo: Repo, issueNumber: number): ReviewComment[] {
  return reviewCommentsOf(repo, issueNumber).filter(({ inReplyTo }) => inReplyTo === undefined);
}

export function reviewCommentsOf(repo: Repo, issueNumber: number): ReviewComment[] {
  return [...repo.reviewComments.values()].filter((comment) => comment.issueNumber === issueNumber);
}

/** Nobody judges a pull request of their own, and a review says something. */
function checkReview({ issue, by, state, body, comments }: NewReview): void {
  const isOwn = issue.user === by;
  if (body.length > longestBody) throw unprocessable('Body is too long (maximum is 65536 characters)');
  if (isOwn && state === 'APPROVED') throw unprocessable('Can not approve your own pull request');
  if (isOwn && state === 'CHANGES_REQUESTED') throw unprocessable('Can not request changes on your own pull request');
  if (body === '' && comments.length === 0 && !['APPROVED', 'PENDING'].includes(state)) {
    throw unprocessable('Body cannot be blank');
  }
}

/** Reviews are refused with plain sentences, unlike everything else. */
function unprocessable(sentence: string): ApiError {
  return new ApiError(422, 'Unprocessable Entity', { fields: { errors: [sentence] } });
}

function addComment(
  world: World,
  repo: Repo,
  wanted: Pick<ReviewComment, 'body' | 'place' | 'inReplyTo'> & { issue: Issue; review: Review },
): ReviewComment {
  const { body, place, inReplyTo, issue, review } = wanted;
  const comment: ReviewComment = {
    id: world.nextId() + wide,
    issueNumber: issue.number,
    reviewId: review.id,
    user: review.user,
    body,
    place,
    inReplyTo,
    createdAt: world.now(),
    updatedAt: world.now(),
    reactions: [],
    isMinimized: false,
  };
  repo.reviewComments.set(comment.id, comment);
  return comment;
}

async function tellAll(
  world: World,
  repo: Repo,
  at: { issue: Issue; review: Review; comments: readonly ReviewComment[] },
): Promise<void> {
  const { issue, review, comments } = at;
  const by = review.user;
  issue.updatedAt = world.now();
  tellReview(world, repo, { issue, review, did: 'created' });
  const shape = { ...reviewShape(world, repo, at), state: review.state.toLowerCase() };
  emit(world, repo, { name: 'pull_request_review', action: 'submitted', issue, by, fields: { review: shape } });
  for (const comment of comments) {
    tellComment(world, repo, comment, 'created');
    await emitComment(world, repo, { issue, by, comment, action: 'created' });
  }
}

function tellReview(
  world: World,
  repo: Repo,
  { issue, review, did }: { issue: Issue; review: Review; did: ReviewChange['did'] },
): void {
  const { id, user, state, body } = review;
  const told = { what: 'review', did, repository: repo.id, number: issue.number } as const;
  world.changes.tell({ ...told, id, author: user.login, state, body });
}

function tellComment(world: World, repo: Repo, comment: ReviewComment, did: ReviewCommentChange['did']): void {
  const { id, issueNumber: number, user, body } = comment;
  world.changes.tell({ what: 'review-comment', did, repository: repo.id, id, number, author: user.login, body });
}

async function emitComment(
  world: World,
  repo: Repo,
  at: At & { comment: ReviewComment; action: string; fields?: Record<string, unknown> },
): Promise<void> {
  const name = 'pull_request_review_comment';
  if (!world.wants(name)) return;
  const comment = await reviewCommentShape(world, repo, at);
  emit(world, repo, { ...at, name, fields: { comment, ...at.fields } });
}

function emit(
  world: World,
  repo: Repo,
  at: At & { name: string; action: string; fields: Record<string, unknown> },
): void {
  const installation = installationOf(world, repo);
  if (installation === undefined) return;
  const { name, action, by: sender } = at;
  const fields = { ...at.fields, pull_request: simplePullShape(world, repo, at.issue) };
  world.emit({ name, action, repo, installation, sender, fields });
}
