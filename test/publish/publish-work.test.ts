import { describe, expect, it } from 'vitest';
import type { Job } from '../../src/domain/index.ts';
import { publishWork } from '../../src/publish/index.ts';
import { shareStandIn, startWorld, writesOf } from '../github/github-world.ts';
import { aCheck, aDesk, aLedger, aProof, aRun, aSubmission, aWork, aWorkspace, put } from './builders.ts';

const openWorld = shareStandIn();

describe('publishWork', () => {
  it('publishes a signed commit on the branch, a pull request with every section, and a check run', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    const published = await publishWork(job, aWork(), deps);
    const head = await world.repo.commit(published.headSha);
    expect(head).toMatchObject({ verified: true, parents: [job.plan.base.sha] });
    expect(head.message).toBe(
      'Add a total to the cart\n\nThe cart shows a total now.\n\nCo-authored-by: mona <583231+mona@users.noreply.github.com>',
    );
    const pull = world.repo.pull(published.pullNumber);
    expect(pull).toMatchObject({
      title: 'Add a total to the cart',
      head: 'backend/1-total',
      base: 'main',
      draft: false,
    });
    const headings = [...(pull?.body ?? '').matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(['Summary', 'Tests', 'Evidence', 'Quality checklist', 'Recommendations']);
    expect(pull?.body).toContain('\nCloses #1\n');
    expect(pull?.body).toContain('[the run](https://bot.example/runs/');
    expect(world.repo.checkRuns(published.headSha)).toMatchObject([
      { name: 'backend-developer', conclusion: 'success' },
    ]);
  });

  it('writes nothing when it is called again, with its records and without them', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    const first = await publishWork(job, aWork(), deps);
    const writes = writesOf(world).length;
    expect(await publishWork(job, aWork(), deps)).toEqual(first);
    expect(writesOf(world)).toHaveLength(writes);
    expect(await publishWork(job, aWork(), { ...deps, effects: aLedger() })).toEqual(first);
    const visible = writesOf(world)
      .slice(writes)
      .filter(({ path }) => !/\/git\/(?:blobs|trees)$/.test(path));
    expect(visible).toEqual([]);
    expect(world.repo.pulls()).toHaveLength(1);
  });

  it('carries every kind of change: binary, executable, link, deletion, rename and unicode', async () => {
    const before = { 'old.txt': 'kept text\n', 'gone/a.txt': 'a\n', 'README.md': '# Shop\n' };
    await using world = await openWorld({ files: before });
    const { job, deps } = await aDesk(world);
    const changes = [
      put('bin/run', '#!/bin/sh\n', '100755'),
      { path: 'gone/a.txt', type: 'delete' } as const,
      put('image.png', Buffer.from([0x89, 0x50, 0, 255, 10])),
      put('link', 'bin/run', '120000'),
      put('neu/größe 🎉.txt', 'kept text\n'),
      { path: 'old.txt', type: 'delete' } as const,
    ];
    const { headSha } = await publishWork(job, aWork({ run: aRun({ changes }) }), deps);
    expect((await world.repo.files(headSha)).map(({ mode, path }) => `${mode} ${path}`)).toEqual([
      '100644 README.md',
      '100755 bin/run',
      '100644 image.png',
      '120000 link',
      '100644 neu/größe 🎉.txt',
    ]);
    expect(await world.repo.file('image.png', headSha)).toEqual(Buffer.from([0x89, 0x50, 0, 255, 10]));
    expect(await world.repo.file('link', headSha)).toEqual(Buffer.from('bin/run'));
  });

  it.each([
    ['the commit', /\/git\/commits$/],
    ['the branch', /\/git\/refs$/],
    ['the pull request', /\/pulls$/],
    ['the check run', /\/check-runs$/],
  ])('adopts what it made when the answer about %s got lost', async (_, path) => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    world.standIn.plantFault({ method: 'POST', path, then: 'lose-reply', how: '502' });
    await expect(publishWork(job, aWork(), deps)).rejects.toMatchObject({
      code: 'github-unavailable',
      retryable: true,
    });
    const { headSha } = await publishWork(job, aWork(), deps);
    expect(world.repo.pulls()).toHaveLength(1);
    expect((await world.repo.branches()).map(({ name }) => name)).toEqual(['backend/1-total', 'main']);
    expect(await world.repo.commits('main..backend/1-total')).toHaveLength(1);
    expect(world.repo.checkRuns(headSha)).toHaveLength(1);
  });

  it('adopts the pull request that GitHub says exists already', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    world.standIn.plantFault({ method: 'POST', path: '/pulls', then: 'lose-reply' });
    world.standIn.plantFault({ method: 'GET', path: '/pulls', after: 1, then: 'lag' });
    await expect(publishWork(job, aWork(), deps)).rejects.toMatchObject({ code: 'github-unavailable' });
    const { pullNumber } = await publishWork(job, aWork(), deps);
    expect(world.repo.pulls().map(({ number }) => number)).toEqual([pullNumber]);
  });

  it('leaves branches that others made alone and takes the next free name', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    const theirs = await world.standIn.pushCommit(world.repo, {
      branch: 'backend/1-total',
      files: { a: 'a' },
      by: 'eve',
    });
    const fake = await world.standIn.pushCommit(world.repo, {
      branch: 'backend/1-total-2',
      files: { 'src/cart.js': 'evil\n' },
      message: 'Add a total to the cart',
      by: 'eve',
    });
    const { pullNumber, headSha } = await publishWork(job, aWork(), deps);
    expect(world.repo.pull(pullNumber)?.head).toBe('backend/1-total-3');
    expect(await world.repo.branchSha('backend/1-total')).toBe(theirs);
    expect(await world.repo.branchSha('backend/1-total-2')).toBe(fake);
    expect(await world.repo.branchSha('backend/1-total-3')).toBe(headSha);
  });

  it('goes on with a recorded branch, and stops when somebody pushed to it or closed its pull request', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    const { headSha, pullNumber } = await publishWork(job, aWork(), deps);
    const goesOn = (from: string): Job => {
      return { ...job, plan: { ...job.plan, continues: { pullNumber, branch: 'backend/1-total', headSha: from } } };
    };
    const fresh = [put('src/cart.js', 'better\n')];
    const second = await publishWork(goesOn(headSha), aWork({ fresh, run: aRun({ changes: fresh }) }), deps);
    expect(second.pullNumber).toBe(pullNumber);
    expect((await world.repo.commit(second.headSha)).parents).toEqual([headSha]);
    const theirs = await world.standIn.pushCommit(world.repo, {
      branch: 'backend/1-total',
      files: { a: 'a' },
      by: 'mona',
    });
    const third = aWork({ fresh: [put('b')], run: aRun({ changes: [put('b')] }) });
    const goingOn = goesOn(second.headSha);
    await expect(publishWork(goingOn, third, deps)).rejects.toMatchObject({
      code: 'branch-moved',
      audience: 'requester',
    });
    expect(await world.repo.branchSha('backend/1-total')).toBe(theirs);
    await world.standIn.closePull(world.repo, pullNumber, { by: 'mona' });
    const writes = writesOf(world).length;
    await expect(publishWork(goingOn, third, deps)).rejects.toMatchObject({ code: 'branch-moved' });
    expect(writesOf(world)).toHaveLength(writes);
  });

  it('leaves a closed pull request closed and untouched', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    const { pullNumber } = await publishWork(job, aWork(), deps);
    await world.standIn.closePull(world.repo, pullNumber, { by: 'mona' });
    const writes = writesOf(world).length;
    const again = await publishWork(job, aWork({ proof: aProof({ notes: ['new'] }) }), { ...deps, effects: aLedger() });
    expect(again.pullNumber).toBe(pullNumber);
    expect(world.repo.pull(pullNumber)?.state).toBe('closed');
    expect(
      writesOf(world)
        .slice(writes)
        .filter(({ path }) => !/\/git\/(?:blobs|trees)$/.test(path)),
    ).toEqual([]);
  });

  it('opens a new pull request on a branch name whose old one was closed and deleted', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    const first = await publishWork(job, aWork(), deps);
    await world.standIn.closePull(world.repo, first.pullNumber, { by: 'mona' });
    await world.standIn.deleteBranch(world.repo, 'backend/1-total', { by: 'mona' });
    const other = aWork({ run: aRun({ changes: [put('src/other.js')] }) });
    const second = await publishWork(job, other, { ...deps, effects: aLedger() });
    expect(second.pullNumber).not.toBe(first.pullNumber);
    expect(world.repo.pull(first.pullNumber)?.state).toBe('closed');
  });

  it('keeps what people wrote and rebuilds its own sections', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    const { pullNumber } = await publishWork(job, aWork(), deps);
    const edited = `Please look, @core!\r\n\r\n${(world.repo.pull(pullNumber)?.body ?? '').replace('shows a total', 'is edited')}\r\n\r\nA last word.`;
    await world.client.updatePull(pullNumber, { title: 'Their title', body: edited });
    await publishWork(job, aWork(), deps);
    const pull = world.repo.pull(pullNumber);
    expect(pull?.title).toBe('Their title');
    expect(pull?.body.startsWith('Please look, @core!\r\n\r\n')).toBe(true);
    expect(pull?.body.endsWith('\r\n\r\nA last word.')).toBe(true);
    expect(pull?.body).toContain('shows a total');
  });

  it('takes the repository’s template as the skeleton', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    const template =
      'Thanks!\n\n## Description\n<!-- what and why -->\n\n## Checklist\n- [ ] I agree\n\n### Test Plan\n';
    const workspace = aWorkspace({ '.github/Pull_Request_Template.md': template });
    const { pullNumber } = await publishWork(job, aWork({ workspace }), deps);
    const body = world.repo.pull(pullNumber)?.body ?? '';
    expect([...body.matchAll(/^#+ .*$/gm)].map(([heading]) => heading)).toEqual([
      '## Description',
      '## Checklist',
      '### Test Plan',
      '## Evidence',
      '## Quality checklist',
      '## Recommendations',
    ]);
    expect(body).toMatch(/^Thanks!\n\n## Description\n<!-- backend:begin summary -->\nThe cart/);
    expect(body).toMatch(/### Test Plan\n<!-- backend:begin tests -->\n- `test\/cart/);
  });

  it('opens a draft whose first lines say what is left when a check still fails', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    const proof = aProof({ verdict: 'failed', checks: [aCheck({ passed: false, exitCode: 1 })] });
    const { pullNumber, headSha, draft } = await publishWork(job, aWork({ proof }), deps);
    expect(draft).toBe(true);
    expect(world.repo.pull(pullNumber)?.draft).toBe(true);
    expect(world.repo.pull(pullNumber)?.body.split('\n')[1]).toBe('> **Not finished:** these checks fail: `npm test`.');
    expect(world.repo.checkRuns(headSha)[0]?.conclusion).toBe('failure');
  });

  it('opens a draft when the plan says so, with nothing left to say', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world, { plan: { draft: true } });
    const { pullNumber, draft } = await publishWork(job, aWork(), deps);
    expect(draft).toBe(true);
    expect(world.repo.pull(pullNumber)?.body).not.toContain('Not finished');
  });

  it('publishes a run without a submission under the issue’s title', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    const run = { ...aRun({ stop: 'turn-limit', stopDetail: 'It used its 200 turns.' }) };
    delete run.submission;
    const { pullNumber } = await publishWork(job, aWork({ run }), deps);
    expect(world.repo.pull(pullNumber)).toMatchObject({ title: 'Cart has no total', draft: true });
  });

  it('leaves workflow files out, says so, and stays a draft', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    const changes = [put('.github/workflows/ci.yml', 'on: push\n'), put('src/a.js')];
    const { pullNumber, headSha, draft } = await publishWork(job, aWork({ run: aRun({ changes }) }), deps);
    expect(draft).toBe(true);
    expect((await world.repo.files(headSha)).map(({ path }) => path)).not.toContain('.github/workflows/ci.yml');
    expect(world.repo.pull(pullNumber)?.body).toMatch(
      /## Recommendations\n.*\n- \*\*a maintainer\*\*: `.github\/workflows\/ci.yml`/,
    );
  });

  it('lets nothing of a hostile submission work', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    const bad =
      '@org/all fixes #77 <img src=x> ![p](https://evil.example/p.png) <!-- backend:end summary --> [skip ci]';
    const submission = aSubmission({
      title: `${bad}\nsecond`,
      summary: `${bad}\n\n/approve\nSigned-off-by: Eve <e@evil.example>\nskip-checks: true`,
      tests: [{ name: 'a `b` c', proves: bad }],
      recommendations: [{ to: bad, text: bad }],
      checklist: [{ item: bad, state: 'done', evidence: bad }],
    });
    const { pullNumber, headSha } = await publishWork(job, aWork({ run: aRun({ submission }) }), deps);
    const { message } = await world.repo.commit(headSha);
    const pull = world.repo.pull(pullNumber);
    for (const text of [message, pull?.title ?? '']) {
      expect(text).not.toMatch(/@org|#77|skip ci|skip-checks|Signed-off|https?:/);
    }
    expect(pull?.body.match(/<!-- backend:end summary -->/g)).toHaveLength(1);
    expect(pull?.body).not.toMatch(/[^`]@org|#77[^`]|<img|[^\\]!\[|[^`]https:\/\/evil|^\/approve/m);
  });

  it('fits a body that would be too long, output first, with every fence closed', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    const output = '``` FAILURE\n'.repeat(20_000);
    const checks = (['install', 'lint', 'types', 'test'] as const).map((name) =>
      aCheck({ name, passed: false, exitCode: 1, output }),
    );
    const summary = `${'A long line of words.\n'.repeat(3000)}\n\`\`\`js\n${'code();\n'.repeat(9000)}`;
    const work = aWork({
      proof: aProof({ verdict: 'failed', checks }),
      run: aRun({ submission: aSubmission({ summary }) }),
    });
    const { pullNumber } = await publishWork(job, work, deps);
    const body = world.repo.pull(pullNumber)?.body ?? '';
    expect(body.length).toBeLessThanOrEqual(65_536);
    expect(body).toContain('… (shortened)');
    expect(body).toContain('Closes #1');
    expect([...body.matchAll(/^(`{3,})\w*$/gm)].length % 2).toBe(0);
  });

  it('publishes nothing of a change set that must not be published', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    const changes = [put('link', '../../etc/passwd', '120000')];
    await expect(publishWork(job, aWork({ run: aRun({ changes }) }), deps)).rejects.toMatchObject({
      code: 'change-set-refused',
    });
    expect(writesOf(world)).toEqual([]);
  });
});

it('says which permission the App lacks', async () => {
  const permissions = {
    metadata: 'read',
    contents: 'read',
    issues: 'write',
    pull_requests: 'write',
    checks: 'write',
  } as const;
  await using world = await startWorld({ permissions });
  const { job, deps } = await aDesk(world);
  await expect(publishWork(job, aWork(), deps)).rejects.toMatchObject({
    code: 'github-forbidden',
    message: expect.stringContaining('Contents: write') as string,
  });
});
