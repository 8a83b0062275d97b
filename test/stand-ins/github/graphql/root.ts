import { coversRepository, grants } from '../auth.ts';
import { placeNow } from '../diff-places.ts';
import { setResolved, threadOf, threadsOf } from '../review-changes.ts';
import { actingUser } from '../route.ts';
import type { Call, Need } from '../route.ts';
import { nodeId } from '../shapes/accounts.ts';
import { pullOf } from '../shapes/pulls.ts';
import { reviewCommentPage } from '../shapes/reviews.ts';
import { findRepo, fullName, hasRole, iso, roleOf } from '../world.ts';
import type { Issue, Repo, Review, ReviewComment, User } from '../world.ts';

/** A refusal of one field, which is null then. `type` as GitHub names it. */
export class Refused extends Error {
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

type Fields = Readonly<Record<string, unknown>>;

interface Paging {
  readonly first?: number | null;
  readonly last?: number | null;
  readonly after?: string | null;
  readonly before?: string | null;
}

/** What queries start from. Each field is a value, or a function of its arguments that is called when it is asked for. */
export function createRoot(call: Call): Fields {
  return {
    repository: ({ owner, name, followRenames = true }: { owner: string; name: string; followRenames?: boolean }) => {
      const moved = followRenames ? call.world.moved.get(`${owner}/${name}`.toLowerCase()) : undefined;
      const repo = findRepo(call.world, owner, name) ?? call.world.repos.get(moved ?? 0);
      if (repo === undefined || !maySee(call, repo)) {
        throw new Refused('NOT_FOUND', `Could not resolve to a Repository with the name '${owner}/${name}'.`);
      }
      return repositoryNode(call, repo);
    },
    node: ({ id }: { id: string }) => {
      const { repo, issue, first } = threadById(call, id, [['pull_requests', 'read']]);
      return threadNode(call, repo, { issue, first });
    },
    rateLimit: () => {
      const { limit, used, remaining, reset } = call.limits.state(call.actor, 'graphql');
      return { cost: 1, limit, used, remaining, resetAt: iso(reset * 1000) };
    },
    resolveReviewThread: ({ input }: { input: Resolving }) => settle(call, input, true),
    unresolveReviewThread: ({ input }: { input: Resolving }) => settle(call, input, false),
  };
}

interface Resolving {
  readonly threadId: string;
  readonly clientMutationId?: string | null;
}

/** Needs both: it is about a pull request, and GitHub asks for the right to write contents as well. */
function settle(call: Call, { threadId, clientMutationId = null }: Resolving, isResolved: boolean) {
  const found = threadById(call, threadId, [['pull_requests', 'write']], [['contents', 'write']]);
  const { repo, issue, first } = found;
  setResolved(call.world, repo, { first, isResolved, by: actingUser(call) });
  return { clientMutationId, thread: threadNode(call, repo, { issue, first }) };
}

function threadById(call: Call, id: string, ...needs: readonly Need[][]) {
  const [, digits] = /^0:PullRequestReviewThread(\d+)$/u.exec(Buffer.from(id, 'base64').toString()) ?? [];
  const repo = [...call.world.repos.values()].find((each) => each.reviewComments.has(Number(digits)));
  const first = repo?.reviewComments.get(Number(digits));
  const issue = first && repo?.issues.get(first.issueNumber);
  if (repo === undefined || first === undefined || issue === undefined || !maySee(call, repo)) {
    throw new Refused('NOT_FOUND', `Could not resolve to a node with the global id of '${id}'`);
  }
  for (const need of needs) requireRight(call, repo, need);
  return { repo, issue, first };
}

function maySee({ actor }: Call, repo: Repo): boolean {
  if (actor.type === 'installation') return coversRepository(actor.token, repo);
  return actor.type === 'user' && hasRole(roleOf(repo, actor.user), 'read');
}

function requireRight({ actor }: Call, repo: Repo, needs: readonly Need[]): void {
  const isGranted =
    actor.type === 'installation'
      ? needs.some((need) => grants(actor.token.permissions, need))
      : actor.type === 'user' && needs.some(([, level]) => hasRole(roleOf(repo, actor.user), level));
  if (!isGranted) throw new Refused('FORBIDDEN', 'Resource not accessible by integration');
}

function repositoryNode(call: Call, repo: Repo): Fields {
  return {
    __typename: 'Repository',
    id: nodeId('Repository', repo.id),
    databaseId: repo.id,
    name: repo.name,
    nameWithOwner: fullName(repo),
    pullRequest: ({ number }: { number: number }) => {
      requireRight(call, repo, [['pull_requests', 'read']]);
      const issue = repo.issues.get(number);
      if (issue?.pull === undefined) {
        throw new Refused('NOT_FOUND', `Could not resolve to a PullRequest with the number of ${number}.`);
      }
      return pullNode(call, repo, issue);
    },
  };
}

function pullNode(call: Call, repo: Repo, issue: Issue): Fields {
  const { id } = pullOf(issue);
  const threads = () => threadsOf(repo, issue.number).map((first) => threadNode(call, repo, { issue, first }));
  return {
    __typename: 'PullRequest',
    id: nodeId('PullRequest', id),
    databaseId: id,
    number: issue.number,
    title: issue.title,
    reviewThreads: (paging: Paging) => connection('reviewThreads', threads(), paging),
  };
}

function threadNode(call: Call, repo: Repo, at: { issue: Issue; first: ReviewComment }): Fields {
  const { issue, first } = at;
  const { place, id } = first;
  const now = async () => placeNow(repo, pullOf(issue), place);
  const comments = () => threadOf(repo, first).map((comment) => commentNode(call, repo, { issue, comment }));
  return {
    __typename: 'PullRequestReviewThread',
    id: nodeId('PullRequestReviewThread', id),
    isResolved: repo.resolved.has(id),
    isOutdated: async () => (await now()) === undefined,
    path: place.path,
    line: async () => (await now())?.line,
    startLine: async () => (await now())?.startLine,
    originalLine: place.line,
    originalStartLine: place.startLine,
    diffSide: place.side,
    // A person, says the schema.
    resolvedBy: () => (repo.resolved.get(id)?.type === 'Bot' ? null : accountNode(call, repo.resolved.get(id))),
    viewerCanResolve: true,
    pullRequest: () => pullNode(call, repo, issue),
    comments: (paging: Paging) => connection('comments', comments(), paging),
  };
}

function commentNode(call: Call, repo: Repo, at: { issue: Issue; comment: ReviewComment }): Fields {
  const { issue, comment } = at;
  const { place, inReplyTo } = comment;
  const now = async () => placeNow(repo, pullOf(issue), place);
  const answered = inReplyTo === undefined ? undefined : repo.reviewComments.get(inReplyTo);
  const review = pullOf(issue).reviews.find(({ id }) => id === comment.reviewId);
  return {
    __typename: 'PullRequestReviewComment',
    id: nodeId('PullRequestReviewComment', comment.id),
    databaseId: comment.id,
    fullDatabaseId: String(comment.id),
    author: accountNode(call, comment.user),
    body: comment.body,
    createdAt: iso(comment.createdAt),
    updatedAt: iso(comment.updatedAt),
    diffHunk: place.hunk,
    url: reviewCommentPage(call.world, repo, at),
    isMinimized: comment.isMinimized,
    outdated: async () => (await now()) === undefined,
    path: place.path,
    line: async () => (await now())?.line,
    originalLine: place.line,
    pullRequestReview: review && reviewNode(call, review),
    replyTo: () => answered && commentNode(call, repo, { issue, comment: answered }),
  };
}

function reviewNode(call: Call, review: Review): Fields {
  return {
    __typename: 'PullRequestReview',
    id: nodeId('PullRequestReview', review.id),
    databaseId: review.id,
    fullDatabaseId: String(review.id),
    author: accountNode(call, review.user),
    body: review.body,
    state: review.state,
    submittedAt: iso(review.submittedAt),
  };
}

/** Nobody, once the account is gone. A bot's login has no `[bot]` here. */
function accountNode({ world }: Call, user: User | undefined): Fields | undefined {
  if (user === undefined || world.users.get(user.login.toLowerCase()) === undefined) return undefined;
  const login = user.login.replace(/\[bot\]$/u, '');
  const page = user.type === 'Bot' ? `apps/${login}` : login;
  return {
    __typename: user.type,
    id: nodeId(user.type, user.id),
    databaseId: user.id,
    login,
    url: `${world.url}/${page}`,
  };
}

const longestPage = 100;

/** A page of a list. GitHub wants to be told how many, and gives at most a hundred. */
function connection(name: string, all: readonly Fields[], { first, last, after, before }: Paging): Fields {
  const [direction, size] = typeof first === 'number' ? ['first', first] : ['last', last];
  if (typeof size !== 'number') {
    const message = `You must provide a \`first\` or \`last\` value to properly paginate the \`${name}\` connection.`;
    throw new Refused('MISSING_PAGINATION_BOUNDARIES', message);
  }
  if (size > longestPage) {
    const message = `Requesting ${size} records on the \`${name}\` connection exceeds the \`${direction}\` limit of ${longestPage} records.`;
    throw new Refused('EXCESSIVE_PAGINATION', message);
  }
  const start = typeof after === 'string' ? offsetOf(after) : 0;
  const end = typeof before === 'string' ? offsetOf(before) - 1 : all.length;
  const from = direction === 'first' ? start : Math.max(start, end - size);
  const to = direction === 'first' ? Math.min(start + size, end) : end;
  const nodes = all.slice(from, to);
  return {
    nodes,
    totalCount: all.length,
    pageInfo: {
      hasNextPage: to < all.length,
      hasPreviousPage: from > 0,
      startCursor: nodes.length === 0 ? null : cursorOf(from + 1),
      endCursor: nodes.length === 0 ? null : cursorOf(to),
    },
  };
}

/** Names an item by its place in the list, counted from 1. */
function cursorOf(place: number): string {
  return Buffer.from(`cursor:v2:${place}`).toString('base64');
}

function offsetOf(cursor: string): number {
  return Number(/^cursor:v2:(\d+)$/u.exec(Buffer.from(cursor, 'base64').toString())?.[1] ?? 0);
}
