import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startGitHub } from './github/index.ts';
import type { GitHubStandIn, RepositoryHandle } from './github/index.ts';
import { appOctokit, mintFor, refusalOf, tokenOctokit } from './github/octokit.ts';
import { signAppToken } from './github/app-token.ts';
import { receiveWebhooks } from './github/webhook-receiver.ts';

const minute = 60_000;
const start = Date.now();

let github: GitHubStandIn;
let shop: RepositoryHandle;

beforeEach(async () => {
  github = await startGitHub({ now: () => start, tokenLifetimeMs: 5_000 });
  shop = await github.createRepository({ owner: 'acme', name: 'shop' });
});

afterEach(async () => {
  expect(github.violations).toEqual([]);
  await github[Symbol.asyncDispose]();
});

function dateOf(answer: Response): number {
  return Date.parse(answer.headers.get('date') ?? '') - Math.floor(start / 1000) * 1000;
}

describe('the clock', () => {
  it.each([-10 * minute, 0, 10 * minute])('that is %i ms off shows in every answer', async (offset) => {
    github.setClock(offset);
    expect(github.now()).toBe(start + offset);
    const paths = ['/api/v3/rate_limit', '/api/v3/nothing', '/acme/shop.git/info/refs?service=git-upload-pack', '/x'];
    for (const path of paths) expect(dateOf(await fetch(`${github.url}${path}`)), path).toBe(offset);
    github.plantFault({ path: '/rate_limit', then: 'lose-reply', how: '502' });
    expect(dateOf(await fetch(`${github.apiUrl}/rate_limit`))).toBe(offset);
  });

  it('expires tokens when it is set forward', async () => {
    const octokit = tokenOctokit(github, await mintFor(github, shop, { contents: 'read' }));
    expect((await octokit.repos.get({ owner: 'acme', repo: 'shop' })).status).toBe(200);
    github.setClock(4_999);
    expect((await octokit.repos.get({ owner: 'acme', repo: 'shop' })).status).toBe(200);
    github.setClock(5_000);
    expect(await refusalOf(octokit.repos.get({ owner: 'acme', repo: 'shop' }))).toBe('401 Bad credentials');
  });

  it.each([-10 * minute, 10 * minute])('that is %i ms off is what the real client falls in with', async (offset) => {
    github.setClock(offset);
    expect((await appOctokit(github).apps.getAuthenticated()).data?.slug).toBe('backend-developer');
  });

  it.each([
    ['lasts from now', 0, 600, ''],
    ['was made a minute ago', -60, 540, ''],
    ['is from the future', 1, 600, "'Issued at' claim ('iat') must be an Integer"],
    ['has ended', -60, 0, "'Expiration time' claim ('exp') must be a numeric value"],
    ['lasts longer than ten minutes', 0, 601, "'Expiration time' claim ('exp') is too far in the future"],
  ])("judges the App's own token that %s", async (_what, iat, exp, message) => {
    const seconds = Math.floor(github.now() / 1000);
    const token = signAppToken(github.app, { iat: seconds + iat, exp: seconds + exp });
    const answer = await fetch(`${github.apiUrl}/app`, { headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(message === '' ? 200 : 401);
    expect(await answer.text()).toContain(message);
  });
});

describe("the App's secrets", () => {
  async function asks(privateKey: string): Promise<number> {
    const seconds = Math.floor(github.now() / 1000);
    const token = signAppToken({ id: github.app.id, privateKey }, { iat: seconds, exp: seconds + 60 });
    return (await fetch(`${github.apiUrl}/app`, { headers: { authorization: `Bearer ${token}` } })).status;
  }

  it('are several keys while one takes over from another', async () => {
    const fresh = await github.addKey();
    expect([await asks(github.app.privateKey), await asks(fresh)]).toEqual([200, 200]);
    github.removeKey(github.app.privateKey);
    expect([await asks(github.app.privateKey), await asks(fresh)]).toEqual([401, 200]);
  });

  it('sign deliveries with the present one', async () => {
    await using receiver = await receiveWebhooks();
    github.connectWebhook(receiver.url);
    await github.openIssue(shop, { title: 'Before', by: 'ann' });
    github.setWebhookSecret('another secret');
    await github.openIssue(shop, { title: 'After', by: 'ann' });
    await github.settled();
    expect(github.app.webhookSecret).toBe('another secret');
    const { body = '', headers } = receiver.received.find((hook) => hook.body.includes('After')) ?? {};
    const signature = createHmac('sha256', 'another secret').update(body).digest('hex');
    expect(headers?.['x-hub-signature-256']).toBe(`sha256=${signature}`);
    expect(github.deliveries[0]?.requestHeaders['x-hub-signature-256']).not.toBe(`sha256=${signature}`);
  });
});
