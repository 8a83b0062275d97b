import type { RestEndpointMethodTypes } from '@octokit/rest';
import type { Caller } from '../calls/index.ts';
import type { RepositoryClient } from './client.ts';
import { toAccount } from './facts.ts';
import type { ReviewCommentFacts, ReviewFacts } from './review-facts.ts';

type Lists = RestEndpointMethodTypes['pulls'];
type ReviewData = Lists['listReviews']['response']['data'][number];
type CommentData = Lists['listReviewComments']['response']['data'][number];

/** What people say of a pull request's changes. */
export function createReviews(caller: Caller) {
  return {
    async reviews(pullNumber) {
      const pages = await caller.all('reviews', (kit, at, page) =>
        kit.rest.pulls.listReviews({ ...at, pull_number: pullNumber, per_page: 100, page }),
      );
      return pages.flat().flatMap(toReviewFacts);
    },
    async reviewComments(pullNumber) {
      const pages = await caller.all('reviewComments', (kit, at, page) =>
        kit.rest.pulls.listReviewComments({ ...at, pull_number: pullNumber, per_page: 100, page }),
      );
      return pages.flat().map(toReviewCommentFacts);
    },
    async replyToReview(pullNumber, firstId, body) {
      const reply = { pull_number: pullNumber, comment_id: firstId, body };
      const { id } = await caller.call('replyToReview', (kit, at) =>
        kit.rest.pulls.createReplyForReviewComment({ ...at, ...reply }),
      );
      return { id };
    },
  } satisfies Partial<RepositoryClient>;
}

const states = {
  APPROVED: 'approved',
  CHANGES_REQUESTED: 'changes_requested',
  COMMENTED: 'commented',
  DISMISSED: 'dismissed',
} as const;

/** A pending one of our own is in the list as well. */
function toReviewFacts({ id, user, body, state, submitted_at: submittedAt }: ReviewData): readonly ReviewFacts[] {
  if (!isSubmitted(state) || submittedAt === undefined) return [];
  return [{ id, author: toAccount(user), body, state: states[state], submittedAt }];
}

function isSubmitted(state: string): state is keyof typeof states {
  return Object.hasOwn(states, state);
}

function toReviewCommentFacts(data: CommentData): ReviewCommentFacts {
  const { id, user, body, path, line, created_at: createdAt, diff_hunk: hunk, in_reply_to_id: replyTo } = data;
  const { pull_request_review_id: reviewId } = data;
  return {
    ...{ id, author: toAccount(user), body, createdAt, path, hunk },
    ...(reviewId !== null && { reviewId }),
    ...(replyTo !== undefined && { replyTo }),
    ...(typeof line === 'number' && { line }),
  };
}
