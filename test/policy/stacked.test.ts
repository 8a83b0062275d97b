import { describe, expect, it } from 'vitest';
import { decide, decideStillWanted, type Facts } from '../../src/policy/index.ts';
import { command, earlier, facts, issue, pull } from './builders.ts';

const ada = { id: 13, login: 'ada', type: 'User' } as const;

/** On a pull request by ada, from a branch of this repository. */
function onTheirs(change: Partial<Facts> = {}, theirs: Parameters<typeof pull>[0] = {}): Facts {
  return facts({
    place: 'theirs',
    issue: issue({ isPullRequest: true, author: ada }),
    pull: pull({ number: 7, author: ada, headBranch: 'topic', headRepositoryId: 1, ...theirs }),
    headNow: 'c'.repeat(40),
    ...change,
  });
}

const gone = { headNow: undefined };

describe('implement on a pull request of somebody else', () => {
  it('starts from its branch and goes back into it, whatever base the settings name', () => {
    expect(decide(command(), onTheirs({ settingsText: 'base: develop', baseSha: undefined }))).toMatchObject({
      type: 'accept',
      plan: {
        base: { branch: 'topic', sha: 'c'.repeat(40) },
        branch: 'backend/7-add-a-health-endpoint',
        stackedOn: 7,
      },
    });
  });

  it('may be asked for again', () => {
    const before = earlier({ request: command(), outcome: { type: 'failed', step: 'verify', reason: 'x' } });
    const retry = command({ verb: 'retry', said: 'retry' });
    expect(decide(retry, onTheirs({ earlier: [before] }))).toMatchObject({ type: 'accept', plan: { stackedOn: 7 } });
  });

  it.each([
    ['in a fork', onTheirs(gone, { headRepositoryId: 2 }), 'comes from a fork'],
    ['closed and in a fork', onTheirs({ ...gone, issue: issue({ state: 'closed' }) }, { headRepositoryId: 2 }), 'fork'],
    ['merged', onTheirs({ issue: issue({ state: 'closed' }) }, { merged: true }), 'is merged'],
    ['closed', onTheirs({ issue: issue({ state: 'closed', isPullRequest: true }) }), 'This pull request is closed'],
    ['without its branch', onTheirs(gone), 'The branch `topic` of this pull request is gone'],
  ])('is declined, at the start and before it is published, when that is %s', (_, given, words) => {
    expect(decide(command(), given)).toMatchObject({
      type: 'decline',
      reason: expect.stringContaining(words) as string,
    });
    expect(decideStillWanted(command(), given)).toMatchObject({
      wanted: false,
      reason: expect.stringContaining(words) as string,
    });
  });

  it('takes no base of its own', () => {
    const options = [{ name: 'base', value: 'main' }];
    expect(decide(command({ options }), onTheirs())).toMatchObject({
      reason: expect.stringContaining('`topic`, and goes back into it, so `base:` means nothing') as string,
    });
  });

  it('leaves questions and checks on a fork as they are', () => {
    const fork = onTheirs(gone, { headRepositoryId: 2 });
    for (const verb of ['explain', 'test'] as const)
      expect(decide(command({ verb }), fork)).toMatchObject({ type: 'accept', plan: { work: verb } });
  });
});
