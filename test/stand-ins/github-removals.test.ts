import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Octokit } from '@octokit/rest';
import { startGitHub } from './github/index.ts';
import type { GitHubStandIn, RepositoryHandle } from './github/index.ts';
import { appOctokit, installationOctokit, refusalOf } from './github/octokit.ts';

const inShop = { owner: 'acme', repo: 'shop', issue_number: 1 };

let github: GitHubStandIn;
let shop: RepositoryHandle;
let octokit: Octokit;

beforeEach(async () => {
  github = await startGitHub();
  shop = await github.createRepository({ owner: 'acme', name: 'shop', collaborators: { ann: 'write', bob: 'triage' } });
  octokit = installationOctokit(github, shop);
  await github.openIssue(shop, { title: 'Broken', by: 'ann', labels: ['bug'] });
  await github.comment(shop, 1, 'Really', { by: 'bob' });
});

afterEach(async () => {
  expect(github.violations).toEqual([]);
  await github[Symbol.asyncDispose]();
});

describe('the events of an issue', () => {
  it('say who did what and when, oldest first', async () => {
    await github.addLabel(shop, 1, 'backend', { by: 'bob' });
    await github.editIssue(shop, 1, { title: 'Very broken', by: 'ann' });
    await github.lockIssue(shop, 1, { by: 'ann' });
    await github.unlockIssue(shop, 1, { by: 'ann' });
    await github.closeIssue(shop, 1, { by: 'ann' });
    await github.reopenIssue(shop, 1, { by: 'bob' });
    await octokit.issues.removeLabel({ ...inShop, name: 'backend' });
    const { data } = await octokit.issues.listEvents(inShop);
    const read = data.map((event) => [event.event, event.actor.login, 'label' in event ? event.label.name : undefined]);
    expect(read).toEqual([
      ['labeled', 'ann', 'bug'],
      ['labeled', 'bob', 'backend'],
      ['renamed', 'ann', undefined],
      ['locked', 'ann', undefined],
      ['unlocked', 'ann', undefined],
      ['closed', 'ann', undefined],
      ['reopened', 'bob', undefined],
      ['unlabeled', 'backend-developer[bot]', 'backend'],
    ]);
    expect(data[1]?.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  it('come in pages', async () => {
    for (const name of ['one', 'two', 'three']) await github.addLabel(shop, 1, name, { by: 'bob' });
    const all = await octokit.paginate(octokit.issues.listEvents, { ...inShop, per_page: 2 });
    expect(all).toHaveLength(4);
  });
});

describe('an issue that was deleted', () => {
  it('is gone for good, and its number is not used again', async () => {
    await github.deleteIssue(shop, 1, { by: 'ann' });
    expect(await refusalOf(octokit.issues.get(inShop))).toBe('410 This issue was deleted');
    expect(await refusalOf(octokit.issues.createComment({ ...inShop, body: 'x' }))).toBe('410 This issue was deleted');
    expect((await octokit.issues.listForRepo(inShop)).data).toEqual([]);
    expect((await github.openIssue(shop, { title: 'Next', by: 'ann' })).number).toBe(2);
  });
});

describe('an issue that was transferred', () => {
  it('is found in its new place by its old address, comments and all', async () => {
    const attic = await github.createRepository({ owner: 'acme', name: 'attic' });
    await github.openIssue(attic, { title: 'Here before', by: 'ann' });
    expect(await github.transferIssue(shop, 1, attic, { by: 'ann' })).toMatchObject({ number: 2, title: 'Broken' });
    const { data } = await octokit.issues.get(inShop);
    expect(data.repository_url).toMatch(/\/repos\/acme\/attic$/);
    expect(data.number).toBe(2);
    expect((await octokit.issues.listComments(inShop)).data).toMatchObject([{ body: 'Really' }]);
    await octokit.issues.createComment({ ...inShop, body: 'Still?' });
    expect(attic.comments(2).map(({ body }) => body)).toEqual(['Really', 'Still?']);
    const answer = await fetch(`${github.apiUrl}/repos/acme/shop/issues/1`, { redirect: 'manual' });
    expect(answer.status).toBe(301);
    expect(answer.headers.get('location')).toBe(`${github.apiUrl}/repositories/${attic.id}/issues/2`);
  });

  it('to where the App may not look is not found', async () => {
    const attic = await github.createRepository({ owner: 'acme', name: 'attic', isPrivate: true });
    github.removeRepository(attic, { by: 'ann' });
    await github.transferIssue(shop, 1, attic, { by: 'ann' });
    expect(await refusalOf(octokit.issues.get(inShop))).toBe('404 Not Found');
  });
});

describe('a repository that is taken out of the installation', () => {
  it('can be neither seen nor heard any more, until it is put back', async () => {
    github.connectWebhook('http://127.0.0.1:1/');
    const vault = await github.createRepository({ owner: 'acme', name: 'vault', isPrivate: true });
    github.removeRepository(vault, { by: 'ann' });
    await github.openIssue(vault, { title: 'Unheard', by: 'ann' });
    expect(github.deliveries.map(({ event, action }) => `${event}.${action ?? ''}`)).toEqual([
      'installation_repositories.removed',
    ]);
    expect(await refusalOf(octokit.repos.get({ owner: 'acme', repo: 'vault' }))).toBe('404 Not Found');
    const app = appOctokit(github);
    expect(await refusalOf(app.apps.getRepoInstallation({ owner: 'acme', repo: 'vault' }))).toBe('404 Not Found');
    const { data } = await octokit.apps.listReposAccessibleToInstallation();
    expect(data.repositories.map(({ name }) => name)).toEqual(['shop']);
    expect((await app.apps.listInstallations()).data).toMatchObject([{ repository_selection: 'selected' }]);
    github.addRepository(vault, { by: 'ann' });
    expect((await octokit.repos.get({ owner: 'acme', repo: 'vault' })).data.name).toBe('vault');
    await github.settled();
  });
});
