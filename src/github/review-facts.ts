import type { Account } from '../domain/index.ts';

/** What somebody said of a pull request as a whole. Reviews that are not submitted yet are nobody's but their author's. */
export interface ReviewFacts {
  readonly id: number;
  readonly author: Account;
  readonly body: string;
  readonly state: 'approved' | 'changes_requested' | 'commented' | 'dismissed';
  /** ISO 8601. */
  readonly submittedAt: string;
}

/** A comment on a line of a pull request. */
export interface ReviewCommentFacts {
  readonly id: number;
  /** The review that it was submitted with. */
  readonly reviewId?: number;
  /** The first comment of its thread; undefined for that one itself. */
  readonly replyTo?: number;
  readonly author: Account;
  readonly body: string;
  /** When it was written (ISO 8601), which may be long before its review was submitted. */
  readonly createdAt: string;
  readonly path: string;
  /** undefined when the line is gone. */
  readonly line?: number;
  /** The lines before it, as a difference. */
  readonly hunk: string;
}

/** The thread that begins with a comment on a line. */
export interface ReviewThreadFacts {
  /** GitHub's for it; it has no number. */
  readonly id: string;
  readonly isResolved: boolean;
  /** Who began it is a person, and still there. */
  readonly isByPerson: boolean;
  readonly firstId: number;
  /** The newest comment in it. */
  readonly lastId: number;
}
