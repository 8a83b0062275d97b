import { placeNow } from '../diff-places.ts';
import { born } from '../lag.ts';
import { iso } from '../world.ts';
import type { DiffPlace, Issue, Repo, Review, ReviewComment, World } from '../world.ts';
import { nodeId, userShape } from './accounts.ts';
import { association, issuePage, reactionRollup } from './issues.ts';
import { pullOf } from './pulls.ts';
import { repoUrl } from './repositories.ts';

export function reviewShape(
  world: World,
  repo: Repo,
  { issue, review }: { issue: Issue; review: Review },
): Record<string, unknown> {
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

/** A comment on lines, with where these are now: nowhere when it is outdated. */
export async function reviewCommentShape(
  world: World,
  repo: Repo,
  { issue, comment }: { issue: Issue; comment: ReviewComment },
): Promise<Record<string, unknown>> {
  const { place } = comment;
  const now = await placeNow(repo, pullOf(issue), place);
  const url = `${repoUrl(world, repo)}/pulls/comments/${comment.id}`;
  const pull = `${repoUrl(world, repo)}/pulls/${issue.number}`;
  const html = reviewCommentPage(world, repo, { issue, comment });
  return born(comment.createdAt, {
    url,
    pull_request_review_id: comment.reviewId,
    id: comment.id,
    node_id: nodeId('PullRequestReviewComment', comment.id),
    diff_hunk: place.hunk,
    path: place.path,
    commit_id: now === undefined ? place.commitId : pullOf(issue).headSha,
    original_commit_id: place.commitId,
    user: userShape(world, comment.user),
    body: comment.body,
    created_at: iso(comment.createdAt),
    updated_at: iso(comment.updatedAt),
    html_url: html,
    pull_request_url: pull,
    author_association: association(repo, comment.user),
    _links: { self: { href: url }, html: { href: html }, pull_request: { href: pull } },
    reactions: reactionRollup(`${url}/reactions`, comment.reactions),
    ...linesShape(place, now),
    ...(comment.inReplyTo === undefined ? {} : { in_reply_to_id: comment.inReplyTo }),
  });
}

function linesShape(place: DiffPlace, now: DiffPlace | undefined): Record<string, unknown> {
  return {
    start_line: now?.startLine ?? null,
    original_start_line: place.startLine ?? null,
    start_side: place.startLine === undefined ? null : place.side,
    line: now?.line ?? null,
    original_line: place.line,
    side: place.side,
    original_position: place.position,
    position: now?.position ?? null,
    subject_type: 'line',
  };
}

export function reviewCommentPage(world: World, repo: Repo, at: { issue: Issue; comment: ReviewComment }): string {
  return `${issuePage(world, repo, at.issue)}#discussion_r${at.comment.id}`;
}
