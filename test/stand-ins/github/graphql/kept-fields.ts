/** Which fields of GitHub's GraphQL types the stand-in has. Arguments, input types and enums come with them as GitHub has them. */
export const keptFields: Readonly<Record<string, readonly string[]>> = {
  Query: ['node', 'rateLimit', 'repository'],
  Mutation: ['resolveReviewThread', 'unresolveReviewThread'],
  Node: ['id'],
  Actor: ['login', 'url'],
  User: ['id', 'databaseId', 'login', 'url'],
  Bot: ['id', 'databaseId', 'login', 'url'],
  Organization: ['id', 'databaseId', 'login', 'url'],
  RateLimit: ['cost', 'limit', 'remaining', 'resetAt', 'used'],
  PageInfo: ['endCursor', 'hasNextPage', 'hasPreviousPage', 'startCursor'],
  Repository: ['id', 'databaseId', 'name', 'nameWithOwner', 'pullRequest'],
  PullRequest: ['id', 'databaseId', 'number', 'title', 'reviewThreads'],
  PullRequestReview: ['id', 'databaseId', 'fullDatabaseId', 'author', 'body', 'state', 'submittedAt'],
  PullRequestReviewThreadConnection: ['nodes', 'pageInfo', 'totalCount'],
  PullRequestReviewThread: [
    ...['id', 'isResolved', 'isOutdated', 'path', 'line', 'startLine', 'originalLine', 'originalStartLine', 'diffSide'],
    ...['resolvedBy', 'comments', 'pullRequest', 'viewerCanResolve'],
  ],
  PullRequestReviewCommentConnection: ['nodes', 'pageInfo', 'totalCount'],
  PullRequestReviewComment: [
    ...['id', 'databaseId', 'fullDatabaseId', 'author', 'body', 'createdAt', 'updatedAt', 'diffHunk', 'url'],
    ...['isMinimized', 'outdated', 'path', 'line', 'originalLine', 'pullRequestReview', 'replyTo'],
  ],
  ResolveReviewThreadPayload: ['clientMutationId', 'thread'],
  UnresolveReviewThreadPayload: ['clientMutationId', 'thread'],
};
