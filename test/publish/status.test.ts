import { describe, expect, it } from 'vitest';
import type { Refusal } from '../../src/domain/index.ts';
import { ensureReply, ensureSeen, openStatus, removeTwins, type Ending } from '../../src/publish/index.ts';
import { renderStatus } from '../../src/publish/status-text.ts';
import { shareStandIn, writesOf, type GitHubWorld } from '../github/github-world.ts';
import { aDesk, aJob, aLedger } from './builders.ts';

const openWorld = shareStandIn();

/** A clock that stands still until it is told to go on. */
function aClock() {
  const waiting: { ms: number; wake: () => void }[] = [];
  let arrive: (() => void) | undefined;
  return {
    sleep: (ms: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        waiting.push({ ms, wake: resolve });
        signal.addEventListener('abort', () => {
          resolve();
        });
        arrive?.();
      }),
    /** Waits until somebody sleeps, then lets it wake; returns how long it wanted to sleep. */
    async tick(): Promise<number> {
      if (waiting.length === 0) await new Promise<void>((resolve) => (arrive = resolve));
      const next = waiting.shift();
      next?.wake();
      return next?.ms ?? 0;
    },
    /** Resolves as soon as somebody sleeps. */
    async asleep(): Promise<void> {
      if (waiting.length === 0) await new Promise<void>((resolve) => (arrive = resolve));
    },
  };
}

function statusOf(world: GitHubWorld): string[] {
  return world.repo.comments(1).map(({ body }) => body);
}

function editsOf(world: GitHubWorld) {
  return writesOf(world).filter(({ method }) => method === 'PATCH');
}

describe('the status comment', () => {
  it('is one comment, edited in place, with seconds between, the latest state first', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    const clock = aClock();
    const status = await openStatus(job, { ...deps, sleep: clock.sleep });
    expect(statusOf(world)[0]).toContain('working, at *understand*');
    status.step('plan');
    await clock.asleep();
    status.step('set up');
    status.spent(0.25);
    status.step('implement');
    status.spent(0.25);
    expect(await clock.tick()).toBe(5000);
    await clock.asleep();
    expect(statusOf(world)).toHaveLength(1);
    expect(statusOf(world)[0]).toContain('- [x] set up\n- [ ] **implement**\n- [ ] verify');
    expect(statusOf(world)[0]).toContain('$0.50 of $5.00 · [follow it live](https://bot.example/runs/');
    expect(editsOf(world)).toHaveLength(2);
    const finished = status.finish({ type: 'published', pullNumber: 9, url: 'u', draft: false });
    await clock.tick();
    await finished;
    expect(statusOf(world)[0]).toContain('pull request #9');
    expect(editsOf(world)).toHaveLength(3);
  });

  it('writes nothing when nothing changed, and is found again', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    await using status = await openStatus(job, deps);
    status.step('understand');
    status.spent(0);
    await using again = await openStatus(job, { ...deps, effects: aLedger() });
    again.step('understand');
    await again.finish({ type: 'stopped', by: 'mona' });
    await again.finish({ type: 'stopped', by: 'mona' });
    expect(statusOf(world)).toHaveLength(1);
    expect(writesOf(world).map(({ method }) => method)).toEqual(['POST', 'PATCH']);
  });

  it('is adopted when the answer got lost, and written once', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    world.standIn.plantFault({ method: 'POST', path: '/comments', then: 'lose-reply', how: '502' });
    await expect(openStatus(job, deps)).rejects.toMatchObject({ code: 'github-unavailable' });
    const status = await openStatus(job, deps);
    await status.finish({ type: 'stopped', by: 'mona' });
    expect(statusOf(world)).toHaveLength(1);
  });

  it('is never a comment of somebody who copied the marker', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    const forged = await world.standIn.comment(world.repo, 1, '<!-- backend:status 1 -->\nforged', { by: 'eve' });
    const status = await openStatus(job, deps);
    await status.finish({ type: 'stopped', by: 'mona' });
    expect(world.repo.comments(1).find(({ id }) => id === forged.id)?.body).toContain('forged');
    expect(statusOf(world)).toHaveLength(2);
  });

  it('D3: shows what the install step was refused, also what was known before it was opened, to the end', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    const refusalOf = (host: string): Refusal => ({
      command: 'npm ci',
      passed: true,
      hosts: [{ host, port: 443, reason: 'not listed' }],
    });
    const status = await openStatus(job, deps, { refusals: [refusalOf('a.example.com')] });
    expect(statusOf(world)[0]).toContain('allow: [a.example.com]');
    status.refused([refusalOf('a.example.com'), refusalOf('b.example.com')]);
    await status.finish({ type: 'failed', step: 'verify', reason: 'it broke' });
    expect(statusOf(world)[0]).toMatch(
      /failed at step verify: it broke\. [^]*allow: \[a\.example\.com, b\.example\.com\]/,
    );
  });

  it('survives edits that fail, and insists on the last one', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    const clock = aClock();
    const status = await openStatus(job, { ...deps, sleep: clock.sleep });
    world.standIn.plantFault({ method: 'PATCH', path: '/comments/', then: 'status', status: 502, times: 2 });
    status.step('plan');
    await clock.tick();
    await expect(status.finish({ type: 'stopped', by: 'mona' })).rejects.toMatchObject({ code: 'github-unavailable' });
    await status.finish({ type: 'stopped', by: 'mona' });
    expect(statusOf(world)[0]).toContain('stopped by @mona');
  });

  it('RL-18: writes the last state again over an edit whose answer got lost', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    const ending: Ending = { type: 'published', pullNumber: 9, url: 'u', draft: false };
    const first = await openStatus(job, deps);
    await first.finish(ending);
    world.standIn.plantFault({ method: 'PATCH', path: '/comments/', then: 'lose-reply', how: '502' });
    const again = await openStatus(job, deps); // it finds the last state
    again.step('plan');
    await expect.poll(() => statusOf(world)[0]).toContain('working, at *plan*');
    await again[Symbol.asyncDispose](); // and waits until the lost answer has been noticed
    await again.finish(ending);
    expect(statusOf(world)[0]).toContain('pull request #9');
  });

  it('stays deleted when a person deleted it', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    const status = await openStatus(job, deps);
    await world.standIn.deleteComment(world.repo, world.repo.comments(1)[0]?.id ?? 0, { by: 'mona' });
    await status.finish({ type: 'stopped', by: 'mona' });
    expect(statusOf(world)).toEqual([]);
  });

  it('is left as it is once it is closed', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    const clock = aClock();
    const status = await openStatus(job, { ...deps, sleep: clock.sleep });
    status.step('plan');
    await clock.asleep();
    status.step('verify');
    await status[Symbol.asyncDispose]();
    status.step('publish');
    expect(editsOf(world)).toHaveLength(1);
  });

  it('says what all work on it cost, and when the budget is nearly used, as long as it runs', () => {
    const view = { step: 'implement', notes: [], beside: { usd: 1.5, jobs: 1 } } as const;
    const early = renderStatus({ ...view, usd: 3.99 }, { job: aJob(), runUrl: 'https://bot.example/runs/1' });
    expect(early).toContain('$3.99 of $5.00 · $5.49 in all with 1 other run · [follow it live]');
    expect(early).not.toContain('80 %');
    expect(renderStatus({ ...view, usd: 4 }, { job: aJob() })).toContain('More than 80 % of the budget is used.');
    const ending = { type: 'stopped', by: 'ada' } as const;
    expect(renderStatus({ ...view, usd: 4, ending }, { job: aJob() })).not.toContain('80 %');
  });

  it('names the verb that asks for the same again', () => {
    const ending = { type: 'failed', step: 'verify', reason: 'x' } as const;
    const again = (verb: 'rebase' | 'revise') => {
      const job = aJob();
      const plan = { ...job.plan, work: 'revise' as const };
      return renderStatus(
        { step: 'verify', usd: 0, notes: [], ending },
        { job: { ...job, plan, request: { ...job.request, verb } } },
      );
    };
    expect(again('rebase')).toContain('Comment `/backend rebase` to retry');
    expect(again('revise')).toContain('Comment `/backend revise` to retry');
  });

  it.each<[Ending, string]>([
    [{ type: 'published', pullNumber: 3, url: 'u', draft: true }, 'pull request #3 (a draft)'],
    [{ type: 'nothing-to-change', reason: 'it is there already' }, 'nothing to change because it is there already.'],
    [{ type: 'stopped', by: 'mona' }, 'stopped by @mona. Comment `/backend continue` to go on from there'],
    [
      { type: 'failed', step: 'verify', reason: 'box lost @all' },
      'failed at step verify: box lost `@all`. Comment `/backend implement` to retry.',
    ],
    [{ type: 'declined', reason: 'The issue was closed' }, 'not done: The issue was closed.'],
  ])('ends truthfully: %o', (ending, words) => {
    const text = renderStatus({ step: 'verify', usd: 1, notes: [], ending }, { job: aJob() });
    expect(text.split('\n')[1]).toBe(`**Backend Developer**: ${words}`);
    expect(text).not.toContain('To stop it');
  });

  it('says how to stop it', () => {
    const view = { step: 'plan', usd: 0, notes: ['fixes #3'] } as const;
    expect(renderStatus(view, { job: aJob() })).toContain(
      'To stop it, comment `/backend stop`, remove the label `backend`, or close the issue.\n\n- fixes `#3`',
    );
    const job = aJob({ request: { via: 'command', trigger: '/backend' } });
    expect(renderStatus(view, { job })).toContain('To stop it, comment `/backend stop`, or close the issue.');
  });

  it.each<[Ending, string]>([
    [
      { type: 'parked', reason: 'The model is away.', until: Date.UTC(2026, 2, 1, 10, 5) },
      'parked: The model is away. It goes on by itself at 10:05 UTC; comment `/backend implement` to go on at once.',
    ],
    [{ type: 'paused' }, 'paused: no worker is free for it; it goes on by itself as soon as one is.'],
  ])('says what it waits for, and how to stop it all the same: %o', (ending, words) => {
    const text = renderStatus({ step: 'verify', usd: 1, notes: [], ending }, { job: aJob() });
    expect(text.split('\n')[1]).toBe(`**Backend Developer**: ${words}`);
    expect(text).toContain('To stop it');
  });

  it.each([
    [0, 'queued: 0 jobs are before it (at 10:05 UTC)'],
    [1, 'queued: 1 job is before it (at 10:05 UTC)'],
    [12, 'queued: 12 jobs are before it (at 10:05 UTC)'],
  ])('RL-39: says its place in the queue: %i', async (before, words) => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    await using queued = await openStatus(job, deps, { place: { before, at: Date.UTC(2026, 2, 1, 10, 5) } });
    expect(queued).toBeDefined();
    expect(statusOf(world)[0]).toContain(words);
    await using taken = await openStatus(job, deps);
    taken.step('understand');
    await taken.finish({ type: 'stopped', by: 'mona' });
    expect(statusOf(world)).toHaveLength(1);
  });

  it('RL-39: leaves out edits that only show progress while GitHub’s limits leave no room, never the last one', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    const clock = aClock();
    const status = await openStatus(job, { ...deps, sleep: clock.sleep, hasRoom: async () => false });
    status.step('plan');
    await clock.tick();
    await clock.asleep();
    expect(editsOf(world)).toHaveLength(0);
    const finished = status.finish({ type: 'stopped', by: 'mona' });
    await clock.tick();
    await finished;
    expect(statusOf(world)[0]).toContain('stopped by @mona');
  });
});

describe('a reply', () => {
  it('is written once for a request, also when its answer got lost', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    world.standIn.plantFault({ method: 'POST', path: '/comments', then: 'lose-reply' });
    await expect(ensureReply(job.request, 'Only people who may write here can ask.', deps)).rejects.toMatchObject({
      retryable: true,
    });
    await ensureReply(job.request, 'Only people who may write here can ask.', deps);
    await ensureReply(job.request, 'Only people who may write here can ask.', { ...deps, effects: aLedger() });
    expect(statusOf(world)).toEqual([
      '<!-- backend:reply label:1:2026-03-01T10:00:00Z -->\nOnly people who may write here can ask.',
    ]);
    await ensureReply({ ...job.request, intention: 'comment:5' }, 'And `help @all` @all', deps);
    expect(statusOf(world)[1]).toBe('<!-- backend:reply comment:5 -->\nAnd `help @all` `@all`');
  });
});

describe('a comment that is there twice', () => {
  it.each([
    ['status:1', '<!-- backend:status 1 -->\nours'],
    ['reply:comment:5', '<!-- backend:reply comment:5 -->\nours'],
  ])('RL-22: loses its twin, and nobody else’s comment: %s', async (key, body) => {
    await using world = await openWorld();
    const { deps } = await aDesk(world);
    await world.client.createComment(1, body);
    const keep = await world.client.createComment(1, body);
    await world.client.createComment(1, '<!-- backend:reply comment:6 -->\nanother of ours');
    await world.standIn.comment(world.repo, 1, body, { by: 'eve' });
    await removeTwins({ key, keep: keep.id, number: 1 }, deps);
    await removeTwins({ key, keep: keep.id, number: 1 }, deps);
    const left = world.repo.comments(1);
    expect(left.map(({ id }) => id)).toContain(keep.id);
    expect(left).toHaveLength(3);
  });

  it('RL-22: keeps them all while the one we know of is not shown', async () => {
    await using world = await openWorld();
    const { deps } = await aDesk(world);
    await world.client.createComment(1, '<!-- backend:status 1 -->\nours');
    await removeTwins({ key: 'status:1', keep: 1, number: 1 }, deps);
    await removeTwins({ key: 'branch:x', keep: 1, number: 1 }, deps);
    expect(world.repo.comments(1)).toHaveLength(1);
  });
});

describe('the 👀', () => {
  it('is on the issue or on the comment, once, and not missed when that is gone', async () => {
    await using world = await openWorld();
    const { job, deps } = await aDesk(world);
    const comment = await world.standIn.comment(world.repo, 1, '/backend implement', { by: 'mona' });
    const byComment = { ...job.request, source: { type: 'comment', commentId: comment.id } } as const;
    for (const request of [job.request, job.request, byComment, byComment]) await ensureSeen(request, deps);
    expect(world.repo.reactions(1)).toMatchObject([{ content: 'eyes' }]);
    expect(world.repo.commentReactions(comment.id)).toMatchObject([{ content: 'eyes' }]);
    await world.standIn.deleteComment(world.repo, comment.id, { by: 'mona' });
    await ensureSeen(byComment, deps);
  });
});
