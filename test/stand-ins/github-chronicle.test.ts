import { afterEach, beforeEach, expect, it } from 'vitest';
import { cut, startGitHub } from './github/index.ts';
import type { ChronicleEntry, GitHubStandIn, RepositoryHandle } from './github/index.ts';
import { installationOctokit, refusalOf } from './github/octokit.ts';
import { receiveWebhooks } from './github/webhook-receiver.ts';

const inShop = { owner: 'acme', repo: 'shop' };
const bot = 'backend-developer[bot]';

let github: GitHubStandIn;
let shop: RepositoryHandle;

beforeEach(async () => {
  github = await startGitHub();
  shop = await github.createRepository({ owner: 'acme', name: 'shop', collaborators: { ann: 'write', bob: 'triage' } });
  await github.openIssue(shop, { title: 'Broken', by: 'bob' });
});

afterEach(async () => {
  expect(github.violations).toEqual([]);
  await github[Symbol.asyncDispose]();
});

function written<Type extends ChronicleEntry['type']>(type: Type): Extract<ChronicleEntry, { type: Type }>[] {
  return github.chronicle.filter((entry): entry is Extract<ChronicleEntry, { type: Type }> => entry.type === type);
}

it('everything is written in order, with a number and a time, as plain JSON', async () => {
  const before = performance.timeOrigin + performance.now();
  github.setClock(60_000);
  github.mark('a kill', { pid: 7 });
  await github.addLabel(shop, 1, 'backend', { by: 'ann' });
  await installationOctokit(github, shop).issues.createComment({ ...inShop, issue_number: 1, body: 'Hello' });
  const entries = github.chronicle;
  expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_entry, index) => index + 1));
  expect(entries.map(({ type }) => type)).toEqual(['action', 'mark', 'action', 'call', 'call']);
  expect(entries[1]).toMatchObject({ text: 'a kill', data: { pid: 7 } });
  expect(entries[1]?.at).toBeGreaterThanOrEqual(before);
  expect((entries[1]?.clock ?? 0) - (entries[1]?.at ?? 0)).toBeGreaterThan(59_000);
  expect(JSON.parse(JSON.stringify(entries))).toEqual(entries);
});

it('a call is written with who called, what it was, and what it changed', async () => {
  const octokit = installationOctokit(github, shop);
  const { data } = await octokit.issues.createComment({ ...inShop, issue_number: 1, body: 'Hello' });
  await octokit.issues.updateComment({ ...inShop, comment_id: data.id, body: 'Hello again' });
  await octokit.reactions.createForIssue({ ...inShop, issue_number: 1, content: 'eyes' });
  await octokit.reactions.createForIssue({ ...inShop, issue_number: 1, content: 'eyes' });
  const [minted, created, edited, seen, again] = written('call');
  expect(minted?.changes).toEqual([{ what: 'token', did: 'minted', installation: shop.installationId }]);
  expect(created).toMatchObject({
    kind: 'api',
    method: 'POST',
    route: 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
    path: '/repos/acme/shop/issues/1/comments',
    actor: bot,
    installation: shop.installationId,
    result: 201,
    isContent: true,
    fault: null,
    limit: null,
  });
  expect(created?.userAgent).toContain('octokit');
  expect(created?.arrivedAt).toBeLessThanOrEqual(created?.at ?? 0);
  const comment = { what: 'comment', repository: shop.id, id: data.id, issue: 1, author: bot };
  expect(created?.changes).toEqual([{ ...comment, did: 'created', body: 'Hello' }]);
  expect(edited?.changes).toEqual([{ ...comment, did: 'edited', body: 'Hello again' }]);
  expect(seen?.changes).toMatchObject([{ what: 'reaction', did: 'created', content: 'eyes' }]);
  expect(again?.changes).toEqual([]);
});

it('branches are written with where they were, where they are, and whether that is forward', async () => {
  const first = await github.pushCommit(shop, { branch: 'topic', files: { a: '1\n' }, by: 'ann' });
  const second = await github.pushCommit(shop, { branch: 'topic', files: { a: '2\n' }, by: 'ann' });
  const third = await github.pushCommit(shop, { branch: 'topic', files: { a: '3\n' }, by: 'ann', amend: true });
  await github.deleteBranch(shop, 'topic', { by: 'ann' });
  const topic = { what: 'ref', repository: shop.id, ref: 'refs/heads/topic', isSameTree: false };
  const main = await shop.branchSha('main');
  expect(written('action').flatMap(({ changes }) => changes)).toEqual([
    expect.objectContaining({ what: 'issue', did: 'opened', number: 1 }),
    { ...topic, did: 'created', from: null, to: first, parents: [main], isForward: true },
    { ...topic, did: 'moved', from: first, to: second, parents: [first], isForward: true },
    { ...topic, did: 'moved', from: second, to: third, parents: [first], isForward: false },
    { ...topic, did: 'deleted', from: third, to: null, parents: [], isForward: true },
  ]);
});

it('calls that run side by side are each charged with what they did themselves', async () => {
  const octokit = installationOctokit(github, shop);
  const sha = (await shop.branchSha('main')) ?? '';
  const names = Array.from({ length: 6 }, (_, at) => `refs/heads/b${at}`);
  await Promise.all(names.map((ref) => octokit.git.createRef({ ...inShop, ref, sha })));
  const made = written('call').filter(({ path }) => path.endsWith('/git/refs'));
  expect(made.map(({ changes }) => changes.length)).toEqual(names.map(() => 1));
  const told = made.flatMap(({ changes }) => changes.map((change) => ('ref' in change ? change.ref : '')));
  expect(told.sort()).toEqual(names);
});

it('of several who make the same branch or pull request at once one succeeds', async () => {
  const octokit = installationOctokit(github, shop);
  const sha = await github.pushCommit(shop, { branch: 'topic', files: { a: 'a\n' }, by: 'ann' });
  const branch = () => octokit.git.createRef({ ...inShop, ref: 'refs/heads/one', sha });
  const pull = () => octokit.pulls.create({ ...inShop, title: 'Fix', head: 'topic', base: 'main' });
  for (const make of [branch, pull]) {
    const ends = await Promise.allSettled([make(), make(), make(), make()]);
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected']);
  }
  expect(shop.pulls()).toHaveLength(1);
});

it('what people do is written with who did it and what they may do', async () => {
  await github.addLabel(shop, 1, 'backend', { by: 'bob' });
  await github.closeIssue(shop, 1, { by: 'ann' });
  github.suspend('acme', { by: 'acme' });
  const place = { type: 'action', repository: shop.id };
  expect(written('action').slice(1)).toMatchObject([
    {
      ...place,
      action: 'addLabel',
      by: 'bob',
      role: 'triage',
      changes: [{ did: 'labeled', number: 1, label: 'backend' }],
    },
    {
      ...place,
      action: 'closeIssue',
      by: 'ann',
      role: 'write',
      changes: [{ what: 'issue', did: 'closed', number: 1 }],
    },
    { action: 'suspend', role: null, repository: null, changes: [{ what: 'installation', did: 'suspended' }] },
  ]);
});

it('a delivery is written with what it was about and how it was answered', async () => {
  await using receiver = await receiveWebhooks();
  github.connectWebhook(receiver.url);
  receiver.answer = 202;
  await github.addLabel(shop, 1, 'backend', { by: 'ann' });
  await github.comment(shop, 1, '/backend stop', { by: 'bob' });
  await github.settled();
  github.disconnectWebhook();
  await github.closeIssue(shop, 1, { by: 'ann' });
  const common = { repository: shop.id, issue: 1, installation: shop.installationId, labels: ['backend'] };
  const [labeled, commented, closed] = written('delivery').sort((a, b) => a.id - b.id);
  expect(labeled).toMatchObject({ ...common, event: 'issues', action: 'labeled', label: 'backend', sender: 'ann' });
  expect(labeled).toMatchObject({ state: 'answered', statusCode: 202, senderRole: 'write', comment: null });
  expect(commented).toMatchObject({
    ...common,
    comment: { body: '/backend stop' },
    sender: 'bob',
    senderRole: 'triage',
  });
  expect(closed).toMatchObject({ ...common, action: 'closed', state: 'failed', statusCode: 502 });
});

it('faults that struck are written, and connections that a hook cut', async () => {
  const octokit = installationOctokit(github, shop);
  const comment = () => octokit.issues.createComment({ ...inShop, issue_number: 1, body: 'x' });
  github.plantFault({ path: '/comments', then: 'rate-limit', resetInMs: 9_000 });
  await refusalOf(comment());
  github.plantFault({ path: '/comments', then: 'lose-reply' });
  await expect(comment()).rejects.toThrow();
  github.plantFault({ path: '/comments', then: 'cut' });
  await expect(comment()).rejects.toThrow();
  for (const phase of ['before', 'after']) {
    const end = github.intercept((_call, now) => {
      if (phase === now) throw cut;
    });
    await expect(comment()).rejects.toThrow();
    end();
  }
  const path = '/repos/acme/shop/issues/1/comments';
  const struck = written('fault');
  const names = ['rate-limit', 'lose-reply', 'cut', 'cut-before', 'cut-after'];
  expect(struck.map(({ then }) => then)).toEqual(names);
  expect(struck[0]).toMatchObject({ method: 'POST', path, installation: shop.installationId });
  expect((struck[0]?.until ?? 0) - (struck[0]?.at ?? 0)).toBeCloseTo(9_000, -2);
  const calls = written('call').filter((call) => call.path === path);
  expect(calls.map(({ result, fault, changes }) => [result, fault, changes.length])).toEqual([
    [403, 'rate-limit', 0],
    [201, 'lose-reply', 1],
    [0, 'cut', 0],
    [0, null, 0],
    [201, null, 1],
  ]);
});
