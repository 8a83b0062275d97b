import { issueIn, repoIn } from './people.ts';
import type { By, RepositoryRef } from './people.ts';
import {
  deleteReviewComment,
  dismissReview,
  editReviewComment,
  replyTo,
  setResolved,
  submitReview,
} from './review-changes.ts';
import { pullOf } from './shapes/pulls.ts';
import { ensureUser } from './world.ts';
import type { Issue, Repo, ReviewComment, World } from './world.ts';

export interface LineComment {
  readonly path: string;
  readonly line: number;
  readonly body: string;
  /** The first of several lines. */
  readonly startLine?: number;
  /** `LEFT` is the side before the change; `RIGHT` if not said. */
  readonly side?: 'LEFT' | 'RIGHT';
}

/** What people do on the pages of a pull request's changes. */
export interface ReviewPeople {
  /** Submits a review. The ids are those of the review and of its comments, in their order. */
  review(
    repo: RepositoryRef,
    number: number,
    review: By & {
      readonly state: 'APPROVED' | 'CHANGES_REQUESTED' | 'COMMENTED';
      readonly body: string;
      readonly comments?: readonly LineComment[];
    },
  ): Promise<{ readonly id: number; readonly commentIds: readonly number[] }>;
  /** Answers in the thread that begins with that comment. Returns the answer's id. */
  replyToReview(repo: RepositoryRef, firstId: number, body: string, by: By): Promise<number>;
  editReviewComment(repo: RepositoryRef, commentId: number, body: string, by: By): Promise<void>;
  deleteReviewComment(repo: RepositoryRef, commentId: number, by: By): Promise<void>;
  /** Hides it, as spam, as resolved or as outdated. GitHub tells nobody. */
  minimizeReviewComment(repo: RepositoryRef, commentId: number, by: By): void;
  /** The thread that begins with that comment. */
  resolveThread(repo: RepositoryRef, firstId: number, by: By): void;
  unresolveThread(repo: RepositoryRef, firstId: number, by: By): void;
  dismissReview(repo: RepositoryRef, number: number, reviewId: number, by: By): void;
}

export function createReviewPeople(world: World): ReviewPeople {
  const user = (at: By) => ensureUser(world, at.by);
  const settle = (ref: RepositoryRef, firstId: number, settled: { isResolved: boolean } & By) => {
    const { repo, comment: first } = reviewCommentIn(world, ref, firstId);
    setResolved(world, repo, { first, isResolved: settled.isResolved, by: user(settled) });
  };
  return {
    review: async (ref, number, given) => {
      const { repo, issue } = issueIn(world, ref, number);
      const lines = (given.comments ?? []).map(({ side = 'RIGHT', startLine, ...rest }) => ({
        ...rest,
        side,
        startLine,
      }));
      const { review, comments } = await submitReview(world, repo, {
        issue,
        by: user(given),
        state: given.state,
        body: given.body,
        comments: lines,
      });
      return { id: review.id, commentIds: comments.map(({ id }) => id) };
    },
    replyToReview: async (ref, firstId, body, by) => {
      const { repo, issue, comment: first } = reviewCommentIn(world, ref, firstId);
      return (await replyTo(world, repo, { issue, first, body, by: user(by) })).id;
    },
    editReviewComment: async (ref, commentId, body, by) => {
      const { repo, issue, comment } = reviewCommentIn(world, ref, commentId);
      await editReviewComment(world, repo, { issue, comment, body, by: user(by) });
    },
    deleteReviewComment: async (ref, commentId, by) => {
      const { repo, issue, comment } = reviewCommentIn(world, ref, commentId);
      await deleteReviewComment(world, repo, { issue, comment, by: user(by) });
    },
    minimizeReviewComment: (ref, commentId) => {
      reviewCommentIn(world, ref, commentId).comment.isMinimized = true;
    },
    resolveThread: (ref, firstId, by) => {
      settle(ref, firstId, { ...by, isResolved: true });
    },
    unresolveThread: (ref, firstId, by) => {
      settle(ref, firstId, { ...by, isResolved: false });
    },
    dismissReview: (ref, number, reviewId, by) => {
      const { repo, issue } = issueIn(world, ref, number);
      const review = pullOf(issue).reviews.find(({ id }) => id === reviewId);
      if (review === undefined) throw new Error(`#${number} has no review ${reviewId}`);
      dismissReview(world, repo, { issue, review, by: user(by) });
    },
  };
}

function reviewCommentIn(
  world: World,
  ref: RepositoryRef,
  id: number,
): { repo: Repo; issue: Issue; comment: ReviewComment } {
  const repo = repoIn(world, ref);
  const comment = repo.reviewComments.get(id);
  const issue = comment === undefined ? undefined : repo.issues.get(comment.issueNumber);
  if (comment === undefined || issue === undefined) throw new Error(`${repo.name} has no review comment ${id}`);
  return { repo, issue, comment };
}
