import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import type { RepositoryClient, Watch } from '../../src/github/index.ts';
import { createLeakScan } from '../../src/leaks/index.ts';
import { watchGitHub } from '../../src/secrecy.ts';
import { identityOf, mintsOf, shareStandIn, writesOf, type GitHubWorld } from './github-world.ts';

const openWorld = shareStandIn();
const secret = createHash('sha256').update('of this installation').digest('base64url');
const watch: Watch = watchGitHub(createLeakScan([{ name: 'WEBHOOK_SECRET', value: secret }]));

interface Place {
  readonly name: string;
  readonly write: (client: RepositoryClient, text: string, sha: string) => Promise<unknown>;
}

const check = { name: 'c', conclusion: 'success', title: 't', summary: 's', annotations: [] } as const;
const annotation = { path: 'a', line: 1, level: 'notice' } as const;
const places: readonly Place[] = [
  { name: 'a comment', write: (client, text) => client.createComment(1, text) },
  {
    name: 'an edited comment',
    write: async (client, text) => {
      const [first] = await client.comments(1);
      await client.updateComment(first?.id ?? 0, text);
    },
  },
  { name: 'a file', write: (client, text) => client.createBlob(Buffer.from(text)) },
  {
    name: 'a file name',
    write: async (client, text, sha) => {
      const { tree } = await client.commitParentsAndTree(sha);
      const blob = await client.createBlob(Buffer.from('x'));
      await client.createTree(tree, [{ path: `docs/${encodeURIComponent(text)}.md`, mode: '100644', sha: blob }]);
    },
  },
  {
    name: 'a commit message',
    write: async (client, text, parent) => {
      const { tree } = await client.commitParentsAndTree(parent);
      await client.createCommit({ message: text, tree, parents: [parent] });
    },
  },
  { name: 'a branch', write: (client, text, sha) => client.createBranch(text.replace(/[^\w]/g, '_'), sha) },
  {
    name: 'a pull request’s title',
    write: (client, title) => client.createPull({ title, body: '', head: 'side', base: 'main', draft: false }),
  },
  {
    name: 'a pull request’s body',
    write: (client, body) => client.createPull({ title: 't', body, head: 'side', base: 'main', draft: false }),
  },
  { name: 'a check run', write: (client, summary, headSha) => client.createCheckRun({ ...check, headSha, summary }) },
  {
    name: 'an annotation',
    write: (client, message, headSha) =>
      client.createCheckRun({ ...check, headSha, annotations: [{ ...annotation, message }] }),
  },
];

const forms: readonly (readonly [name: string, text: string])[] = [
  ['as it is', secret],
  ['in part', secret.slice(20, 32)],
  [
    'backwards',
    [secret]
      .flatMap((text) => text.split(''))
      .reverse()
      .join(''),
  ],
  ['in base64', Buffer.from(`x${secret}`).toString('base64')],
  ['in hexadecimal', Buffer.from(secret).toString('hex')],
  ['in pieces', secret.replace(/.{5}/g, '$& ')],
];

async function prepare(world: GitHubWorld): Promise<string> {
  const { standIn, repo, client } = world;
  await standIn.openIssue(repo, { title: 'Add', by: 'mona' });
  await client.createComment(1, 'first');
  await standIn.pushCommit(repo, { branch: 'side', files: { b: 'b' }, by: 'mona' });
  return (await client.branchSha('main')) ?? '';
}

it.each(places)(
  'D30: a secret in $name leaves without the scan and not with it, in any form; other text does',
  async (place) => {
    await using open = await openWorld();
    await place.write(open.client, secret, await prepare(open));
    await using world = await openWorld({ door: { watch } });
    const sha = await prepare(world);
    const before = writesOf(world).filter(({ path }) => !path.endsWith('/blobs')).length;
    for (const [form, text] of forms) {
      const attempt = place.write(world.client, text, sha);
      // A branch's name keeps word characters only.
      if (place.name === 'a branch' && form === 'in pieces') await attempt.catch(() => undefined);
      else
        await expect(attempt, form).rejects.toMatchObject({
          code: 'secret-found',
          message: expect.stringMatching(/^(?!.*of this)What was about .* WEBHOOK_SECRET/) as string,
        });
    }
    const sent = JSON.stringify(writesOf(world).map(({ body }) => body));
    for (const [form, text] of forms) if (form !== 'in pieces') expect(sent).not.toContain(text);
    expect(writesOf(world).filter(({ path }) => !path.endsWith('/blobs')).length - before).toBeLessThanOrEqual(
      place.name === 'a branch' ? 1 : 0,
    );
    await place.write(world.client, 'Nothing of ours is in here.', sha);
  },
);

it('D30: tokens are secrets while they live', async () => {
  const leaks = createLeakScan([]);
  await using world = await openWorld({ door: { watch: watchGitHub(leaks) } });
  const work = { name: 'job 1/1', beforeWrite: async () => undefined };
  const client = world.github.repository(identityOf(world.repo), work);
  const token = await client.readToken();
  await expect(client.createBlob(Buffer.from(token.slice(-20)))).rejects.toMatchObject({ code: 'secret-found' });
  await client.release();
  expect(leaks.find(token)).toBeUndefined();
});

it('D27: after a job none of its tokens opens anything, and each was for one repository and one purpose', async () => {
  await using world = await openWorld();
  const { repo, standIn, github } = world;
  await standIn.openIssue(repo, { title: 'Add', by: 'mona' });
  const work = (name: string) => github.repository(identityOf(repo), { name, beforeWrite: async () => undefined });
  const [one, other] = [work('job 1/1'), work('job 2/1')];
  await one.createComment(1, 'hi');
  await one.createBlob(Buffer.from('x'));
  const token = await one.readToken();
  expect(await other.readToken()).toBe(token);
  const status = async () => {
    const { url } = standIn;
    const headers = { authorization: `token ${token}` };
    return (await fetch(`${url}/api/v3/repos/${repo.owner}/${repo.name}`, { headers })).status;
  };
  expect(await status()).toBe(200);
  await one.release();
  expect(await status()).toBe(200); // the other job still works with it
  await other.release();
  expect(await status()).toBe(401);
  const minted = mintsOf(world);
  const revoked = world
    .history()
    .filter(({ method, path }) => method === 'DELETE' && path.endsWith('/installation/token'));
  expect(minted.map(({ body }) => body)).toEqual([
    { repository_ids: [repo.id], permissions: { issues: 'write', pull_requests: 'write' } },
    { repository_ids: [repo.id], permissions: { contents: 'write' } },
    { repository_ids: [repo.id], permissions: { contents: 'read' } },
  ]);
  expect(revoked.map((call) => call.status)).toEqual([204, 204, 204]);
  expect(await other.readToken()).not.toBe(token);
});

it.each(['status', 'cut'] as const)('D27: a token that cannot be revoked (%s) harms nobody', async (then) => {
  await using world = await openWorld();
  const client = world.github.repository(identityOf(world.repo), {
    name: 'job 1/1',
    beforeWrite: async () => undefined,
  });
  await client.readToken();
  const fault = then === 'cut' ? { then } : { then, status: 500 };
  const struck = world.standIn.plantFault({ method: 'DELETE', path: '/installation/token', times: 9, ...fault });
  await client.release();
  expect(struck()).toBe(1);
  await client.release();
  expect(struck()).toBe(1);
});
