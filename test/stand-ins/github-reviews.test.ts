import type { Octokit } from '@octokit/rest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGitHub } from './github/index.ts';
import type { GitHubStandIn, RepositoryHandle } from './github/index.ts';
import { installationOctokit, mintFor, refusalOf, tokenOctokit } from './github/octokit.ts';

const inShop = { owner: 'acme', repo: 'shop' };
const lines = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => `line ${from + at}\n`).join('');

let github: GitHubStandIn;
let shop: RepositoryHandle;
let octokit: Octokit;
let pulls = 0;

beforeAll(async () => {
  github = await startGitHub();
  const files = { 'a.txt': lines(1, 40), 'b.txt': 'b\n' };
  shop = await github.createRepository({ owner: 'acme', name: 'shop', files, collaborators: { ann: 'write' } });
  octokit = installationOctokit(github, shop);
});

afterAll(async () => {
  expect(github.violations).toEqual([]);
  await github[Symbol.asyncDispose]();
});

/** Ours, with `a.txt` changed in line 20 and a new file. */
async function openPull(): Promise<{ number: number; branch: string }> {
  pulls += 1;
  const branch = `backend/${pulls}-topic`;
  const files = { 'a.txt': `${lines(1, 19)}changed\n${lines(21, 40)}`, 'new.txt': 'one\ntwo\nthree\n' };
  await github.pushCommit(shop, { branch, files, by: 'ann' });
  const { data } = await octokit.pulls.create({ ...inShop, title: 'Fix', head: branch, base: 'main' });
  return { number: data.number, branch };
}

interface Thread {
  readonly id: string;
  readonly isResolved: boolean;
  readonly isOutdated: boolean;
  readonly line: number | null;
  readonly comments: { readonly nodes: readonly { readonly body: string; readonly author: unknown }[] };
}

const threadFields = `id isResolved isOutdated path line originalLine startLine
  comments(first: 100) { nodes { fullDatabaseId body author { login __typename } replyTo { body } } }`;

async function threadsOf(number: number, kit = octokit): Promise<readonly Thread[]> {
  const { repository } = await kit.graphql<{
    repository: { pullRequest: { reviewThreads: { nodes: readonly Thread[] } } };
  }>(
    `query ($number: Int!) { repository(owner: "acme", name: "shop") { pullRequest(number: $number) {
      reviewThreads(first: 100) { nodes { ${threadFields} } } } } }`,
    { number },
  );
  return repository.pullRequest.reviewThreads.nodes;
}

/** The body of an answer, with what GitHub says is wrong beside the data. */
async function ask(query: string, kit = octokit): Promise<unknown> {
  const url = github.apiUrl.replace('/v3', '/graphql');
  return (await kit.request({ method: 'POST', url, query })).data;
}

describe('comments on lines', () => {
  it('come with the review, hang on the lines of the change, and show their hunk down to the line', async () => {
    const { number } = await openPull();
    const comments = [
      { path: 'a.txt', line: 20, body: 'Why?' },
      { path: 'new.txt', line: 3, startLine: 2, body: 'And these?' },
      { path: 'a.txt', line: 20, side: 'LEFT' as const, body: 'It was better' },
    ];
    await github.review(shop, number, { by: 'ann', state: 'CHANGES_REQUESTED', body: 'See below', comments });
    const { data } = await octokit.pulls.listReviewComments({ ...inShop, pull_number: number });
    const seen = data.map(({ path, line, side, start_line, position, diff_hunk }) => {
      return { path, line, side, start_line, position, hunk: diff_hunk.split('\n').at(-1) };
    });
    expect(seen).toEqual([
      { path: 'a.txt', line: 20, side: 'RIGHT', start_line: null, position: 5, hunk: '+changed' },
      { path: 'new.txt', line: 3, side: 'RIGHT', start_line: 2, position: 3, hunk: '+three' },
      { path: 'a.txt', line: 20, side: 'LEFT', start_line: null, position: 4, hunk: '-line 20' },
    ]);
    expect(data[0]?.diff_hunk.split('\n')[0]).toBe('@@ -17,7 +17,7 @@ line 16');
  });

  it.each([
    ['a path that the change does not touch', { path: 'b.txt', line: 1 }, 'Path could not be resolved'],
    ['a line out of sight', { path: 'a.txt', line: 5 }, 'Line could not be resolved'],
    ['a line that is not there', { path: 'new.txt', line: 9 }, 'Line could not be resolved'],
  ])('are refused on %s', async (_what, at, sentence) => {
    const { number } = await openPull();
    const review = { ...inShop, pull_number: number, event: 'COMMENT' as const };
    const asking = octokit.pulls.createReview({ ...review, comments: [{ ...at, body: 'x' }] });
    expect(await refusalOf(asking)).toContain(sentence);
    expect(shop.reviewThreads(number)).toEqual([]);
  });

  it('move with their line, and are outdated once it is changed or gone', async () => {
    const { number, branch } = await openPull();
    const comments = [20, 22].map((line) => ({ path: 'a.txt', line, body: `On ${line}` }));
    const { commentIds } = await github.review(shop, number, { by: 'ann', state: 'COMMENTED', body: '', comments });
    const changed = `new first\n${lines(1, 19)}changed again\n${lines(21, 40)}`;
    await github.pushCommit(shop, { branch, files: { 'a.txt': changed }, by: 'ann' });
    const read = async (comment_id = 0) => (await octokit.pulls.getReviewComment({ ...inShop, comment_id })).data;
    expect(await read(commentIds[0])).toMatchObject({ line: null, position: null, original_line: 20 });
    expect(await read(commentIds[1])).toMatchObject({ line: 23, original_line: 22 });
    expect((await threadsOf(number)).map(({ line, isOutdated }) => [line, isOutdated])).toEqual([
      [null, true],
      [23, false],
    ]);
  });

  it('are answered in their thread only by its first comment, and reacted to', async () => {
    const { number } = await openPull();
    const comments = [{ path: 'a.txt', line: 20, body: 'Why?' }];
    const { commentIds } = await github.review(shop, number, { by: 'ann', state: 'COMMENTED', body: '', comments });
    const [comment_id = 0] = commentIds;
    const at = { ...inShop, pull_number: number };
    const { data } = await octokit.pulls.createReplyForReviewComment({ ...at, comment_id, body: 'Because' });
    expect(data.in_reply_to_id).toBe(comment_id);
    const further = octokit.pulls.createReplyForReviewComment({ ...at, comment_id: data.id, body: 'And' });
    expect(await refusalOf(further)).toBe('404 Not Found');
    await octokit.reactions.createForPullRequestReviewComment({ ...inShop, comment_id, content: 'eyes' });
    expect(shop.reviewThreads(number)).toMatchObject([
      {
        path: 'a.txt',
        line: 20,
        comments: [
          { author: 'ann', body: 'Why?', reactions: [{ content: 'eyes', user: 'backend-developer[bot]' }] },
          { author: 'backend-developer[bot]', body: 'Because', reactions: [] },
        ],
      },
    ]);
    const reviews = await octokit.pulls.listReviews(at);
    expect(reviews.data.map(({ state, user }) => `${state} ${user?.type ?? ''}`)).toEqual([
      'COMMENTED User',
      'COMMENTED Bot',
    ]);
  });
});

describe('GraphQL', () => {
  it('shows threads with who wrote what, a bot without its suffix, and resolves them', async () => {
    const { number } = await openPull();
    const comments = [{ path: 'a.txt', line: 20, body: 'Why?' }];
    const { commentIds } = await github.review(shop, number, { by: 'ann', state: 'COMMENTED', body: '', comments });
    const reply = { ...inShop, pull_number: number, comment_id: commentIds[0] ?? 0, body: 'Because' };
    await octokit.pulls.createReplyForReviewComment(reply);
    const [thread] = await threadsOf(number);
    expect(thread).toMatchObject({ isResolved: false, isOutdated: false, path: 'a.txt', line: 20, startLine: null });
    expect(thread?.comments.nodes).toEqual([
      {
        fullDatabaseId: String(commentIds[0]),
        body: 'Why?',
        author: { login: 'ann', __typename: 'User' },
        replyTo: null,
      },
      expect.objectContaining({ author: { login: 'backend-developer', __typename: 'Bot' }, replyTo: { body: 'Why?' } }),
    ]);
    await octokit.graphql(
      `mutation { resolveReviewThread(input: { threadId: "${thread?.id ?? ''}" }) { thread { id } } }`,
    );
    expect((await threadsOf(number))[0]?.isResolved).toBe(true);
    expect(shop.reviewThreads(number)[0]?.resolvedBy).toBe('backend-developer[bot]');
  });

  it('wants the right to write contents for a thread to be resolved, as GitHub does', async () => {
    const { number } = await openPull();
    const comments = [{ path: 'a.txt', line: 20, body: 'Why?' }];
    await github.review(shop, number, { by: 'ann', state: 'COMMENTED', body: '', comments });
    const [thread] = await threadsOf(number);
    const mutation = `mutation { resolveReviewThread(input: { threadId: "${thread?.id ?? ''}" }) { thread { id } } }`;
    for (const permissions of [{ pull_requests: 'write' }, { contents: 'write' }] as const) {
      const kit = tokenOctokit(github, await mintFor(github, shop, permissions));
      expect(await ask(mutation, kit)).toMatchObject({
        data: { resolveReviewThread: null },
        errors: [{ type: 'FORBIDDEN', message: 'Resource not accessible by integration' }],
      });
    }
    expect(shop.reviewThreads(number)[0]?.resolvedBy).toBeUndefined();
  });

  it.each([
    ['a repository', 'query { repository(owner: "acme", name: "none") { id } }', 'NOT_FOUND', { repository: null }],
    [
      'a pull request',
      'query { repository(owner: "acme", name: "shop") { name pullRequest(number: 999) { id } } }',
      'NOT_FOUND',
      { repository: { name: 'shop', pullRequest: null } },
    ],
    ['a node', 'query { node(id: "x") { id } }', 'NOT_FOUND', { node: null }],
  ])('says beside the data that %s is not there', async (_what, query, type, data) => {
    expect(await ask(query)).toMatchObject({ data, errors: [{ type }] });
  });

  it('says what a query may not be: unreadable, of unknown fields, of lists without an end', async () => {
    expect(await ask('query {')).toMatchObject({ errors: [{ message: expect.stringContaining('Syntax') as string }] });
    expect(await ask('query { viewer { login } }')).toMatchObject({
      errors: [{ message: expect.stringContaining('"viewer"') as string }],
    });
    const { number } = await openPull();
    const listed = (args: string) =>
      ask(`query { repository(owner: "acme", name: "shop") { pullRequest(number: ${number}) {
        reviewThreads${args} { totalCount } } } }`);
    expect(await listed('')).toMatchObject({ errors: [{ type: 'MISSING_PAGINATION_BOUNDARIES' }] });
    expect(await listed('(first: 101)')).toMatchObject({ errors: [{ type: 'EXCESSIVE_PAGINATION' }] });
  });

  it('gives a list page by page', async () => {
    const { number } = await openPull();
    const comments = [18, 19, 20, 21, 22].map((line) => ({ path: 'a.txt', line, body: `On ${line}` }));
    await github.review(shop, number, { by: 'ann', state: 'COMMENTED', body: '', comments });
    const seen: unknown[] = [];
    let after = '';
    for (let page = 1; page <= 3; page += 1) {
      const answer = await octokit.graphql<{
        repository: {
          pullRequest: { reviewThreads: { nodes: Thread[]; pageInfo: Readonly<Record<string, unknown>> } };
        };
      }>(`query { repository(owner: "acme", name: "shop") { pullRequest(number: ${number}) {
        reviewThreads(first: 2${after}) { nodes { line } pageInfo { hasNextPage endCursor } } } } }`);
      const { nodes, pageInfo } = answer.repository.pullRequest.reviewThreads;
      seen.push([nodes.map(({ line }) => line), pageInfo['hasNextPage']]);
      after = `, after: "${String(pageInfo['endCursor'])}"`;
    }
    expect(seen).toEqual([
      [[18, 19], true],
      [[20, 21], true],
      [[22], false],
    ]);
  });

  it('has a limit of its own, which it names in an answer that is no error for HTTP', async () => {
    github.plantFault({ path: '/graphql', then: 'rate-limit', holds: true });
    const url = github.apiUrl.replace('/v3', '/graphql');
    const asking = { method: 'POST', url, query: 'query { rateLimit { remaining } }' } as const;
    const first = await octokit.request(asking);
    expect(first).toMatchObject({ status: 200, data: { errors: [{ type: 'RATE_LIMITED' }] } });
    expect(first.headers).toMatchObject({ 'x-ratelimit-remaining': '0', 'x-ratelimit-resource': 'graphql' });
    const rest = await octokit.repos.get(inShop);
    expect(Number(rest.headers['x-ratelimit-remaining'])).toBeGreaterThan(4_000);
    github.clearFaults();
    expect((await octokit.request(asking)).data).toHaveProperty('data.rateLimit.remaining');
  });

  it('does not speak to strangers', async () => {
    expect(await refusalOf(ask('query { rateLimit { cost } }', tokenOctokit(github, 'x')))).toBe('401 Bad credentials');
  });
});

describe('whether a pull request can be merged', () => {
  it('is unknown until somebody has asked, and again after a push', async () => {
    const { number, branch } = await openPull();
    const read = async () => (await octokit.pulls.get({ ...inShop, pull_number: number })).data;
    expect(await read()).toMatchObject({ mergeable: null, mergeable_state: 'unknown' });
    expect(await read()).toMatchObject({ mergeable: true, mergeable_state: 'clean' });
    const head_sha = await github.pushCommit(shop, { branch, files: { 'c.txt': 'c' }, by: 'ann' });
    expect(await read()).toMatchObject({ mergeable: null, mergeable_state: 'unknown' });
    await octokit.checks.create({ ...inShop, name: 'tests', head_sha, conclusion: 'failure' });
    expect(await read()).toMatchObject({ mergeable: true, mergeable_state: 'unstable' });
    await github.pushCommit(shop, { branch: 'main', files: { 'c.txt': 'other' }, by: 'ann' });
    await read();
    expect(await read()).toMatchObject({ mergeable: false, mergeable_state: 'dirty' });
  });
});
