import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { doorTo, identityOf, mintsOf, shareStandIn, startWorld } from './github-world.ts';

const openWorld = shareStandIn();

describe('deliveries', () => {
  it('are listed newest first over every page, those before the time left out, and their payloads are read', async () => {
    const clock = { at: Date.parse('2026-05-01T10:00:00Z') };
    await using world = await startWorld({ now: () => clock.at });
    const { standIn, repo, github } = world;
    standIn.connectWebhook('http://127.0.0.1:9/');
    await standIn.openIssue(repo, { title: 'too old', by: 'mona' });
    await standIn.settled();
    clock.at += 3_600_000;
    const since = new Date(clock.at - 1000).toISOString();
    await standIn.openIssue(repo, { title: 'new', by: 'mona' });
    for (let index = 0; index < 204; index++) await standIn.comment(repo, 2, `c${index}`, { by: 'mona' });
    await standIn.settled();

    const deliveries = await github.deliveries(since);
    const recorded = standIn.deliveries.filter(({ deliveredAt }) => deliveredAt >= Date.parse(since));
    expect(deliveries).toHaveLength(205);
    expect(deliveries.map(({ guid }) => guid)).toEqual(recorded.map(({ guid }) => guid).reverse());
    expect(deliveries.at(-1)).toMatchObject({ event: 'issues', action: 'opened', statusCode: recorded[0]?.statusCode });
    const pages = world.history().filter(({ path, status }) => path.endsWith('/deliveries') && status === 200);
    expect(pages).toHaveLength(3);

    const { id = '', guid } = deliveries.at(-1) ?? {};
    const delivery = await github.deliveryPayload(id);
    expect(delivery).toMatchObject({ event: 'issues', guid, payload: { action: 'opened', issue: { title: 'new' } } });
    expect(await github.deliveryPayload('404')).toBeUndefined();
  });

  it('have ids that are larger than a number can hold, and payloads with such numbers in them', async () => {
    await using world = await openWorld();
    const id = '9007199254740993001';
    const item = `"id": ${id}, "guid": "g", "event": "issues", "action": null, "delivered_at": "2026-05-01T10:00:00Z", "status_code": 0`;
    const answers: Record<string, string> = {
      '/app/hook/deliveries': `[{${item}}]`,
      [`/app/hook/deliveries/${id}`]: `{${item}, "request": { "payload": { "action": "opened", "large": ${id} } } }`,
    };
    const server = createServer((request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(answers[new URL(request.url ?? '', 'http://x').pathname]);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const github = doorTo(world.standIn, { baseUrl: `http://127.0.0.1:${port}` });
    const [delivery] = await github.deliveries('2026-01-01T00:00:00Z');
    expect(delivery).toMatchObject({ id, statusCode: 0 });
    const { payload } = (await github.deliveryPayload(id)) ?? {};
    expect(payload).toEqual({ action: 'opened', large: Number(id) });
    server.close();
  });

  it('are read again after a 502', async () => {
    await using world = await openWorld();
    const struck = world.standIn.plantFault({ path: '/app/hook/deliveries', times: 2, then: 'status', status: 502 });
    await world.github.deliveries(new Date().toISOString());
    expect(struck()).toBe(2);
  });
});

describe('installations', () => {
  it('are listed with those that are suspended, and each with its repositories', async () => {
    await using world = await startWorld({});
    const { standIn, github, repo } = world;
    const second = await standIn.createRepository({ owner: 'acme', name: 'second' });
    const other = await standIn.createRepository({ owner: 'globex', name: 'app' });
    standIn.suspend('globex', { by: 'mona' });
    expect(await github.installations()).toEqual([
      { id: repo.installationId, suspended: false },
      { id: other.installationId, suspended: true },
    ]);
    expect(await github.repositoriesOf(repo.installationId)).toEqual([identityOf(repo), identityOf(second)]);
    expect(mintsOf(world)[0]?.body).toEqual({ permissions: { metadata: 'read' } });
    await expect(github.repositoriesOf(other.installationId)).rejects.toMatchObject({
      code: 'github-gone',
      message: expect.stringMatching(/in installation \d+: .*suspended/) as string,
    });
  });
});

describe('labels', () => {
  it('lead to the open issues that carry one, in any letter case, and to no pull request', async () => {
    await using world = await openWorld();
    const { standIn, repo, client } = world;
    await standIn.openIssue(repo, { title: 'with', by: 'mona', labels: ['Backend'] });
    await standIn.openIssue(repo, { title: 'without', by: 'mona', labels: ['bug'] });
    await standIn.openIssue(repo, { title: 'closed', by: 'mona', labels: ['Backend'] });
    await standIn.closeIssue(repo, 3, { by: 'mona' });
    await standIn.pushCommit(repo, { branch: 'b', files: { b: 'b' }, by: 'mona' });
    const pull = await client.createPull({ title: 'pull', body: '', head: 'b', base: 'main', draft: false });
    await standIn.addLabel(repo, pull.number, 'Backend', { by: 'mona' });
    expect((await client.issuesWithLabel('backend')).map(({ title }) => title)).toEqual(['with']);
    expect(await client.issuesWithLabel('nobody')).toEqual([]);
  });

  it('tell who put one on last', async () => {
    await using world = await openWorld();
    const { standIn, repo, client } = world;
    await standIn.openIssue(repo, { title: 'Add', by: 'mona' });
    expect(await client.labelings(1, 'backend')).toBeUndefined();
    await standIn.addLabel(repo, 1, 'Backend', { by: 'mona' });
    await standIn.removeLabel(repo, 1, 'Backend', { by: 'mona' });
    const hubot = standIn.addUser('hubot');
    standIn.setPermission(repo, 'hubot', 'write');
    await standIn.addLabel(repo, 1, 'Backend', { by: 'hubot' });
    await standIn.addLabel(repo, 1, 'bug', { by: 'mona' });
    const last = await client.labelings(1, 'backend');
    expect(last?.actor).toEqual({ id: hubot.id, login: 'hubot', type: 'User' });
    expect(Math.abs(Date.parse(last?.at ?? '') - Date.now())).toBeLessThan(60_000);
  });
});
