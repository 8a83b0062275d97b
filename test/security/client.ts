import { Octokit } from '@octokit/rest';
import type { RepositoryClient } from '../../src/github/index.ts';
import { startWorld, type GitHubWorld } from '../github/github-world.ts';
import { sharedClass, type Case } from './case.ts';

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** What a hostile reviewer, or a hostile publisher, would ask GitHub for. */
const harms: readonly (readonly [
  name: string,
  is: (sent: Sent) => boolean,
  ask: (kit: Octokit, at: Place) => Promise<unknown>,
])[] = [
  [
    'approves a pull request',
    ({ path, body }) => /\/pulls\/\d+\/reviews/.test(path) && body.includes('APPROVE'),
    (kit, at) => kit.rest.pulls.createReview({ ...at, event: 'APPROVE' }),
  ],
  [
    'writes a review of any kind',
    ({ method, path }) => method !== 'GET' && /\/reviews/.test(path),
    (kit, at) => kit.rest.pulls.createReview({ ...at, event: 'COMMENT', body: 'a' }),
  ],
  [
    'dismisses a review',
    ({ path }) => /\/dismissals$/.test(path),
    (kit, at) => kit.rest.pulls.dismissReview({ ...at, review_id: 1, message: 'a' }),
  ],
  [
    'merges',
    ({ method, path }) => method !== 'GET' && /\/merges?$/.test(path),
    (kit, at) => kit.rest.pulls.merge({ ...at }),
  ],
  [
    'merges a branch',
    ({ method, path }) => method === 'POST' && /\/merges$/.test(path),
    (kit, at) => kit.rest.repos.merge({ ...at, base: 'main', head: 'b' }),
  ],
  [
    'asks people for a review',
    ({ path }) => /\/requested_reviewers$/.test(path),
    (kit, at) => kit.rest.pulls.requestReviewers({ ...at, reviewers: ['mona'] }),
  ],
  [
    'closes a pull request',
    ({ method, path, body }) => method === 'PATCH' && /\/pulls\/\d+$/.test(path) && body.includes('"state"'),
    (kit, at) => kit.rest.pulls.update({ ...at, state: 'closed' }),
  ],
  [
    'retargets a pull request',
    ({ method, path, body }) => method === 'PATCH' && /\/pulls\/\d+$/.test(path) && body.includes('"base"'),
    (kit, at) => kit.rest.pulls.update({ ...at, base: 'release' }),
  ],
  [
    'moves a branch by force',
    ({ method, path, body }) => method === 'PATCH' && /\/git\/refs\//.test(path) && /"force":\s*true/.test(body),
    (kit, at) => kit.rest.git.updateRef({ ...at, ref: 'heads/main', sha: 'a'.repeat(40), force: true }),
  ],
  [
    'deletes a branch',
    ({ method, path }) => method === 'DELETE' && /\/git\/refs\//.test(path),
    (kit, at) => kit.rest.git.deleteRef({ ...at, ref: 'heads/release' }),
  ],
  [
    'writes into the default branch past pull requests',
    ({ method, path }) => method === 'PUT' && /\/contents\//.test(path),
    (kit, at) => kit.rest.repos.createOrUpdateFileContents({ ...at, path: 'a', message: 'a', content: 'YQ==' }),
  ],
  [
    'puts a label on or takes one off',
    ({ method, path }) => method !== 'GET' && /\/labels/.test(path),
    (kit, at) => kit.rest.issues.addLabels({ ...at, labels: ['approved'] }),
  ],
  [
    'closes an issue',
    ({ method, path }) => method === 'PATCH' && /\/issues\/\d+$/.test(path),
    (kit, at) => kit.rest.issues.update({ ...at, state: 'closed' }),
  ],
  [
    'sets a commit’s status',
    ({ path }) => /\/statuses\//.test(path),
    (kit, at) => kit.rest.repos.createCommitStatus({ ...at, sha: 'a'.repeat(40), state: 'success' }),
  ],
  [
    'starts a workflow',
    ({ path }) => /\/actions\/|\/dispatches$/.test(path),
    (kit, at) => kit.rest.repos.createDispatchEvent({ ...at, event_type: 'deploy' }),
  ],
  [
    'makes a release',
    ({ path }) => /\/releases/.test(path),
    (kit, at) => kit.rest.repos.createRelease({ ...at, tag_name: 'v1' }),
  ],
  [
    'changes settings or people',
    ({ method, path }) =>
      method !== 'GET' && /\/(?:collaborators|branches|hooks|keys|rulesets|actions|environments)\b/.test(path),
    (kit, at) => kit.rest.repos.addCollaborator({ ...at, username: 'eve', permission: 'admin' }),
  ],
  [
    'speaks GraphQL, where any of it has another name, but to see and resolve threads',
    ({ path, body }) => /\/graphql$/.test(path) && !isKnownGraph(body),
    (kit) => kit.graphql('mutation { a }'),
  ],
];

/** All that the product says in GraphQL, word by word; what differs from one time to the next is in the variables. */
const knownGraph: Readonly<Record<string, readonly string[]>> = {
  [`query ($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      reviewThreads(first: 100, after: $after) {
        nodes {
          id
          isResolved
          first: comments(first: 1) { nodes { fullDatabaseId author { __typename } } }
          last: comments(last: 1) { nodes { fullDatabaseId } }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}`]: ['owner', 'name', 'number', 'after'],
  'mutation ($threadId: ID!) { resolveReviewThread(input: { threadId: $threadId }) { thread { id } } }': ['threadId'],
};

function isKnownGraph(body: string): boolean {
  const { query, variables, ...more } = JSON.parse(body) as { query: string; variables?: object }; // what GraphQL takes
  const names = knownGraph[query];
  const isSame = Object.keys(variables ?? {}).every((name) => names?.includes(name));
  return names !== undefined && isSame && Object.keys(more).length === 0;
}

interface Place {
  readonly owner: string;
  readonly repo: string;
  readonly pull_number: number;
  readonly issue_number: number;
}

const sha = 'a'.repeat(40);

/** Every method of the door, called once: one that is missing here is a type error, and one too many does not exist. */
const calls: Readonly<
  Record<Exclude<keyof RepositoryClient, 'repository'>, (client: RepositoryClient) => Promise<unknown>>
> = {
  release: (client) => client.release(),
  facts: (client) => client.facts(),
  permissionOf: (client) => client.permissionOf({ id: 1, login: 'mona', type: 'User' }),
  issue: (client) => client.issue(1),
  appPermissions: (client) => client.appPermissions('a'),
  issuesBy: (client) => client.issuesBy('a', '2025-06-01T10:00:00Z'),
  createIssue: (client) => client.createIssue({ title: 'a', body: 'a' }),
  issuesWithLabel: (client) => client.issuesWithLabel('backend'),
  labelings: (client) => client.labelings(1, 'backend'),
  comments: (client) => client.comments(1),
  thumbsUp: (client) => client.thumbsUp(1),
  fileText: (client) => client.fileText('README.md', 'main'),
  organisationFile: (client) => client.organisationFile('acme', '.github/backend.yml'),
  branchSha: (client) => client.branchSha('main'),
  commitParentsAndTree: (client) => client.commitParentsAndTree(sha),
  mergeBase: (client) => client.mergeBase('main', 'b'),
  pull: (client) => client.pull(1),
  pullPaths: (client) => client.pullPaths(1),
  pullsByHead: (client) => client.pullsByHead('b'),
  readToken: (client) => client.readToken(),
  reviews: (client) => client.reviews(1),
  reviewComments: (client) => client.reviewComments(1),
  replyToReview: (client) => client.replyToReview(1, 1, 'a'),
  reviewThreads: (client) => client.reviewThreads(1),
  resolveThread: (client) => client.resolveThread('a'),
  addReaction: (client) => client.addReaction({ issue: 1 }, 'eyes'),
  createComment: (client) => client.createComment(1, 'a'),
  updateComment: (client) => client.updateComment(1, 'a'),
  deleteComment: (client) => client.deleteComment(1),
  createBlob: (client) => client.createBlob(Buffer.from('a')),
  createTree: (client) => client.createTree(sha, [{ path: 'a', mode: '100644', sha }]),
  createCommit: (client) => client.createCommit({ message: 'a', tree: sha, parents: [sha] }),
  createBranch: (client) => client.createBranch('b', sha),
  advanceBranch: (client) => client.advanceBranch('b', sha),
  createPull: (client) => client.createPull({ title: 'a', body: '', head: 'b', base: 'main', draft: true }),
  updatePull: (client) => client.updatePull(1, { title: 'b', body: '' }),
  checkRuns: (client) => client.checkRuns(sha, 'a'),
  createCheckRun: (client) =>
    client.createCheckRun({
      name: 'a',
      headSha: sha,
      conclusion: 'success',
      title: 'a',
      summary: 'a',
      annotations: [],
    }),
};

/** Everything that this door can send, as it arrives at GitHub; what GitHub says to it does not matter. */
async function sendAll(world: GitHubWorld): Promise<readonly Sent[]> {
  const missing = Object.keys(world.client).filter((name) => name !== 'repository' && !(name in calls));
  if (missing.length > 0) throw new Error(`these methods of the door are not tried: ${missing.join(', ')}`);
  for (const call of Object.values(calls)) await call(world.client).catch(() => undefined);
  return sentIn(world);
}

function sentIn(world: GitHubWorld): readonly Sent[] {
  return world.history().map(({ method, path, body }) => ({ method, path, body: JSON.stringify(body ?? '') }));
}

/** A door that is a plain Octokit: whatever somebody asks of it arrives. */
async function asksPlainly(
  world: GitHubWorld,
  ask: (kit: Octokit, at: Place) => Promise<unknown>,
): Promise<readonly Sent[]> {
  const kit = new Octokit({ baseUrl: world.standIn.apiUrl, auth: world.standIn.addUser('mona').token, log: silent });
  const before = sentIn(world).length;
  await ask(kit, { owner: world.repo.owner, repo: world.repo.name, pull_number: 1, issue_number: 1 }).catch(
    () => undefined,
  );
  return sentIn(world).slice(before);
}

const quiet = (): void => undefined;
const silent = { debug: quiet, info: quiet, warn: quiet, error: quiet };

export const client = sharedClass('client', async (ends) => {
  const plain = ends.use(await startWorld({ strict: false }));
  const world = ends.use(await startWorld({ strict: false }));
  await world.standIn.openIssue(world.repo, { title: 'a', by: 'mona' });
  const sent = await sendAll(world);
  return harms.map(([name, is, ask]): Case => ({
    id: 'D32',
    name: `a call of the door to GitHub ${name}`,
    baseline: async () => (await asksPlainly(plain, ask)).some(is),
    attack: () => sent.some(is),
    // It speaks: with everything that the product does.
    twin: () =>
      [
        '/issues/1/comments',
        '/graphql',
        '/git/blobs',
        '/git/trees',
        '/git/commits',
        '/git/refs',
        '/pulls',
        '/check-runs',
      ].every((end) => sent.some(({ method, path }) => method === 'POST' && path.endsWith(end))),
  }));
});
