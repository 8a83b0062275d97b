import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Outcome, Plan, WorkRequest } from '../../src/domain/index.ts';
import type { Store } from '../../src/store/index.ts';
import { aClaim, aJob, aRequest } from './builders.ts';
import { kinds } from './databases.ts';
import { useOneStore } from './rigs.ts';

const plan: Plan = {
  agent: 'backend-developer',
  base: { branch: 'main', sha: 'a'.repeat(40) },
  branch: 'backend/12-add-paging',
  budget: { usd: 5, turns: 200, minutes: 60 },
  draft: true,
  checks: {},
  allowedHosts: [],
  protectedPaths: [],
  preferencesPath: 'PREFERENCES.md',
};
const published: Outcome = { type: 'published', pullNumber: 2, url: '', draft: true };

describe.each(kinds)('plans that wait for an answer (%s)', (_, start) => {
  const rig = useOneStore(start);
  let store: Store;
  let repository = aRequest().repository;

  beforeEach(() => {
    ({ store, repository } = rig());
  });
  afterEach(async () => {
    await store.forget(repository.installationId);
  });

  /** A job that was accepted, unless said, and ended. */
  async function ended(outcome: Outcome, changes: Partial<WorkRequest> = {}, accepted = true): Promise<void> {
    const { claim, stop } = await aClaim(store, await aJob(store, { repository, ...changes }));
    if (accepted) await store.setPlan(claim, plan);
    await store.finish(claim, outcome);
    await stop();
  }

  const planned = (commentId: number, changes: Partial<WorkRequest> = {}) =>
    ended({ type: 'planned', commentId, url: '' }, { verb: 'plan', ...changes });

  async function waiting(since = 0, limit = 10): Promise<readonly number[]> {
    return (await store.waitingPlans(since, limit)).map(({ commentId }) => commentId).toSorted((a, b) => a - b);
  }

  it('are given with the wish for them and the comment that they stand in, whose number may be long', async () => {
    await planned(5_000_000_001, { intention: 'comment:7' });
    expect(await store.waitingPlans(0, 10)).toMatchObject([
      {
        commentId: 5_000_000_001,
        request: { intention: 'comment:7', verb: 'plan', repository: { id: repository.id } },
      },
    ]);
  });

  it.each<[string, Outcome, Partial<WorkRequest>]>([
    ['the work was done without it', published, { verb: 'implement' }],
    ['it was approved', published, { verb: 'approve' }],
    ['work was begun and failed', { type: 'failed', step: 'verify', reason: 'x' }, { verb: 'retry' }],
    ['a 👍 on it was filed, whatever came of that', { type: 'declined', reason: 'x' }, { intention: 'approve:1' }],
  ])('wait no longer when %s', async (_what, outcome, changes) => {
    await planned(1);
    expect(await waiting()).toEqual([1]);
    await ended(outcome, changes, outcome.type !== 'declined');
    expect(await waiting()).toEqual([]);
  });

  it('give way to a newer one', async () => {
    await planned(1);
    await planned(2);
    expect(await waiting()).toEqual([2]);
  });

  it.each<[string, Outcome, Partial<WorkRequest>, boolean]>([
    ['a question is answered', { type: 'answered' }, { verb: 'explain' }, true],
    ['work is declined', { type: 'declined', reason: 'x' }, { verb: 'implement' }, false],
    ['a 👍 on another one is filed', { type: 'declined', reason: 'x' }, { intention: 'approve:2' }, false],
    ['something is done on another issue', published, { subject: { kind: 'issue', number: 99 } }, true],
    ['the same happens in another repository', published, { repository: { ...aRequest().repository, id: 1 } }, true],
  ])('go on waiting when %s', async (_what, outcome, changes, accepted) => {
    await planned(1);
    await ended(outcome, changes, accepted);
    expect(await waiting()).toEqual([1]);
  });

  it('are not looked for before a moment, and no more of them than wanted', async () => {
    await planned(1, { subject: { kind: 'issue', number: 21 } });
    await planned(2, { subject: { kind: 'issue', number: 22 } });
    expect(await waiting()).toEqual([1, 2]);
    expect(await waiting(Date.now() + 60_000)).toEqual([]);
    expect(await waiting(0, 1)).toHaveLength(1);
  });

  it('are forgotten with what we know of a repository', async () => {
    await planned(1);
    await store.forget(repository.installationId, [repository.id]);
    expect(await waiting()).toEqual([]);
  });
});
