import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startGitHub } from './github/index.ts';
import type { GitHubStandIn, RepositoryHandle } from './github/index.ts';
import { installationOctokit, refusalOf } from './github/octokit.ts';

const inShop = { owner: 'acme', repo: 'shop', issue_number: 1 };

let github: GitHubStandIn;
let shop: RepositoryHandle;
let time = Date.now();

beforeEach(async () => {
  github = await startGitHub({ now: () => time });
  shop = await github.createRepository({ owner: 'acme', name: 'shop', collaborators: { ann: 'write' } });
  await github.openIssue(shop, { title: 'Broken', by: 'ann' });
});

afterEach(async () => {
  expect(github.violations).toEqual([]);
  await github[Symbol.asyncDispose]();
});

function comment(body = 'hello') {
  return installationOctokit(github, shop).issues.createComment({ ...inShop, body });
}

describe('a fault', () => {
  it('with a status strikes as often as it was told and leaves nothing behind', async () => {
    const struck = github.plantFault({ method: 'POST', path: '/comments', times: 2, then: 'status', status: 503 });
    expect(await refusalOf(comment())).toContain('503');
    expect(await refusalOf(comment())).toContain('503');
    expect(shop.comments(1)).toEqual([]);
    expect((await comment()).status).toBe(201);
    expect(struck()).toBe(2);
  });

  it('lets calls pass first when it was told to', async () => {
    github.plantFault({ method: 'POST', path: /\/issues\/1\/comments$/, after: 1, then: 'status', status: 500 });
    expect((await comment()).status).toBe(201);
    expect(await refusalOf(comment())).toContain('500');
  });

  it.each(['cut', '502'] as const)('that loses the reply (%s) leaves the effect', async (how) => {
    github.plantFault({ method: 'POST', path: '/comments', then: 'lose-reply', how });
    await expect(comment('kept')).rejects.toThrow();
    expect(shop.comments(1)).toMatchObject([{ body: 'kept' }]);
    expect(github.history.at(-1)).toMatchObject({ fault: 'lose-reply', status: 0 });
  });

  it('that cuts the connection leaves no effect', async () => {
    github.plantFault({ method: 'POST', path: '/comments', then: 'cut' });
    await expect(comment()).rejects.toThrow();
    expect(shop.comments(1)).toEqual([]);
  });

  it('that hangs answers nothing until the caller gives up', async () => {
    github.plantFault({ method: 'GET', path: '/repos/acme/shop', then: 'hang' });
    const waiting = fetch(`${github.apiUrl}/repos/acme/shop`, { signal: AbortSignal.timeout(200) });
    await expect(waiting).rejects.toThrow('timeout');
  });

  it('that lags hides young items from the very list it strikes, and from nothing else', async () => {
    await comment('old');
    time += 60_000;
    const { data } = await comment('young');
    github.plantFault({ method: 'GET', path: '/issues/1/comments', then: 'lag' });
    const octokit = installationOctokit(github, shop);
    expect((await octokit.issues.listComments(inShop)).data.map((each) => each.body)).toEqual(['old']);
    expect((await octokit.issues.getComment({ ...inShop, comment_id: data.id })).data.body).toBe('young');
    expect((await octokit.issues.listComments(inShop)).data.map((each) => each.body)).toEqual(['old', 'young']);
  });

  it('strikes git as well', async () => {
    github.plantFault({ path: 'git-upload-pack', then: 'status', status: 500 });
    const answer = await fetch(`${github.url}/acme/shop.git/git-upload-pack`, { method: 'POST', body: '' });
    expect(answer.status).toBe(500);
  });
});

describe('the primary rate limit', () => {
  it('says when it ends, and lets nothing through before that', async () => {
    await using tight = await startGitHub({ now: () => time, rateLimit: { perHour: 2 } });
    const repo = await tight.createRepository({ owner: 'acme', name: 'shop' });
    let octokit = installationOctokit(tight, repo);
    const read = () => octokit.repos.get({ owner: 'acme', repo: 'shop' });
    await read();
    const { headers } = await read();
    expect(headers).toMatchObject({ 'x-ratelimit-limit': '2', 'x-ratelimit-remaining': '0', 'x-ratelimit-used': '2' });
    await expect(read()).rejects.toMatchObject({
      status: 403,
      response: { headers: { 'x-ratelimit-remaining': '0' } },
    });
    const reset = Number(headers['x-ratelimit-reset']) * 1000;
    expect(reset - time).toBeGreaterThan(3_500_000);
    time = reset + 1;
    octokit = installationOctokit(tight, repo);
    expect((await read()).status).toBe(200);
  });

  it('can be planted', async () => {
    github.plantFault({ path: '/comments', then: 'rate-limit', resetInMs: 5_000, status: 429 });
    await expect(comment()).rejects.toMatchObject({
      status: 429,
      response: {
        headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.ceil((time + 5_000) / 1000)) },
      },
    });
  });
});

describe('the secondary rate limit', () => {
  it('can be planted with and without a time to wait', async () => {
    github.plantFault({ path: '/comments', then: 'secondary-limit', retryAfter: 7 });
    await expect(comment()).rejects.toMatchObject({ status: 403, response: { headers: { 'retry-after': '7' } } });
    github.plantFault({ path: '/comments', then: 'secondary-limit' });
    expect(await refusalOf(comment())).toContain('403 You have exceeded a secondary rate limit');
  });

  it('bites who makes more than it allows in a minute', async () => {
    await using tight = await startGitHub({ now: () => time, rateLimit: { contentPerMinute: 2 } });
    const repo = await tight.createRepository({ owner: 'acme', name: 'shop' });
    await tight.openIssue(repo, { title: 'Broken', by: 'ann' });
    const octokit = installationOctokit(tight, repo);
    const write = () => octokit.issues.createComment({ ...inShop, body: 'x' });
    await write();
    await write();
    expect(await refusalOf(write())).toContain('403 You have exceeded a secondary rate limit');
    expect(repo.comments(1)).toHaveLength(2);
    time += 60_001;
    expect((await write()).status).toBe(201);
  });
});
