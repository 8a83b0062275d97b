import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Octokit } from '@octokit/rest';
import { startGitHub } from './github/index.ts';
import type { GitHubStandIn, RateLimitOptions, RepositoryHandle } from './github/index.ts';
import { installationOctokit, refusalOf, tokenOctokit } from './github/octokit.ts';

const inShop = { owner: 'acme', repo: 'shop' };
const onIssue = { ...inShop, issue_number: 1 };

let time = Date.now();
let github: GitHubStandIn;
let shop: RepositoryHandle;
let octokit: Octokit;

afterEach(async () => {
  expect(github.violations).toEqual([]);
  await github[Symbol.asyncDispose]();
});

async function open(rateLimit: Partial<RateLimitOptions> = {}): Promise<void> {
  github = await startGitHub({ now: () => time, rateLimit });
  shop = await github.createRepository({ owner: 'acme', name: 'shop', collaborators: { ann: 'write' } });
  await github.openIssue(shop, { title: 'Broken', by: 'ann' });
  octokit = installationOctokit(github, shop);
}

function comment() {
  return octokit.issues.createComment({ ...onIssue, body: 'x' });
}

describe('the limits for content', () => {
  it('count what people are told of, and branches, and nothing else', async () => {
    await open();
    const head_sha = await github.pushCommit(shop, { branch: 'topic', files: { a: 'a\n' }, by: 'ann' });
    const { data } = await comment();
    await octokit.issues.updateComment({ ...inShop, comment_id: data.id, body: 'y' });
    await octokit.reactions.createForIssue({ ...onIssue, content: 'eyes' });
    await octokit.reactions.createForIssueComment({ ...inShop, comment_id: data.id, content: 'eyes' });
    const pull = await octokit.pulls.create({ ...inShop, title: 'Fix', head: 'topic', base: 'main' });
    await octokit.pulls.update({ ...inShop, pull_number: pull.data.number, title: 'Fixed' });
    await octokit.pulls.createReview({ ...inShop, pull_number: pull.data.number, event: 'COMMENT', body: 'Hm' });
    const run = await octokit.checks.create({ ...inShop, name: 'proof', head_sha });
    await octokit.checks.update({ ...inShop, check_run_id: run.data.id, conclusion: 'success' });
    await octokit.git.createRef({ ...inShop, ref: 'refs/heads/other', sha: head_sha });
    const blob = await octokit.git.createBlob({ ...inShop, content: 'b\n' });
    const tree = [{ path: 'b', mode: '100644' as const, type: 'blob' as const, sha: blob.data.sha }];
    const made = await octokit.git.createTree({ ...inShop, tree });
    const commit = { ...inShop, message: 'b', tree: made.data.sha, parents: [head_sha] };
    const { data: next } = await octokit.git.createCommit(commit);
    await octokit.git.updateRef({ ...inShop, ref: 'heads/other', sha: next.sha });
    await octokit.git.deleteRef({ ...inShop, ref: 'heads/other' });
    await octokit.issues.addLabels({ ...onIssue, labels: ['bug'] });
    await octokit.issues.deleteComment({ ...inShop, comment_id: data.id });
    const counted = github.history.filter(({ isContent }) => isContent);
    expect(counted.map(({ route }) => route?.replace('/repos/{owner}/{repo}', ''))).toEqual([
      'POST /issues/{issue_number}/comments',
      'PATCH /issues/comments/{comment_id}',
      'POST /issues/{issue_number}/reactions',
      'POST /issues/comments/{comment_id}/reactions',
      'POST /pulls',
      'PATCH /pulls/{pull_number}',
      'POST /pulls/{pull_number}/reviews',
      'POST /check-runs',
      'PATCH /check-runs/{check_run_id}',
      'POST /git/refs',
      'PATCH /git/refs/{ref}',
    ]);
    expect(github.limitAnswers).toEqual([]);
  });

  it.each<[string, Partial<RateLimitOptions>, number, number]>([
    ['a gap', { gapMs: 1_000 }, 1, 1_000],
    ['a minute', { contentPerMinute: 2 }, 2, 60_001],
    ['a shorter minute', { contentPerMinute: 2, minuteMs: 600 }, 2, 601],
    ['an hour', { contentPerHour: 3 }, 3, 3_600_001],
    ['a shorter hour', { contentPerHour: 3, hourMs: 5_000 }, 3, 5_001],
  ])(
    'refuse what comes too soon for %s, and say that it was nobody but the caller',
    async (_what, limit, free, wait) => {
      await open(limit);
      for (let count = 0; count < free; count += 1) await comment();
      expect(await refusalOf(comment())).toContain('403 You have exceeded a secondary rate limit');
      expect(github.limitAnswers).toMatchObject([{ method: 'POST', limit: 'content', result: 403 }]);
      expect((await octokit.issues.get(onIssue)).status).toBe(200);
      time += wait;
      // The client's token may have ended meanwhile.
      octokit = installationOctokit(github, shop);
      expect((await comment()).status).toBe(201);
      expect(shop.comments(1)).toHaveLength(free + 1);
    },
  );

  it('are one account’s over all installations, and not people’s', async () => {
    await open({ gapMs: 1_000 });
    const other = await github.createRepository({ owner: 'initech', name: 'tps' });
    await github.openIssue(other, { title: 'Broken', by: 'bill' });
    await comment();
    const there = { owner: 'initech', repo: 'tps', issue_number: 1, body: 'x' };
    expect(await refusalOf(installationOctokit(github, other).issues.createComment(there))).toContain('403');
    const ann = tokenOctokit(github, github.addUser('ann').token);
    expect((await ann.issues.createComment({ ...onIssue, body: 'x' })).status).toBe(201);
  });
});

describe('the primary limit', () => {
  it('stands in every answer, and is over when it says so', async () => {
    await open({ perHour: 3, primaryMs: 5_000 });
    const { headers } = await octokit.issues.get(onIssue);
    expect(headers).toMatchObject({ 'x-ratelimit-remaining': '2', 'x-ratelimit-resource': 'core' });
    await octokit.issues.get(onIssue);
    expect(await refusalOf(octokit.issues.get({ ...inShop, issue_number: 9 }))).toContain('404');
    expect(await refusalOf(octokit.issues.get(onIssue))).toContain('403 API rate limit exceeded');
    expect(github.limitAnswers).toMatchObject([{ limit: 'primary' }]);
    time = Number(headers['x-ratelimit-reset']) * 1_000;
    expect((await octokit.issues.get(onIssue)).headers['x-ratelimit-remaining']).toBe('2');
  });

  it('that was planted to hold refuses all else until it is over, and what is sent meanwhile is the caller’s fault', async () => {
    await open();
    github.plantFault({ path: '/issues/1', then: 'rate-limit', resetInMs: 4_000, holds: true });
    expect(await refusalOf(octokit.issues.get(onIssue))).toContain('403 API rate limit exceeded');
    expect(github.limitAnswers).toEqual([]);
    expect(await refusalOf(octokit.repos.get(inShop))).toContain('403 API rate limit exceeded');
    expect(github.limitAnswers).toMatchObject([{ path: '/repos/acme/shop', limit: 'primary' }]);
    time += 4_001;
    expect((await octokit.repos.get(inShop)).status).toBe(200);
  });

  it('is shown by a clock that is off as that clock would', async () => {
    await open({ perHour: 1 });
    github.setClock(600_000);
    const { headers } = await octokit.issues.get(onIssue);
    expect(Number(headers['x-ratelimit-reset']) * 1_000 - github.now()).toBeGreaterThan(3_590_000);
    expect(Number(headers['x-ratelimit-reset']) * 1_000 - github.now()).toBeLessThanOrEqual(3_601_000);
  });
});

describe('a lag', () => {
  beforeEach(async () => {
    await open();
  });

  it.each<[string, () => Promise<unknown>, () => Promise<number>, number]>([
    ['comments', comment, async () => (await octokit.issues.listComments(onIssue)).data.length, 0],
    ['pull requests of a head', openPull, async () => (await listPulls()).length, 0],
    ['check runs', runCheck, async () => (await listChecks()).length, 0],
    ['branches', makeBranch, async () => (await octokit.repos.listBranches(inShop)).data.length, 2],
  ])('hides young %s from lists for thirty seconds', async (_what, make, count, before) => {
    await github.pushCommit(shop, { branch: 'topic', files: { a: 'a\n' }, by: 'ann' });
    time += 60_000;
    await make();
    github.plantFault({ method: 'GET', path: /./, times: Infinity, then: 'lag' });
    expect(await count()).toBe(before);
    time += 29_999;
    expect(await count()).toBe(before);
    time += 1;
    expect(await count()).toBe(before + 1);
  });

  it('hides them from single reads as well', async () => {
    const { data } = await comment();
    await makeBranch();
    github.plantFault({ method: 'GET', path: /./, times: Infinity, then: 'lag', ms: 2_000 });
    const readComment = () => octokit.issues.getComment({ ...inShop, comment_id: data.id });
    const readRef = () => octokit.git.getRef({ ...inShop, ref: 'heads/fresh' });
    expect(await refusalOf(readComment())).toBe('404 Not Found');
    expect(await refusalOf(readRef())).toBe('404 Not Found');
    time += 2_000;
    expect((await readComment()).status).toBe(200);
    expect((await readRef()).status).toBe(200);
  });

  it('shows a branch where it was before it was moved and deleted', async () => {
    const first = await github.pushCommit(shop, { branch: 'topic', files: { a: '1\n' }, by: 'ann' });
    time += 10_000;
    const second = await github.pushCommit(shop, { branch: 'topic', files: { a: '2\n' }, by: 'ann' });
    await github.deleteBranch(shop, 'topic', { by: 'ann' });
    const seen = async (ms: number) => {
      github.plantFault({ method: 'GET', path: '/git/ref/', then: 'lag', ms });
      return (await octokit.git.getRef({ ...inShop, ref: 'heads/topic' })).data.object.sha;
    };
    expect(await seen(5_000)).toBe(first);
    expect(second).not.toBe(first);
    expect(await refusalOf(seen(0))).toBe('404 Not Found');
  });

  function openPull() {
    return octokit.pulls.create({ ...inShop, title: 'Fix', head: 'topic', base: 'main' });
  }

  async function listPulls() {
    return (await octokit.pulls.list({ ...inShop, head: 'acme:topic', state: 'all' })).data;
  }

  async function runCheck() {
    const head_sha = (await shop.branchSha('topic')) ?? '';
    // GitHub takes the caller's word for when it began; for the lag it counts when it was made.
    const started_at = new Date(time - 3_600_000).toISOString();
    await octokit.checks.create({ ...inShop, name: 'proof', head_sha, started_at });
  }

  async function listChecks() {
    return (await octokit.checks.listForRef({ ...inShop, ref: 'topic' })).data.check_runs;
  }

  async function makeBranch() {
    const sha = (await shop.branchSha('main')) ?? '';
    await octokit.git.createRef({ ...inShop, ref: 'refs/heads/fresh', sha });
  }
});
