import { createSign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGitHub } from './github/index.ts';
import type { GitHubStandIn, RepositoryHandle } from './github/index.ts';
import { appOctokit, installationOctokit, mintFor, refusalOf, tokenOctokit } from './github/octokit.ts';

let github: GitHubStandIn;
let shop: RepositoryHandle;
let vault: RepositoryHandle;
let time = Date.now();

const inShop = { owner: 'acme', repo: 'shop' };

beforeAll(async () => {
  github = await startGitHub({ now: () => time });
  shop = await github.createRepository({ owner: 'acme', name: 'shop', collaborators: { ann: 'admin', tim: 'triage' } });
  vault = await github.createRepository({ owner: 'acme', name: 'vault', isPrivate: true });
  await github.openIssue(shop, { title: 'Broken', by: 'ann' });
});

afterAll(async () => {
  expect(github.violations).toEqual([]);
  await github[Symbol.asyncDispose]();
});

function signedToken(claims: Record<string, unknown>): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const head = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`;
  return `${head}.${createSign('RSA-SHA256').update(head).sign(github.app.privateKey, 'base64url')}`;
}

async function get(path: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${github.apiUrl}${path}`, { headers });
  // Every answer read here is a JSON object.
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}

describe("the App's own token", () => {
  const seconds = () => Math.floor(time / 1000);

  it('is accepted with the right key, issuer and times', async () => {
    const { data } = await appOctokit(github).apps.getAuthenticated();
    expect(data).toMatchObject({ id: github.app.id, slug: 'backend-developer', installations_count: 1 });
  });

  it.each([
    ['expired', () => ({ iat: seconds() - 700, exp: seconds() - 100 }), 'Expiration time'],
    ['valid for more than ten minutes', () => ({ iat: seconds(), exp: seconds() + 660 }), 'too far in the future'],
    ['from the future', () => ({ iat: seconds() + 300, exp: seconds() + 600 }), 'Issued at'],
  ])('is refused when it is %s', async (_name, times, words) => {
    const token = signedToken({ iss: String(github.app.id), ...times() });
    const answer = await get('/app', { authorization: `Bearer ${token}` });
    expect(answer.status).toBe(401);
    expect(answer.body['message']).toContain(words);
  });

  it('is refused when another key signed it', async () => {
    const token = signedToken({ iss: String(github.app.id), iat: seconds(), exp: seconds() + 300 });
    const forged = `${token.slice(0, -8)}AAAAAAAA`;
    expect(await get('/app', { authorization: `Bearer ${forged}` })).toMatchObject({
      status: 401,
      body: { message: 'A JSON web token could not be decoded', status: '401' },
    });
  });

  it('opens no repository', async () => {
    const token = signedToken({ iss: String(github.app.id), iat: seconds(), exp: seconds() + 300 });
    const answer = await get('/repos/acme/shop', { authorization: `Bearer ${token}` });
    expect(answer.status).toBe(403);
  });
});

describe('an installation token', () => {
  it('is opaque, long, and says what it may do and until when', async () => {
    const { data } = await appOctokit(github).request('POST /app/installations/{installation_id}/access_tokens', {
      installation_id: shop.installationId,
      repositories: ['shop'],
      permissions: { contents: 'read' },
    });
    expect(data.token).toMatch(/^ghs_[\w.-]{516}$/);
    expect(data.permissions).toEqual({ contents: 'read', metadata: 'read' });
    expect(data.repositories?.map((repo) => repo.name)).toEqual(['shop']);
    expect(Date.parse(data.expires_at)).toBeGreaterThan(time + 3_590_000);
  });

  it('is not given for more than the installation has', async () => {
    const minting = mintFor(github, shop, { contents: 'write', workflows: 'write' });
    expect(await refusalOf(minting)).toContain('422 The permissions requested are not granted to this installation');
  });

  it("is not given for somebody else's repository", async () => {
    const foreign = await github.createRepository({ owner: 'globex', name: 'lab' });
    const minting = mintFor(github, { id: foreign.id, installationId: shop.installationId }, { contents: 'read' });
    expect(await refusalOf(minting)).toContain('422 There is at least one repository that does not exist');
  });

  it('opens only its repositories', async () => {
    const octokit = tokenOctokit(github, await mintFor(github, shop, { contents: 'read' }));
    expect((await octokit.repos.get(inShop)).data.id).toBe(shop.id);
    expect(await refusalOf(octokit.repos.get({ owner: 'acme', repo: 'vault' }))).toBe('404 Not Found');
    const listed = await octokit.apps.listReposAccessibleToInstallation();
    expect(listed.data.repositories.map((repo) => repo.name)).toEqual(['shop']);
  });

  it('does only what it was given for, and the refusal names what would be needed', async () => {
    const token = await mintFor(github, shop, { issues: 'read' });
    const octokit = tokenOctokit(github, token);
    await octokit.issues.get({ ...inShop, issue_number: 1 });
    const commenting = octokit.issues.createComment({ ...inShop, issue_number: 1, body: 'hello' });
    await expect(commenting).rejects.toMatchObject({
      status: 403,
      response: {
        headers: { 'x-accepted-github-permissions': 'issues=write; pull_requests=write' },
        data: { message: 'Resource not accessible by integration', status: '403' },
      },
    });
    expect(shop.comments(1)).toEqual([]);
  });

  it('talks on pull requests but not on issues with `pull_requests` alone', async () => {
    const octokit = tokenOctokit(github, await mintFor(github, shop, { pull_requests: 'write' }));
    const commenting = octokit.issues.createComment({ ...inShop, issue_number: 1, body: 'hello' });
    expect(await refusalOf(commenting)).toContain('403 Resource not accessible by integration');
  });

  it('ends when its time is over', async () => {
    const octokit = tokenOctokit(github, await mintFor(github, shop, { contents: 'read' }));
    await octokit.repos.get(inShop);
    time += 3_600_001;
    expect(await refusalOf(octokit.repos.get(inShop))).toBe('401 Bad credentials');
  });

  it('ends when it is revoked', async () => {
    const octokit = tokenOctokit(github, await mintFor(github, shop, { contents: 'read' }));
    expect((await octokit.apps.revokeInstallationAccessToken()).status).toBe(204);
    expect(await refusalOf(octokit.repos.get(inShop))).toBe('401 Bad credentials');
  });

  it('is noted in the history with its permissions and repositories', async () => {
    const octokit = tokenOctokit(github, await mintFor(github, vault, { contents: 'read' }));
    await octokit.repos.get({ owner: 'acme', repo: 'vault' });
    expect(github.history.at(-1)).toMatchObject({
      method: 'GET',
      path: '/repos/acme/vault',
      route: 'GET /repos/{owner}/{repo}',
      status: 200,
      actor: 'backend-developer[bot]',
      tokenPermissions: { contents: 'read', metadata: 'read' },
      tokenRepositoryIds: [vault.id],
    });
  });
});

describe('people', () => {
  it.each([
    ['ann', 'admin', 'admin'],
    ['tim', 'read', 'triage'],
    ['stranger', 'read', 'read'],
  ])('%s has the permission %s and the role %s in a public repository', async (login, permission, role) => {
    github.addUser(login);
    const { data } = await installationOctokit(github, shop).repos.getCollaboratorPermissionLevel({
      ...inShop,
      username: login,
    });
    expect(data).toMatchObject({ permission, role_name: role, user: { login } });
  });

  it('have none in a private repository unless they were invited', async () => {
    const asking = installationOctokit(github, vault).repos.getCollaboratorPermissionLevel({
      owner: 'acme',
      repo: 'vault',
      username: 'stranger',
    });
    expect((await asking).data.permission).toBe('none');
  });

  it.each(['nobody-at-all', 'backend-developer[bot]'])('%s is not a person', async (username) => {
    const asking = installationOctokit(github, shop).repos.getCollaboratorPermissionLevel({ ...inShop, username });
    expect(await refusalOf(asking)).toBe(`404 ${username} is not a user`);
  });

  it('find the bot under its login', async () => {
    const { data } = await installationOctokit(github, shop).users.getByUsername({ username: github.app.botLogin });
    expect(data).toMatchObject({ id: github.app.botId, login: 'backend-developer[bot]', type: 'Bot' });
  });
});

describe('every answer', () => {
  it("carries GitHub's headers", async () => {
    const { headers } = await get('/repos/acme/shop');
    expect(headers.get('x-github-request-id')).toMatch(/^[0-9A-F]{20}$/);
    expect(headers.get('x-ratelimit-limit')).toBe('5000');
    expect(Number(headers.get('x-ratelimit-remaining'))).toBeLessThan(5000);
    expect(headers.get('x-github-media-type')).toBe('github.v3; format=json');
    expect(headers.get('date')).toBe(new Date(time).toUTCString());
  });

  it('is not sent again to a reader who has it', async () => {
    const { headers } = await get('/repos/acme/shop');
    const again = await fetch(`${github.apiUrl}/repos/acme/shop`, {
      headers: { 'if-none-match': headers.get('etag') ?? '' },
    });
    expect(again.status).toBe(304);
  });

  it('to an unknown path is a 404 that the history counts as missed', async () => {
    expect(await get('/repos/acme/shop/milestones')).toMatchObject({
      status: 404,
      body: { message: 'Not Found', documentation_url: 'https://docs.github.com/rest', status: '404' },
    });
    expect(github.history.at(-1)).toMatchObject({ path: '/repos/acme/shop/milestones', missed: true });
  });

  it('to wrong credentials is a 401', async () => {
    expect(await get('/repos/acme/shop', { authorization: 'token ghs_unknown' })).toMatchObject({
      status: 401,
      body: { message: 'Bad credentials' },
    });
  });
});

describe('an archived repository', () => {
  it('is read and not written', async () => {
    const old = await github.createRepository({ owner: 'acme', name: 'old' });
    const octokit = installationOctokit(github, old);
    const { number } = await github.openIssue(old, { title: 'Late', by: 'ann' });
    github.archive(old, { by: 'ann' });
    expect((await octokit.repos.get({ owner: 'acme', repo: 'old' })).data.archived).toBe(true);
    const writing = octokit.issues.createComment({ owner: 'acme', repo: 'old', issue_number: number, body: 'x' });
    expect(await refusalOf(writing)).toBe('403 Repository was archived so is read-only.');
  });
});

describe('a renamed repository', () => {
  it('is still found under its old name', async () => {
    const repo = await github.createRepository({ owner: 'acme', name: 'before' });
    github.rename(repo, 'after', { by: 'ann' });
    const { data } = await installationOctokit(github, repo).repos.get({ owner: 'acme', repo: 'before' });
    expect(data.full_name).toBe('acme/after');
  });

  it('is found by its id, also for writing', async () => {
    const octokit = installationOctokit(github, vault);
    const opened = await octokit.request('POST /repositories/{id}/issues', { id: vault.id, title: 'By id' });
    expect(opened.status).toBe(201);
    expect(await refusalOf(octokit.request('GET /repositories/{id}', { id: 1 }))).toBe('404 Not Found');
    expect(github.history.at(-1)).toMatchObject({ status: 404, missed: false });
  });
});

describe('an installation', () => {
  it('that is suspended gives no token and lets none work, until it goes on', async () => {
    const repo = await github.createRepository({ owner: 'initech', name: 'tps' });
    const octokit = tokenOctokit(github, await mintFor(github, repo, { contents: 'read' }));
    github.suspend('initech', { by: 'bill' });
    expect(await refusalOf(octokit.repos.get({ owner: 'initech', repo: 'tps' }))).toContain(
      '403 This installation has been suspended',
    );
    expect(await refusalOf(mintFor(github, repo, { contents: 'read' }))).toContain(
      '403 This installation has been suspended',
    );
    github.unsuspend('initech', { by: 'bill' });
    expect((await octokit.repos.get({ owner: 'initech', repo: 'tps' })).status).toBe(200);
  });

  it('that was removed takes its tokens along', async () => {
    const repo = await github.createRepository({ owner: 'hooli', name: 'nucleus' });
    const octokit = tokenOctokit(github, await mintFor(github, repo, { contents: 'read' }));
    github.uninstall('hooli', { by: 'gavin' });
    expect(await refusalOf(octokit.repos.get({ owner: 'hooli', repo: 'nucleus' }))).toBe('401 Bad credentials');
    expect(await refusalOf(mintFor(github, repo, { contents: 'read' }))).toContain('404 Not Found');
  });
});
