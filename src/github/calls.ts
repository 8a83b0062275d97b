/** What a token is minted for: the least that one kind of call needs. Metadata (read) comes with every token. */
export const purposes = {
  read: { contents: 'read', issues: 'read', pull_requests: 'read' },
  clone: { contents: 'read' },
  publish: { contents: 'write' },
  talk: { issues: 'write', pull_requests: 'write' },
  checks: { checks: 'write' },
} as const;
export type Purpose = keyof typeof purposes;

/** One kind of call to GitHub, as the caller and the error messages need to know it. */
export interface Call {
  readonly purpose: Purpose;
  /** What we were doing, for messages: "could not …". */
  readonly doing: string;
  /** The permission the App must have for it, as GitHub's settings page names it. */
  readonly needs: string;
  /** Reads may be sent again; everything else is sent once. */
  readonly kind: 'read' | 'write';
}

const read = (doing: string, needs: string): Call => ({ purpose: 'read', doing, needs, kind: 'read' });
const write = (purpose: Purpose, doing: string, needs: string): Call => ({ purpose, doing, needs, kind: 'write' });

/** Every call we make on a repository. A new one is a row. */
export const calls = {
  facts: read('look at the repository', 'Metadata: read'),
  permission: read('look up a person’s permission', 'Metadata: read'),
  issue: read('read the issue', 'Issues: read'),
  comments: read('read the comments', 'Issues: read'),
  fileText: read('read a file', 'Contents: read'),
  branchSha: read('look up a branch', 'Contents: read'),
  commit: read('read a commit', 'Contents: read'),
  pull: read('read our pull request', 'Pull requests: read'),
  pullsByHead: read('look for our pull request', 'Pull requests: read'),
  checkRuns: { ...read('look for our check run', 'Checks: write'), purpose: 'checks' },
  addReaction: write('talk', 'add a reaction', 'Issues: write'),
  createComment: write('talk', 'write a comment', 'Issues: write'),
  updateComment: write('talk', 'edit our comment', 'Issues: write'),
  createBlob: write('publish', 'upload a file', 'Contents: write'),
  createTree: write('publish', 'upload the tree', 'Contents: write'),
  createCommit: write('publish', 'make the commit', 'Contents: write'),
  createBranch: write('publish', 'create the branch', 'Contents: write'),
  advanceBranch: write('publish', 'advance the branch', 'Contents: write'),
  createPull: write('talk', 'open the pull request', 'Pull requests: write'),
  updatePull: write('talk', 'edit the pull request', 'Pull requests: write'),
  createCheckRun: write('checks', 'create the check run', 'Checks: write'),
  updateCheckRun: write('checks', 'add to the check run', 'Checks: write'),
} as const satisfies Record<string, Call>;
export type CallName = keyof typeof calls;
