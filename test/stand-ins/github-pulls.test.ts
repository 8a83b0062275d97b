import type { Octokit } from '@octokit/rest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGitHub } from './github/index.ts';
import type { GitHubStandIn, RepositoryHandle } from './github/index.ts';
import { installationOctokit, refusalOf } from './github/octokit.ts';

const inShop = { owner: 'acme', repo: 'shop' };

let github: GitHubStandIn;
let shop: RepositoryHandle;
let octokit: Octokit;
let branches = 0;

beforeAll(async () => {
  github = await startGitHub();
  const files = {
    'a.txt': 'one\ntwo\nthree\n',
    'old.txt': 'this file is going to move\nto another place\n',
    'gone.txt': 'x\n',
  };
  shop = await github.createRepository({ owner: 'acme', name: 'shop', files, collaborators: { ann: 'write' } });
  octokit = installationOctokit(github, shop);
});

afterAll(async () => {
  expect(github.violations).toEqual([]);
  await github[Symbol.asyncDispose]();
});

async function newBranch(files: Record<string, string | null> = { 'new.txt': 'new\n' }): Promise<string> {
  branches += 1;
  const branch = `backend/${branches}-topic`;
  await github.pushCommit(shop, { branch, files, by: 'ann', message: 'Work' });
  return branch;
}

async function newPull(head: string, draft = false) {
  return (await octokit.pulls.create({ ...inShop, title: 'Fix it', head, base: 'main', body: 'Closes #1', draft }))
    .data;
}

describe('a pull request', () => {
  it('is made from a branch and read back', async () => {
    const head = await newBranch({ 'a.txt': 'one\n2\nthree\n', 'b.txt': 'b\n', 'gone.txt': null });
    const pull = await newPull(head, true);
    const { data } = await octokit.pulls.get({ ...inShop, pull_number: pull.number });
    expect(data).toMatchObject({
      state: 'open',
      draft: true,
      merged: false,
      mergeable: null,
      title: 'Fix it',
      user: { login: 'backend-developer[bot]', type: 'Bot' },
      head: { ref: head, sha: await shop.branchSha(head), label: `acme:${head}` },
      base: { ref: 'main', sha: await shop.branchSha('main') },
      commits: 1,
      changed_files: 3,
      additions: 2,
      deletions: 2,
    });
    expect(shop.pull(pull.number)).toMatchObject({
      head,
      draft: true,
      title: 'Fix it',
      author: 'backend-developer[bot]',
    });
  });

  it('shares its number, comments and reactions with an issue', async () => {
    const { number } = await newPull(await newBranch());
    await octokit.issues.createComment({ ...inShop, issue_number: number, body: 'about it' });
    const { data } = await octokit.issues.get({ ...inShop, issue_number: number });
    expect(data.pull_request?.url).toBe(`${github.apiUrl}/repos/acme/shop/pulls/${number}`);
    expect(data.comments).toBe(1);
    const issue = await github.openIssue(shop, { title: 'Only an issue', by: 'ann' });
    expect(await refusalOf(octokit.pulls.get({ ...inShop, pull_number: issue.number }))).toBe('404 Not Found');
  });

  it('is found by its head', async () => {
    const head = await newBranch();
    const { number } = await newPull(head);
    await newPull(await newBranch());
    const found = await octokit.pulls.list({ ...inShop, head: `acme:${head}`, state: 'all' });
    expect(found.data.map((pull) => pull.number)).toEqual([number]);
    const elsewhere = await octokit.pulls.list({ ...inShop, head: `acme:${head}`, base: 'other' });
    expect(elsewhere.data).toEqual([]);
  });

  it('lists its files with what changed in them', async () => {
    const head = await newBranch({
      'a.txt': 'one\n2\nthree\n',
      'old.txt': null,
      'place/new.txt': 'this file is going to move\nto another place\n',
    });
    const { number } = await newPull(head);
    const { data } = await octokit.pulls.listFiles({ ...inShop, pull_number: number });
    expect(data).toMatchObject([
      {
        filename: 'a.txt',
        status: 'modified',
        additions: 1,
        deletions: 1,
        patch: '@@ -1,3 +1,3 @@\n one\n-two\n+2\n three',
      },
      { filename: 'place/new.txt', status: 'renamed', previous_filename: 'old.txt', changes: 0 },
    ]);
  });

  it('follows its branch, and is closed when the branch goes', async () => {
    const branch = await newBranch();
    const { number } = await newPull(branch);
    const sha = await github.pushCommit(shop, { branch, files: { 'more.txt': 'x' }, by: 'ann' });
    expect(shop.pull(number)?.headSha).toBe(sha);
    await github.deleteBranch(shop, branch, { by: 'ann' });
    expect(shop.pull(number)).toMatchObject({ state: 'closed', headSha: sha, merged: false });
    const reopening = octokit.pulls.update({ ...inShop, pull_number: number, state: 'open' });
    expect(await refusalOf(reopening)).toContain('422 Validation Failed');
  });

  it('is changed in title, body and state', async () => {
    const { number } = await newPull(await newBranch());
    await octokit.pulls.update({ ...inShop, pull_number: number, title: 'Better', body: 'More', state: 'closed' });
    expect(shop.pull(number)).toMatchObject({ title: 'Better', body: 'More', state: 'closed' });
  });

  it('is merged by a person', async () => {
    const head = await newBranch({ 'merged.txt': 'x\n' });
    const { number } = await newPull(head);
    await github.mergePull(shop, number, { by: 'ann' });
    expect(shop.pull(number)).toMatchObject({ state: 'closed', merged: true });
    expect((await shop.file('merged.txt'))?.toString()).toBe('x\n');
    const { data } = await octokit.pulls.get({ ...inShop, pull_number: number });
    expect(data).toMatchObject({ merged: true, merged_by: { login: 'ann' } });
  });

  it('that conflicts with its base says so', async () => {
    const head = await newBranch({ 'clash.txt': 'ours\n' });
    const { number } = await newPull(head);
    await github.pushCommit(shop, { branch: 'main', files: { 'clash.txt': 'theirs\n' }, by: 'ann' });
    await octokit.pulls.get({ ...inShop, pull_number: number });
    const { data } = await octokit.pulls.get({ ...inShop, pull_number: number });
    expect(data).toMatchObject({ mergeable: false, mergeable_state: 'dirty' });
  });
});

describe('a pull request is refused', () => {
  it('when there is an open one for the branch, and made again after that was closed', async () => {
    const head = await newBranch();
    const first = await newPull(head);
    await expect(newPull(head)).rejects.toMatchObject({
      status: 422,
      response: {
        data: {
          message: 'Validation Failed',
          errors: [
            { resource: 'PullRequest', code: 'custom', message: `A pull request already exists for acme:${head}.` },
          ],
        },
      },
    });
    await octokit.pulls.update({ ...inShop, pull_number: first.number, state: 'closed' });
    expect((await newPull(head)).number).toBeGreaterThan(first.number);
  });

  it('when the branch has nothing new', async () => {
    const sha = (await shop.branchSha('main')) ?? '';
    await octokit.git.createRef({ ...inShop, ref: 'refs/heads/same', sha });
    const making = newPull('same');
    expect(await refusalOf(making)).toContain('No commits between main and same');
  });

  it.each([
    ['head', { head: 'nowhere', base: 'main' }],
    ['head', { head: 'stranger:main', base: 'main' }],
    ['base', { head: 'main', base: 'nowhere' }],
  ])('when its %s is not a branch: %o', async (field, ends) => {
    await expect(octokit.pulls.create({ ...inShop, title: 'x', ...ends })).rejects.toMatchObject({
      status: 422,
      response: { data: { errors: [{ resource: 'PullRequest', field, code: 'invalid' }] } },
    });
  });

  it('when its body is too long', async () => {
    const head = await newBranch();
    const making = octokit.pulls.create({ ...inShop, title: 'x', head, base: 'main', body: 'x'.repeat(65_537) });
    expect(await refusalOf(making)).toContain('body is too long (maximum is 65536 characters)');
  });
});

describe('reviewers and reviews', () => {
  it('can be asked for and given', async () => {
    const { number } = await newPull(await newBranch());
    const pull = { ...inShop, pull_number: number };
    await octokit.pulls.requestReviewers({ ...pull, reviewers: ['ann'] });
    expect(shop.pull(number)?.requestedReviewers).toEqual(['ann']);
    github.addUser('stranger');
    const asking = octokit.pulls.requestReviewers({ ...pull, reviewers: ['stranger'] });
    expect(await refusalOf(asking)).toContain('Reviews may only be requested from collaborators');
    await github.review(shop, number, { by: 'ann', state: 'CHANGES_REQUESTED', body: 'Please test it' });
    await octokit.pulls.createReview({ ...pull, event: 'COMMENT', body: 'A note' });
    const { data } = await octokit.pulls.listReviews(pull);
    expect(data.map((review) => review.state)).toEqual(['CHANGES_REQUESTED', 'COMMENTED']);
    const approving = octokit.pulls.createReview({ ...pull, event: 'APPROVE' });
    expect(await refusalOf(approving)).toContain('422 Unprocessable Entity: "Can not approve your own pull request"');
  });
});

describe('comparing', () => {
  it('counts what a branch has and what it lacks', async () => {
    const sha = (await shop.branchSha('main')) ?? '';
    await octokit.git.createRef({ ...inShop, ref: 'refs/heads/apart', sha });
    await github.pushCommit(shop, { branch: 'apart', files: { 'apart.txt': 'x' }, by: 'ann' });
    await github.pushCommit(shop, { branch: 'main', files: { 'base.txt': 'x' }, by: 'ann' });
    const { data } = await octokit.repos.compareCommitsWithBasehead({ ...inShop, basehead: 'main...apart' });
    expect(data).toMatchObject({ status: 'diverged', ahead_by: 1, behind_by: 1, merge_base_commit: { sha } });
    expect(data.files?.map((file) => file.filename)).toEqual(['apart.txt']);
  });
});

describe('a check run', () => {
  const annotation = (line: number) => ({
    path: 'a.txt',
    start_line: line,
    end_line: line,
    annotation_level: 'warning' as const,
    message: `line ${line}`,
  });

  it('collects annotations over calls and ends with its conclusion', async () => {
    const head_sha = (await shop.branchSha('main')) ?? '';
    const lines = (from: number, count: number) =>
      Array.from({ length: count }, (_item, index) => annotation(from + index));
    const output = { title: 'Running', summary: 'So far', annotations: lines(1, 50) };
    const { data } = await octokit.checks.create({ ...inShop, name: 'proof', head_sha, status: 'in_progress', output });
    expect(data).toMatchObject({ status: 'in_progress', conclusion: null, app: { id: github.app.id } });
    const rest = { title: 'Done', summary: 'All', annotations: lines(51, 10) };
    const run = { ...inShop, check_run_id: data.id };
    const updated = await octokit.checks.update({ ...run, conclusion: 'failure', output: rest });
    expect(updated.data).toMatchObject({
      status: 'completed',
      conclusion: 'failure',
      output: { annotations_count: 60 },
    });
    const all = await octokit.paginate(octokit.checks.listAnnotations, { ...run, per_page: 25 });
    expect(all.map((each) => each.start_line)).toEqual(lines(1, 60).map((each) => each.start_line));
    const listed = await octokit.checks.listForRef({ ...inShop, ref: 'main', check_name: 'proof' });
    expect(listed.data).toMatchObject({ total_count: 1, check_runs: [{ id: data.id, output: { title: 'Done' } }] });
    expect(shop.checkRuns(head_sha)).toMatchObject([{ name: 'proof', conclusion: 'failure', summary: 'All' }]);
  });

  it.each([
    [
      'more than 50 annotations',
      { title: 't', summary: 's', annotations: Array.from({ length: 51 }, () => annotation(1)) },
    ],
    ['a summary of more than 65,535 characters', { title: 't', summary: 'x'.repeat(65_536) }],
    [
      'an annotation without a path',
      { title: 't', summary: 's', annotations: [{ ...annotation(1), path: undefined }] },
    ],
  ])('is refused with %s in a call', async (_what, output) => {
    const head_sha = (await shop.branchSha('main')) ?? '';
    const making = octokit.request({
      method: 'POST',
      url: '/repos/acme/shop/check-runs',
      data: { name: 'refused', head_sha, conclusion: 'success', output },
    });
    expect(await refusalOf(making)).toContain('422 Invalid request.');
    expect(shop.checkRuns(head_sha).map((run) => run.name)).not.toContain('refused');
  });

  it('needs a commit that exists', async () => {
    const head_sha = '1'.repeat(40);
    const making = octokit.checks.create({ ...inShop, name: 'lost', head_sha, conclusion: 'success' });
    expect(await refusalOf(making)).toBe(`422 No commit found for SHA: ${head_sha}`);
  });
});
