import { describe, expect, it } from 'vitest';
import { doorTo, identityOf, shareStandIn, startWorld } from './github-world.ts';

const openWorld = shareStandIn();

describe('facts', () => {
  it('tells who we are', async () => {
    await using world = await openWorld();
    const { app } = world.standIn;
    expect(await world.github.identity()).toEqual({
      id: app.id,
      slug: app.slug,
      botLogin: app.botLogin,
      botId: app.botId,
      permissions: { metadata: 'read', contents: 'write', issues: 'write', pull_requests: 'write', checks: 'write' },
      events: expect.arrayContaining(['issues', 'issue_comment']) as string[],
      settingsUrl: `${world.standIn.url}/settings/apps/${app.slug}`,
    });
  });

  it('reads a repository and builds the clone address for the configured host', async () => {
    await using world = await openWorld({ defaultBranch: 'trunk', isPrivate: true });
    expect(await world.client.facts()).toMatchObject({
      id: world.repo.id,
      owner: world.repo.owner,
      name: 'shop',
      defaultBranch: 'trunk',
      archived: false,
      isPrivate: true,
      cloneUrl: `${world.standIn.url}/${world.repo.owner}/shop.git`,
    });
  });

  it('follows a renamed repository by id, for reads and for writes', async () => {
    // GitHub's description names no redirect for calls that write; GitHub answers them with 307.
    await using world = await startWorld({ strict: false });
    await world.standIn.openIssue(world.repo, { title: 'Add', by: 'mona' });
    world.standIn.rename(world.repo, 'store', { by: 'mona' });
    expect((await world.client.facts()).name).toBe('store');
    await world.client.createComment(1, 'hello');
    expect((await world.client.issue(1))?.title).toBe('Add');
    expect(world.repo.comments(1).map(({ body }) => body)).toEqual(['hello']);
  });

  it.each([
    ['admin', 'admin'],
    ['maintain', 'maintain'],
    ['write', 'write'],
    ['triage', 'triage'],
    ['read', 'read'],
  ] as const)('knows a person with %s', async (role, permission) => {
    await using world = await openWorld();
    const person = { ...world.standIn.addUser('hubot'), type: 'User' } as const;
    world.standIn.setPermission(world.repo, 'hubot', role);
    expect(await world.client.permissionOf(person)).toBe(permission);
  });

  it('gives nothing to a stranger of a private repository, to nobody, and to a login with another id', async () => {
    await using world = await openWorld({ isPrivate: true });
    const stranger = { ...world.standIn.addUser('stranger'), type: 'User' } as const;
    const mona = { ...world.standIn.addUser('mona'), type: 'User' } as const;
    expect(await world.client.permissionOf(stranger)).toBe('none');
    expect(await world.client.permissionOf({ id: 5, login: 'nobody-has-this', type: 'User' })).toBe('none');
    expect(await world.client.permissionOf(mona)).toBe('write');
    expect(await world.client.permissionOf({ ...mona, id: mona.id + 1 })).toBe('none');
  });

  it('reads an issue, and undefined where there is none', async () => {
    await using world = await openWorld();
    await world.standIn.openIssue(world.repo, { title: 'Add', body: null, by: 'mona', labels: ['bug'] });
    expect(await world.client.issue(1)).toMatchObject({
      number: 1,
      title: 'Add',
      body: '',
      state: 'open',
      locked: false,
      labels: ['bug'],
      author: { login: 'mona', type: 'User' },
      isPullRequest: false,
    });
    expect(await world.client.issue(99)).toBeUndefined();
  });

  it('reads every page of the comments, oldest first, and which App wrote them', async () => {
    await using world = await openWorld();
    await world.standIn.openIssue(world.repo, { title: 'Add', by: 'mona' });
    for (let index = 0; index < 205; index++) await world.standIn.comment(world.repo, 1, `c${index}`, { by: 'mona' });
    await world.client.createComment(1, 'ours');
    const comments = await world.client.comments(1);
    expect(comments.map(({ body }) => body)).toEqual([
      ...Array.from({ length: 205 }, (_, index) => `c${index}`),
      'ours',
    ]);
    expect(comments.at(-1)).toMatchObject({ author: { id: world.standIn.app.botId }, appId: world.standIn.app.id });
    expect(comments[0]?.appId).toBeUndefined();
  });

  it('reads a file with a folder and unusual letters in its path, and undefined where there is none', async () => {
    await using world = await openWorld({ files: { 'docs/ä b#1.md': 'Grüße\n', 'a.md': 'a' } });
    const commit = (await world.client.branchSha('main')) ?? '';
    expect(await world.client.fileText('docs/ä b#1.md', commit)).toBe('Grüße\n');
    expect(await world.client.fileText('a.md', commit)).toBe('a');
    for (const path of ['nope', 'nope/a.md', 'docs/nope', 'a.md/b'])
      expect(await world.client.fileText(path, commit)).toBeUndefined();
  });

  it('reads a file as it is in the commit that was asked for, whatever was pushed since', async () => {
    await using world = await openWorld({ files: { 'a.md': 'then' } });
    const commit = (await world.client.branchSha('main')) ?? '';
    await world.standIn.pushCommit(world.repo, { branch: 'main', files: { 'a.md': 'now' }, by: 'mona' });
    expect(await world.client.fileText('a.md', commit)).toBe('then');
  });

  it('finds a branch by its whole name only, and none in an empty repository', async () => {
    await using world = await openWorld();
    await world.standIn.pushCommit(world.repo, { branch: 'backend/1-add', files: { b: 'b' }, by: 'mona' });
    expect(await world.client.branchSha('backend/1-add')).toBe(await world.repo.branchSha('backend/1-add'));
    expect(await world.client.branchSha('backend/1')).toBeUndefined();
    const empty = await world.standIn.createRepository({ owner: world.repo.owner, name: 'empty', empty: true });
    expect(await doorTo(world.standIn).repository(identityOf(empty)).branchSha('main')).toBeUndefined();
  });
});

describe('the commit where two branches part', () => {
  it('is found by names with slashes and by shas, in an answer without files', async () => {
    await using world = await openWorld();
    const { client, repo, standIn } = world;
    const fork = (await repo.branchSha('main')) ?? '';
    await standIn.pushCommit(repo, { branch: 'backend/1-add', files: { b: 'b' }, by: 'mona' });
    const ours = await standIn.pushCommit(repo, { branch: 'backend/1-add', files: { c: 'c' }, by: 'mona' });
    const theirs = await standIn.pushCommit(repo, { branch: 'main', files: { d: 'd' }, by: 'mona' });
    expect(await client.mergeBase('main', 'backend/1-add')).toBe(fork);
    expect(await client.mergeBase(theirs, ours)).toBe(fork);
    expect(await client.mergeBase('main', theirs)).toBe(theirs);
    expect(world.history().find(({ path }) => path.includes('/compare/'))?.query).toBe('per_page=1&page=2');
  });

  it('is none for histories that share nothing, and where a branch or a commit is gone', async () => {
    await using world = await openWorld();
    const { client, repo, standIn } = world;
    const apart = { branch: 'apart', files: { b: 'b' }, by: 'mona', amend: true } as const;
    await standIn.pushCommit(repo, apart);
    expect(await client.mergeBase('main', 'apart')).toBeUndefined();
    expect(await client.mergeBase('main', 'gone')).toBeUndefined();
    expect(await client.mergeBase('main', 'a'.repeat(40))).toBeUndefined();
  });
});
