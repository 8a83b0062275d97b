import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startGitHub } from './github/index.ts';
import type { GitHubStandIn, RepositoryHandle } from './github/index.ts';
import { appOctokit, installationOctokit } from './github/octokit.ts';
import { receiveWebhooks } from './github/webhook-receiver.ts';
import type { WebhookReceiver } from './github/webhook-receiver.ts';

const inShop = { owner: 'acme', repo: 'shop' };

let github: GitHubStandIn;
let receiver: WebhookReceiver;
let shop: RepositoryHandle;
let time = Date.now();

beforeEach(async () => {
  github = await startGitHub({ now: () => time, webhookTimeoutMs: 300 });
  receiver = await receiveWebhooks();
  github.connectWebhook(receiver.url);
  shop = await github.createRepository({ owner: 'acme', name: 'shop', collaborators: { ann: 'write' } });
});

afterEach(async () => {
  expect(github.violations).toEqual([]);
  await github[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

function names(): string[] {
  return github.deliveries.map(({ event, action }) => (action === null ? event : `${event}.${action}`));
}

describe('a webhook', () => {
  it('is signed over the bytes that are sent, and names its event and delivery', async () => {
    await github.openIssue(shop, { title: 'Broken', by: 'ann' });
    await github.settled();
    const [hook] = receiver.received;
    const mac = createHmac('sha256', github.app.webhookSecret)
      .update(hook?.body ?? '')
      .digest('hex');
    expect(hook?.headers).toMatchObject({
      'x-hub-signature-256': `sha256=${mac}`,
      'x-github-event': 'issues',
      'x-github-hook-installation-target-id': String(github.app.id),
      'x-github-hook-installation-target-type': 'integration',
      'content-type': 'application/json',
    });
    expect(hook?.headers['user-agent']).toMatch(/^GitHub-Hookshot\//);
    expect(hook?.headers['x-github-delivery']).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(github.deliveries[0]).toMatchObject({
      guid: hook?.headers['x-github-delivery'],
      status: 'OK',
      statusCode: 200,
    });
  });

  it('tells of one new issue with labels once as opened and once for each label', async () => {
    await github.openIssue(shop, { title: 'Broken', by: 'ann', labels: ['backend', 'bug'] });
    await github.settled();
    expect(names()).toEqual(['issues.opened', 'issues.labeled', 'issues.labeled']);
    expect(github.deliveries[1]?.payload).toMatchObject({
      label: { name: 'backend' },
      issue: { labels: [{ name: 'backend' }, { name: 'bug' }], author_association: 'MEMBER' },
      repository: { id: shop.id, full_name: 'acme/shop' },
      organization: { login: 'acme' },
      installation: { id: shop.installationId },
      sender: { login: 'ann', type: 'User' },
    });
    expect(new Set(github.deliveries.map((each) => each.guid)).size).toBe(3);
  });

  it('is sent for what the App itself does, with the bot as sender', async () => {
    const { number } = await github.openIssue(shop, { title: 'Broken', by: 'ann' });
    const octokit = installationOctokit(github, shop);
    await octokit.issues.createComment({ ...inShop, issue_number: number, body: 'On it' });
    await github.settled();
    expect(github.deliveries.at(-1)).toMatchObject({
      event: 'issue_comment',
      action: 'created',
      payload: {
        sender: { login: 'backend-developer[bot]', type: 'Bot' },
        comment: { performed_via_github_app: { id: github.app.id } },
      },
    });
  });

  it('is not sent for a label that is there already', async () => {
    const { number } = await github.openIssue(shop, { title: 'Broken', by: 'ann', labels: ['backend'] });
    await github.addLabel(shop, number, 'backend', { by: 'ann' });
    expect(names()).toEqual(['issues.opened', 'issues.labeled']);
  });
});

describe('a delivery', () => {
  it('that was refused is not sent again by itself, and has the same GUID and bytes when it is redelivered', async () => {
    receiver.answer = 503;
    await github.openIssue(shop, { title: 'Broken', by: 'ann' });
    await github.settled();
    expect(receiver.received).toHaveLength(1);
    const [failed] = github.deliveries;
    expect(failed).toMatchObject({ state: 'failed', statusCode: 503, redelivery: false });
    receiver.answer = 202;
    github.redeliver(failed?.id ?? 0);
    await github.settled();
    expect(receiver.received).toHaveLength(2);
    expect(receiver.received[1]?.body).toBe(receiver.received[0]?.body);
    expect(github.deliveries[1]).toMatchObject({
      guid: failed?.guid,
      redelivery: true,
      state: 'answered',
      statusCode: 202,
    });
    expect(github.deliveries[1]?.id).not.toBe(failed?.id);
  });

  it('that is not answered in time has failed', async () => {
    receiver.answer = 'hang';
    await github.openIssue(shop, { title: 'Broken', by: 'ann' });
    await github.settled();
    expect(github.deliveries[0]).toMatchObject({ state: 'failed', status: 'timed out', statusCode: 504 });
  });

  it('to an address where nobody listens has failed', async () => {
    github.connectWebhook('http://127.0.0.1:1/');
    await github.openIssue(shop, { title: 'Broken', by: 'ann' });
    await github.settled();
    expect(github.deliveries[0]).toMatchObject({ state: 'failed', status: 'failed to connect to host' });
  });

  it('is listed, read and repeated through the API, for three days', async () => {
    for (const title of ['one', 'two', 'three']) await github.openIssue(shop, { title, by: 'ann' });
    await github.settled();
    const app = appOctokit(github);
    const { data, headers } = await app.apps.listWebhookDeliveries({ per_page: 2 });
    expect(data.map((each) => each.id)).toEqual(
      github.deliveries
        .map((each) => each.id)
        .slice(1)
        .reverse(),
    );
    const next = /<([^>]+)>; rel="next"/.exec(String(headers.link))?.[1] ?? '';
    const older: unknown = (await app.request(`GET ${next}`)).data;
    expect(older).toMatchObject([{ id: github.deliveries[0]?.id, event: 'issues', action: 'opened', status: 'OK' }]);
    const delivery_id = github.deliveries[0]?.id ?? 0;
    const single = await app.apps.getWebhookDelivery({ delivery_id });
    expect(single.data.request.payload).toMatchObject({ issue: { title: 'one' } });
    expect((await app.apps.redeliverWebhookDelivery({ delivery_id })).status).toBe(202);
    await github.settled();
    expect(receiver.received).toHaveLength(4);
    time += 3 * 24 * 3_600_000 + 1_000;
    expect((await app.apps.listWebhookDeliveries()).data).toEqual([]);
  });

  it('is recorded as failed while nobody answers, and can be repeated afterwards', async () => {
    github.disconnectWebhook();
    await github.openIssue(shop, { title: 'Broken', by: 'ann' });
    expect(github.deliveries).toMatchObject([
      { state: 'failed', status: 'failed to connect to host', statusCode: 502 },
    ]);
    const { data } = await appOctokit(github).apps.listWebhookDeliveries({ status: 'failure' });
    expect(data.map((each) => each.guid)).toEqual(github.deliveries.map((each) => each.guid));
    github.connectWebhook(receiver.url);
    github.redeliver(github.deliveries[0]?.id ?? 0);
    await github.settled();
    expect(receiver.received).toHaveLength(1);
  });

  it('is made by nothing before there was an address', async () => {
    await using deaf = await startGitHub();
    const repo = await deaf.createRepository({ owner: 'acme', name: 'shop' });
    await deaf.openIssue(repo, { title: 'Broken', by: 'ann' });
    expect(deaf.deliveries).toEqual([]);
  });

  it('fails on the wire as often as it is told, and GitHub knows', async () => {
    github.failDeliveries(0.1);
    for (let count = 0; count < 20; count += 1) {
      await github.openIssue(shop, { title: 'Broken', by: 'ann' });
      await github.settled();
    }
    expect(receiver.received).toHaveLength(18);
    const failed = github.deliveries.filter((each) => each.state === 'failed');
    expect(failed).toHaveLength(2);
    for (const { id } of failed) github.redeliver(id);
    github.failDeliveries(0);
    await github.openIssue(shop, { title: 'Broken', by: 'ann' });
    await github.settled();
    expect(receiver.received).toHaveLength(21);
  });

  it('is lost as often as it is told, and GitHub knows nothing of it', async () => {
    github.loseDeliveries(({ payload }) => JSON.stringify(payload).includes('Lost'));
    await github.openIssue(shop, { title: 'Lost', by: 'ann' });
    await github.openIssue(shop, { title: 'Found', by: 'ann' });
    await github.settled();
    expect(receiver.received).toHaveLength(1);
    expect(github.deliveries).toHaveLength(1);
    const written = github.chronicle.filter((entry) => entry.type === 'delivery');
    expect(written).toMatchObject([{ state: 'lost' }, { state: 'answered', statusCode: 200 }]);
  });
});

describe('an App', () => {
  it('hears only of what it asked for and may read', async () => {
    await using small = await startGitHub({
      permissions: { metadata: 'read', contents: 'write' },
      events: ['issues', 'push'],
    });
    small.connectWebhook(receiver.url);
    const repo = await small.createRepository({ owner: 'acme', name: 'shop' });
    await small.openIssue(repo, { title: 'Broken', by: 'ann' });
    await small.pushCommit(repo, { branch: 'main', files: { a: 'a' }, by: 'ann' });
    expect(small.deliveries.map((each) => each.event)).toEqual(['push']);
  });

  it('hears when it is suspended, and nothing while it is', async () => {
    github.suspend('acme', { by: 'ann' });
    await github.openIssue(shop, { title: 'Broken', by: 'ann' });
    github.unsuspend('acme', { by: 'ann' });
    github.uninstall('acme', { by: 'ann' });
    expect(names()).toEqual(['installation.suspend', 'installation.unsuspend', 'installation.deleted']);
    await github.settled();
  });

  it('hears when a repository is renamed, archived and deleted', async () => {
    github.rename(shop, 'store', { by: 'ann' });
    github.archive(shop, { by: 'ann' });
    github.deleteRepository(shop, { by: 'ann' });
    expect(names()).toEqual(['repository.renamed', 'repository.archived', 'repository.deleted']);
    await github.settled();
  });
});
