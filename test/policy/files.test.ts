import { describe, expect, it } from 'vitest';
import { decide, type Facts } from '../../src/policy/index.ts';
import { earlier, facts, issue, pull, request } from './builders.ts';

const ada = { id: 13, login: 'ada', type: 'User' } as const;
const sha = 'c'.repeat(40);
const asked = request({
  via: 'files',
  trigger: 'pull_request',
  subject: { kind: 'pull_request', number: 7 },
  pushed: { branch: 'topic', sha },
});

/** A pull request by ada that touches a backend file, in a repository that wants those looked at. */
function pushed(change: Partial<Facts> = {}, theirs: Parameters<typeof pull>[0] = {}): Facts {
  return facts({
    settingsText: 'triggers: { files: { on: [pull_request] } }',
    place: 'theirs',
    issue: issue({ isPullRequest: true, author: ada, labels: [] }),
    pull: pull({ number: 7, author: ada, headBranch: 'topic', headRepositoryId: 1, draft: false, ...theirs }),
    headNow: sha,
    changedPaths: ['README.md', 'src/orders.ts'],
    ...change,
  });
}

describe('a push to a pull request', () => {
  it.each([
    ['by default', 'triggers: { files: { on: [pull_request] } }'],
    ['that say no more than that', 'triggers: { files: {} }'],
    ['with paths of their own', 'triggers: { files: { paths: [README.md, "*.ts"] } }'],
  ])('starts work on top of it where the settings want it, %s', (_, settingsText) => {
    expect(decide(asked, pushed({ settingsText }))).toMatchObject({
      type: 'accept',
      plan: {
        stackedOn: 7,
        base: { branch: 'topic', sha },
        instruction: expect.stringContaining(
          settingsText.includes('paths') ? '- README.md' : '- src/orders.ts',
        ) as string,
      },
    });
  });

  it.each<[string, Facts]>([
    ['files are not looked at', pushed({ settingsText: undefined })],
    ['files are switched off', pushed({ settingsText: 'triggers: { files: false }' })],
    ['only pushes without a pull request are', pushed({ settingsText: 'triggers: { files: { on: [push] } }' })],
    ['the settings are wrong', pushed({ settingsText: 'triggers: { files: { on: [pull_request] } }\ndraft: maybe' })],
    ['it touches no such file', pushed({ changedPaths: ['README.md'] })],
    ['who pushed may not write', pushed({ permission: 'read' })],
    ['a newer commit was pushed', pushed({ headNow: 'd'.repeat(40) })],
    ['it is a draft by now', pushed({}, { draft: true })],
    ['it is closed by now', pushed({ issue: issue({ state: 'closed', isPullRequest: true }) })],
    ['it is ours', pushed({ place: 'ours' })],
    ['a pull request of ours goes into it', pushed({ ours: [pull({ number: 12 })] })],
    ['what was pushed is a merge of ours', pushed({ ours: [pull({ state: 'closed', merged: true, mergeSha: sha })] })],
    ['work on it waits', pushed({ earlier: [earlier({ state: 'queued' })] })],
    ['the day is used up', pushed({ limits: { usdPerJob: 5, usdPerDay: 5, spentTodayUsd: 5 } })],
    ['the repository is archived', pushed({ repository: { ...facts().repository, archived: true } })],
  ])('starts nothing, without a word, when %s', (_, given) => {
    expect(decide(asked, given)).toMatchObject({ type: 'ignore' });
  });
});
