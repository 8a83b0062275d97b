import { describe, expect, it } from 'vitest';
import { shareStandIn } from './github-world.ts';

const openWorld = shareStandIn();

describe('writes', () => {
  it('makes a commit that GitHub signs, on a new branch, and advances it', async () => {
    await using world = await openWorld();
    const { client, repo } = world;
    const base = (await client.branchSha('main')) ?? '';
    const { tree } = await client.commitParentsAndTree(base);
    const blob = await client.createBlob(Buffer.from([0, 255, 10]));
    const grown = await client.createTree(tree, [
      { path: 'bin/ü', mode: '100755', sha: blob },
      { path: 'src/a.txt', mode: '100644', sha: null },
    ]);
    const first = await client.createCommit({ message: 'Grow', tree: grown, parents: [base] });
    await client.createBranch('backend/1-grow', first);
    const second = await client.createCommit({ message: 'Again', tree, parents: [first] });
    await client.advanceBranch('backend/1-grow', second);
    expect((await repo.files(first)).map(({ path, mode }) => `${mode} ${path}`)).toEqual([
      '100644 README.md',
      '100755 bin/ü',
    ]);
    expect(await repo.file('bin/ü', first)).toEqual(Buffer.from([0, 255, 10]));
    expect((await repo.commit(first)).verified).toBe(true);
    expect(await repo.branchSha('backend/1-grow')).toBe(second);
    expect(await client.commitParentsAndTree(second)).toMatchObject({ tree, parents: [first], message: 'Again' });
  });

  it('overwrites no branch: a taken name and a branch that moved are said, not forced', async () => {
    await using world = await openWorld();
    const { client, repo, standIn } = world;
    const base = (await client.branchSha('main')) ?? '';
    const theirs = await standIn.pushCommit(repo, { branch: 'taken', files: { b: 'b' }, by: 'mona' });
    await expect(client.createBranch('taken', base)).rejects.toMatchObject({ code: 'github-taken' });
    await expect(client.advanceBranch('taken', base)).rejects.toMatchObject({ code: 'branch-moved' });
    expect(await repo.branchSha('taken')).toBe(theirs);
  });

  it('reacts once, however often it is asked to, to an issue and to a comment', async () => {
    await using world = await openWorld();
    const { client, repo, standIn } = world;
    await standIn.openIssue(repo, { title: 'Add', by: 'mona' });
    const comment = await standIn.comment(repo, 1, 'please', { by: 'mona' });
    for (const target of [{ issue: 1 }, { issue: 1 }, { comment: comment.id }, { comment: comment.id }]) {
      await client.addReaction(target, 'eyes');
    }
    expect(repo.reactions(1)).toHaveLength(1);
    expect(repo.commentReactions(comment.id)).toHaveLength(1);
  });

  it('opens, finds and edits a pull request', async () => {
    await using world = await openWorld();
    const { client, repo, standIn } = world;
    const headSha = await standIn.pushCommit(repo, { branch: 'backend/1-add', files: { b: 'b' }, by: 'mona' });
    const plan = { title: 'Add b', body: 'one', head: 'backend/1-add', base: 'main', draft: true };
    const pull = await client.createPull(plan);
    await client.updatePull(pull.number, { body: 'two' });
    expect(await client.pullsByHead('backend/1-add')).toEqual([{ ...pull, body: 'two' }]);
    expect(pull).toMatchObject({ state: 'open', draft: true, title: 'Add b', headSha });
    expect(await client.pullsByHead('backend/1')).toEqual([]);
    expect(await client.pull(pull.number)).toEqual({ ...pull, body: 'two' });
    expect(await client.pull(999)).toBeUndefined();
  });

  it('opens it without draft where the plan has none', async () => {
    await using world = await openWorld();
    const { client, repo, standIn } = world;
    await standIn.pushCommit(repo, { branch: 'b', files: { b: 'b' }, by: 'mona' });
    standIn.plantFault({
      method: 'POST',
      path: '/pulls',
      then: 'status',
      status: 422,
      body: { message: 'Draft pull requests are not supported in this repository.' },
    });
    expect(await client.createPull({ title: 't', body: '', head: 'b', base: 'main', draft: true })).toMatchObject({
      draft: false,
    });
    expect(repo.pulls()).toHaveLength(1);
  });

  it('sends annotations fifty a call and finds its own check runs', async () => {
    await using world = await openWorld();
    const { client, repo } = world;
    const headSha = (await client.branchSha('main')) ?? '';
    const annotations = Array.from({ length: 120 }, (_, index) => {
      return { path: 'src/a.txt', line: index + 1, level: 'failure', message: `m${index}` } as const;
    });
    const content = { name: 'backend-developer', headSha, conclusion: 'failure', title: 't', summary: 's' } as const;
    const { id } = await client.createCheckRun({ ...content, annotations, detailsUrl: 'https://x.example/runs/1' });
    const sent = world.history().filter(({ path }) => path.includes('/check-runs'));
    expect(sent.map(({ method }) => method)).toEqual(['POST', 'PATCH', 'PATCH']);
    expect(repo.checkRuns(headSha)[0]?.annotations.map(({ message }) => message)).toEqual(
      annotations.map(({ message }) => message),
    );
    expect(await client.checkRuns(headSha, 'backend-developer')).toEqual([{ id, conclusion: 'failure' }]);
    expect(await client.checkRuns(headSha, 'other')).toEqual([]);
  });
});
