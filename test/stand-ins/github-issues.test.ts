import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Octokit } from '@octokit/rest';
import { startGitHub } from './github/index.ts';
import type { GitHubStandIn, RepositoryHandle } from './github/index.ts';
import { installationOctokit, refusalOf, tokenOctokit } from './github/octokit.ts';

let github: GitHubStandIn;
let shop: RepositoryHandle;
let octokit: Octokit;

const inShop = { owner: 'acme', repo: 'shop' };

beforeAll(async () => {
  github = await startGitHub();
  shop = await github.createRepository({ owner: 'acme', name: 'shop', collaborators: { ann: 'write' } });
  octokit = installationOctokit(github, shop);
});

afterAll(async () => {
  expect(github.violations).toEqual([]);
  await github[Symbol.asyncDispose]();
});

async function newIssue(labels: readonly string[] = []): Promise<number> {
  return (await github.openIssue(shop, { title: 'It breaks', body: 'Often.', by: 'ann', labels })).number;
}

describe('an issue', () => {
  it('is read as its author wrote it', async () => {
    const issue_number = await newIssue(['backend']);
    const { data } = await octokit.issues.get({ ...inShop, issue_number });
    expect(data).toMatchObject({
      title: 'It breaks',
      body: 'Often.',
      state: 'open',
      locked: false,
      user: { login: 'ann', type: 'User' },
      author_association: 'MEMBER',
      labels: [{ name: 'backend', color: 'ededed' }],
    });
    expect(data.pull_request).toBeUndefined();
  });

  it('that nobody opened is not found', async () => {
    expect(await refusalOf(octokit.issues.get({ ...inShop, issue_number: 999 }))).toBe('404 Not Found');
  });

  it('is closed and opened again', async () => {
    const issue_number = await newIssue();
    await github.closeIssue(shop, issue_number, { by: 'ann' });
    const closed = await octokit.issues.get({ ...inShop, issue_number });
    expect(closed.data).toMatchObject({ state: 'closed', state_reason: 'completed', closed_by: { login: 'ann' } });
    await octokit.issues.update({ ...inShop, issue_number, state: 'open' });
    expect(shop.issue(issue_number)).toMatchObject({ state: 'open', stateReason: 'reopened' });
  });

  it('is listed by its label', async () => {
    const number = await newIssue(['only-here']);
    const { data } = await octokit.issues.listForRepo({ ...inShop, labels: 'only-here' });
    expect(data.map((issue) => issue.number)).toEqual([number]);
  });

  it.each([
    ['a title', 'title', 257, 'title is too long (maximum is 256 characters)'],
    ['a body', 'body', 65_537, 'body is too long (maximum is 65536 characters)'],
  ])('is refused with %s of %s that is %i characters long', async (_what, field, length, message) => {
    const opening = octokit.issues.create({ ...inShop, title: 'x', [field]: 'x'.repeat(length) });
    await expect(opening).rejects.toMatchObject({
      status: 422,
      response: {
        data: { message: 'Validation Failed', errors: [{ resource: 'Issue', code: 'custom', field, message }] },
      },
    });
  });
});

describe('comments', () => {
  it('of the App are written, changed and deleted', async () => {
    const issue_number = await newIssue();
    const { data } = await octokit.issues.createComment({ ...inShop, issue_number, body: 'one' });
    expect(data).toMatchObject({
      user: { login: 'backend-developer[bot]', id: github.app.botId, type: 'Bot' },
      performed_via_github_app: { id: github.app.id, slug: 'backend-developer' },
    });
    await octokit.issues.updateComment({ ...inShop, comment_id: data.id, body: 'two' });
    expect(shop.comments(issue_number)).toMatchObject([{ id: data.id, body: 'two', author: 'backend-developer[bot]' }]);
    await octokit.issues.deleteComment({ ...inShop, comment_id: data.id });
    expect(shop.comments(issue_number)).toEqual([]);
    expect(await refusalOf(octokit.issues.getComment({ ...inShop, comment_id: data.id }))).toBe('404 Not Found');
  });

  it('come in pages of thirty, all of them when asked page by page', async () => {
    const issue_number = await newIssue();
    for (let index = 0; index < 65; index += 1) {
      await github.comment(shop, issue_number, `comment ${index}`, { by: 'ann' });
    }
    const first = await octokit.issues.listComments({ ...inShop, issue_number });
    expect(first.data).toHaveLength(30);
    expect(first.headers.link).toMatch(/<[^>]+[?&]page=2>; rel="next", <[^>]+[?&]page=3>; rel="last"/);
    const all = await octokit.paginate(octokit.issues.listComments, { ...inShop, issue_number, per_page: 20 });
    expect(all.map((comment) => comment.body)).toEqual(all.map((_comment, index) => `comment ${index}`));
    expect(all).toHaveLength(65);
    const most = await octokit.issues.listComments({ ...inShop, issue_number, per_page: 1000 });
    expect(most.data).toHaveLength(65);
    expect(most.headers.link).toBeUndefined();
  });

  it.each([
    ['empty', '  ', 'Body cannot be blank'],
    ['longer than 65,536 characters', 'x'.repeat(65_537), 'Body is too long (maximum is 65536 characters)'],
  ])('are refused when they are %s', async (_what, body, message) => {
    const issue_number = await newIssue();
    await expect(octokit.issues.createComment({ ...inShop, issue_number, body })).rejects.toMatchObject({
      status: 422,
      response: { data: { errors: [{ resource: 'IssueComment', code: 'unprocessable', field: 'data', message }] } },
    });
  });

  it('may be exactly 65,536 characters long', async () => {
    const issue_number = await newIssue();
    const { status } = await octokit.issues.createComment({ ...inShop, issue_number, body: 'x'.repeat(65_536) });
    expect(status).toBe(201);
  });

  it('are changed by others only with write access', async () => {
    const issue_number = await newIssue();
    const { id } = await github.comment(shop, issue_number, 'mine', { by: 'ann' });
    const stranger = tokenOctokit(github, github.addUser('mallory').token);
    const changing = stranger.issues.updateComment({ ...inShop, comment_id: id, body: 'yours' });
    expect(await refusalOf(changing)).toBe('403 Must have admin rights to Repository.');
    expect(shop.comments(issue_number)[0]?.body).toBe('mine');
  });
});

describe('a request body', () => {
  it('of the wrong type is refused in the words of GitHub', async () => {
    const issue_number = await newIssue();
    const wrong = octokit.request({
      method: 'POST',
      url: `/repos/acme/shop/issues/${issue_number}/comments`,
      data: { body: 5 },
    });
    expect(await refusalOf(wrong)).toBe("422 Invalid request.\n\nFor 'properties/body', 5 is not a string.");
  });

  it('without what is needed is refused', async () => {
    const issue_number = await newIssue();
    const wrong = octokit.request({
      method: 'POST',
      url: `/repos/acme/shop/issues/${issue_number}/comments`,
      data: {},
    });
    expect(await refusalOf(wrong)).toBe('422 Invalid request.\n\n"body" wasn\'t supplied.');
  });

  it('that is no JSON is a bad request', async () => {
    const issue_number = await newIssue();
    const token = github.addUser('ann').token;
    const answer = await fetch(`${github.apiUrl}/repos/acme/shop/issues/${issue_number}/comments`, {
      method: 'POST',
      headers: { authorization: `token ${token}` },
      body: '{"body":',
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ message: 'Problems parsing JSON' });
  });

  it('may hold fields that GitHub does not know', async () => {
    const issue_number = await newIssue();
    const answer = await octokit.issues.createComment({ ...inShop, issue_number, body: 'x', nonsense: true });
    expect(answer.status).toBe(201);
  });
});

describe('labels', () => {
  it('are added once, made when they are new, and taken away', async () => {
    const issue_number = await newIssue(['backend']);
    const added = await octokit.issues.addLabels({ ...inShop, issue_number, labels: ['Backend', 'bug', 'brand-new'] });
    expect(added.data.map((label) => label.name)).toEqual(['backend', 'bug', 'brand-new']);
    const removed = await octokit.issues.removeLabel({ ...inShop, issue_number, name: 'bug' });
    expect(removed.data.map((label) => label.name)).toEqual(['backend', 'brand-new']);
    const again = octokit.issues.removeLabel({ ...inShop, issue_number, name: 'bug' });
    expect(await refusalOf(again)).toBe('404 Label does not exist');
  });

  it('of a new repository are the nine that GitHub makes', async () => {
    const { data } = await octokit.issues.getLabel({ ...inShop, name: 'good first issue' });
    expect(data).toMatchObject({ default: true, color: '7057ff' });
  });
});

describe('reactions', () => {
  it('of one kind are given once, and told apart by 201 and 200', async () => {
    const issue_number = await newIssue();
    const first = await octokit.reactions.createForIssue({ ...inShop, issue_number, content: 'eyes' });
    const second = await octokit.reactions.createForIssue({ ...inShop, issue_number, content: 'eyes' });
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.data.id).toBe(first.data.id);
    expect(shop.reactions(issue_number)).toEqual([{ content: 'eyes', user: 'backend-developer[bot]' }]);
    const { data } = await octokit.issues.get({ ...inShop, issue_number });
    expect(data.reactions).toMatchObject({ total_count: 1, eyes: 1 });
  });

  it('to a comment are listed and taken back', async () => {
    const issue_number = await newIssue();
    const { id } = await github.comment(shop, issue_number, '/backend implement', { by: 'ann' });
    const { data } = await octokit.reactions.createForIssueComment({ ...inShop, comment_id: id, content: 'rocket' });
    const listed = await octokit.reactions.listForIssueComment({ ...inShop, comment_id: id, content: 'rocket' });
    expect(listed.data.map((reaction) => reaction.id)).toEqual([data.id]);
    await octokit.reactions.deleteForIssueComment({ ...inShop, comment_id: id, reaction_id: data.id });
    expect(shop.commentReactions(id)).toEqual([]);
  });

  it('of a kind that GitHub does not have are refused', async () => {
    const issue_number = await newIssue();
    const wrong = octokit.request({
      method: 'POST',
      url: `/repos/acme/shop/issues/${issue_number}/reactions`,
      data: { content: 'thinking' },
    });
    expect(await refusalOf(wrong)).toContain('422 Invalid request.');
  });
});
