/** What a token is minted for: the least that one kind of call needs. Metadata (read) comes with every token. */
export const purposes = {
  read: { contents: 'read', issues: 'read', pull_requests: 'read' },
  clone: { contents: 'read' },
  publish: { contents: 'write' },
  talk: { issues: 'write', pull_requests: 'write' },
  /** The one thing for which GitHub wants both: that a thread is resolved, which only GraphQL can do. */
  resolve: { contents: 'write', pull_requests: 'write' },
  checks: { checks: 'write' },
  list: { metadata: 'read' },
} as const;
export type Purpose = keyof typeof purposes;

/** One kind of call to GitHub, as the error messages need to know it. */
export interface Asking {
  /** What we were doing, for messages: "could not …". */
  readonly doing: string;
  /** The permission the App must have for it, as GitHub's settings page names it. */
  readonly needs: string;
  /** Reads may be sent again; a write whose answer is missing may have worked. */
  readonly kind: 'read' | 'write';
}

/** One kind of call made with an installation's token. */
export interface Call extends Asking {
  readonly purpose: Purpose;
  /** GitHub counts it as creating content: at most 80 a minute and 500 an hour ("Rate limits for the REST API"). */
  readonly content: boolean;
  /** Asked in GraphQL, whose primary limit is its own. */
  readonly isGraph?: true;
}

const read = (doing: string, needs: string): Call => ({ purpose: 'read', doing, needs, kind: 'read', content: false });
/** People are told of it. */
const content = (purpose: Purpose, doing: string, needs: string): Call => {
  return { purpose, doing, needs, kind: 'write', content: true };
};
/** Git objects: nobody sees them before a branch points at them. */
const upload = (doing: string): Call => {
  return { purpose: 'publish', doing, needs: 'Contents: write', kind: 'write', content: false };
};

/** Every call we make on a repository. A new one is a row. */
export const calls = {
  facts: read('look at the repository', 'Metadata: read'),
  permission: read('look up a person’s permission', 'Metadata: read'),
  app: read('look up an App', 'Metadata: read'),
  issue: read('read the issue', 'Issues: read'),
  issuesWithLabel: read('look for issues with our label', 'Issues: read'),
  issuesBy: read('look for issues of ours', 'Issues: read'),
  labelings: read('look up who put the label on', 'Issues: read'),
  comments: read('read the comments', 'Issues: read'),
  reactions: read('look at the reactions to our comment', 'Issues: read'),
  fileText: read('read a file', 'Contents: read'),
  organisationFile: { ...read('read the organisation’s settings', 'Contents: read'), purpose: 'clone' },
  branchSha: read('look up a branch', 'Contents: read'),
  commit: read('read a commit', 'Contents: read'),
  mergeBase: read('compare two commits', 'Contents: read'),
  pull: read('read our pull request', 'Pull requests: read'),
  pullPaths: read('list the files of a pull request', 'Pull requests: read'),
  pullsByHead: read('look for our pull request', 'Pull requests: read'),
  reviews: read('read the reviews of a pull request', 'Pull requests: read'),
  reviewComments: read('read the comments on lines of a pull request', 'Pull requests: read'),
  reviewThreads: { ...read('look at the threads of a pull request', 'Pull requests: read'), isGraph: true },
  checkRuns: { ...read('look for our check run', 'Checks: write'), purpose: 'checks' },
  repositories: { ...read('list the repositories', 'Metadata: read'), purpose: 'list' },
  addReaction: content('talk', 'add a reaction', 'Issues: write'),
  createIssue: content('talk', 'open an issue', 'Issues: write'),
  createComment: content('talk', 'write a comment', 'Issues: write'),
  updateComment: content('talk', 'edit our comment', 'Issues: write'),
  deleteComment: content('talk', 'remove our comment', 'Issues: write'),
  replyToReview: content('talk', 'answer a comment on a line', 'Pull requests: write'),
  resolveThread: {
    ...content('resolve', 'resolve a thread', 'Contents: write and Pull requests: write'),
    isGraph: true,
  },
  createBlob: upload('upload a file'),
  createTree: upload('upload the tree'),
  createCommit: upload('make the commit'),
  createBranch: content('publish', 'create the branch', 'Contents: write'),
  advanceBranch: content('publish', 'advance the branch', 'Contents: write'),
  createPull: content('talk', 'open the pull request', 'Pull requests: write'),
  updatePull: content('talk', 'edit the pull request', 'Pull requests: write'),
  createCheckRun: content('checks', 'create the check run', 'Checks: write'),
  updateCheckRun: content('checks', 'add to the check run', 'Checks: write'),
} as const satisfies Record<string, Call>;
export type CallName = keyof typeof calls;
