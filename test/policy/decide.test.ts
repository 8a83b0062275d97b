import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/domain/index.ts';
import { decide, decideStillWanted, type Facts } from '../../src/policy/index.ts';
import { archived, command, earlier, facts, issue, pull, request } from './builders.ts';

function planOf(given: Facts): Plan {
  const decision = decide(request(), given);
  if (decision.type !== 'accept') throw new Error(JSON.stringify(decision));
  return decision.plan;
}

describe('a request that may go on', () => {
  it('is granted the usual means', () => {
    expect(decide(request(), facts())).toEqual({
      type: 'accept',
      plan: {
        agent: 'backend-developer',
        base: { branch: 'trunk', sha: 'a'.repeat(40) },
        branch: 'backend/7-add-a-health-endpoint',
        budget: { usd: 5, turns: 200, minutes: 60 },
        draft: true,
        command: '/backend',
        checks: {},
        allowedHosts: [],
        protectedPaths: [],
        preferencesPath: 'PREFERENCES.md',
      },
    });
  });

  it('is granted what the repository’s settings say', () => {
    const settingsText = `
base: develop
draft: false
agent: api-specialist
model: opus
budget: { usd: 2, turns: 20, minutes: 5 }
setup: make setup
checks: { test: make test, lint: make lint, types: make types }
network: { allow: [packages.example.com] }
protect: ["db/**"]
preferences: docs/PREFERENCES.md
`;
    expect(planOf(facts({ settingsText }))).toEqual({
      agent: 'api-specialist',
      model: 'opus',
      base: { branch: 'develop', sha: 'a'.repeat(40) },
      branch: 'backend/7-add-a-health-endpoint',
      budget: { usd: 2, turns: 20, minutes: 5 },
      draft: false,
      command: '/backend',
      setup: 'make setup',
      checks: { test: 'make test', lint: 'make lint', types: 'make types' },
      allowedHosts: ['packages.example.com'],
      protectedPaths: ['db/**'],
      preferencesPath: 'docs/PREFERENCES.md',
    });
  });

  it.each([
    ['the operator’s ceiling over the settings', 'budget: { usd: 900 }', { usdPerJob: 3 }, 3],
    ['the operator’s ceiling over the default', undefined, { usdPerJob: 3 }, 3],
    ['the default below a high ceiling', undefined, { usdPerJob: 100 }, 5],
    ['the settings below the ceiling', 'budget: { usd: 1.5 }', { usdPerJob: 3 }, 1.5],
    ['what is left of the day', undefined, { spentTodayUsd: 48 }, 2],
  ])('spends at most %s', (_, settingsText, limits, usd) => {
    const given = facts({ settingsText, limits: { ...facts().limits, ...limits } });
    expect(planOf(given).budget.usd).toBe(usd);
  });

  it.each([
    ['the permission to maintain', request(), facts({ permission: 'maintain' })],
    ['the permission to administer', request(), facts({ permission: 'admin' })],
    ['a label in another case', request({ trigger: 'Backend' }), facts({ issue: issue({ labels: ['BACKEND'] }) })],
    [
      'a label of the settings',
      request({ trigger: 'bot' }),
      facts({ issue: issue({ labels: ['bot'] }), settingsText: 'triggers: { label: bot }' }),
    ],
    ['a command', command(), facts({ issue: issue({ labels: [] }) })],
    ['a command of the settings', command({ trigger: '/be' }), facts({ settingsText: 'triggers: { command: /be }' })],
    ['a command while the label is off', command(), facts({ settingsText: 'triggers: { label: false }' })],
    ['a title without a body', request(), facts({ issue: issue({ body: '' }) })],
    [
      'an instruction on an issue that says nothing',
      command({ instruction: 'add X', seen: { title: '.', body: '' } }),
      facts(),
    ],
    ['a title in another script', request({ seen: { title: '添加', body: '' } }), facts()],
    ['a body that a person sees', request({ seen: { title: '…', body: '<!-- form -->\nAdd it' } }), facts()],
    ['what was there when it was asked for', request(), facts({ issue: issue({ title: '…', body: '' }) })],
    ['a body of 100 kB', request(), facts({ issue: issue({ body: 'x'.repeat(100_000) }) })],
    ['only closed pull requests of ours', request(), facts({ ours: [pull({ state: 'closed' })] })],
    ['an instruction that holds a colon', command({ instruction: 'plan: none, see http://x/plan:y' }), facts()],
  ])('needs no more than %s', (_, asked, given) => {
    expect(decide(asked, given)).toMatchObject({ type: 'accept' });
  });
});

describe('a request that is declined', () => {
  const locked = facts({ issue: issue({ locked: true }) });
  it.each([
    ['who may only triage', request(), facts({ permission: 'triage' }), 'write access'],
    ['who may only read', command({ verb: 'help' }), facts({ permission: 'read' }), 'write access'],
    ['who is a stranger', command(), facts({ permission: 'none' }), 'write access'],
    ['on a closed issue', request(), facts({ issue: issue({ state: 'closed' }) }), 'reopen'],
    ['on a locked issue', request(), locked, 'unlock'],
    [
      'on an issue that says nothing',
      request({ seen: { title: ' … ', body: '<!-- describe it here -->' } }),
      facts(),
      'describe',
    ],
    [
      'on an issue that says nothing to a person',
      request({ seen: { title: '\u{e0041}', body: '[//]: # (Add it)\n\n<p hidden>Add it</p>' } }),
      facts(),
      'describe',
    ],
    [
      'by a command, on an issue that says nothing',
      command({ instruction: '<!-- add X -->', seen: { title: '…', body: '' } }),
      facts(),
      'describe',
    ],
    ['on an issue that changed since its label', request({ changedSince: true }), facts(), 'put it on again'],
    ['in an empty repository', request(), facts({ baseSha: undefined }), 'first commit'],
    [
      'from a base that is not there',
      request(),
      facts({ baseSha: undefined, settingsText: 'base: dev' }),
      'no branch `dev`',
    ],
    [
      'on a pull request of ours',
      command(),
      facts({ place: 'ours' }),
      'works on issues and on pull requests of other people, and not here',
    ],
    ['with a verb that is for pull requests', command({ verb: 'test' }), facts(), 'pull requests that I opened and on'],
    ['with a verb that is to come', command({ verb: 'review' }), facts({ place: 'ours' }), 'not available yet'],
    ['to retry what never began', command({ verb: 'retry' }), facts(), 'nothing to retry'],
    [
      'while our pull request is open',
      request(),
      facts({ ours: [pull({ state: 'closed' }), pull({ number: 12 })] }),
      '#12',
    ],
    [
      'when the day’s budget is used up',
      request(),
      facts({ limits: { usdPerJob: 5, usdPerDay: 50, spentTodayUsd: 50 } }),
      '$50',
    ],
    ['under settings that are a link', request(), facts({ settingsText: { unread: 'symlink' } }), 'is a link'],
    ['under settings that are too long', request(), facts({ settingsText: { unread: 'large' } }), '64 KiB'],
    ['under settings that are wrong', request(), facts({ settingsText: 'draft: maybe' }), 'Line 1, column 8'],
  ])('by a person %s', (_, asked, given, words) => {
    const decision = decide(asked, given);
    expect(decision).toMatchObject({ type: 'decline' });
    expect(JSON.stringify(decision)).toContain(words);
  });

  it('names at most ten problems of the settings, and counts the rest', () => {
    const settingsText = Array.from({ length: 14 }, (_, index) => `key${index}: 1`).join('\n');
    const decision = decide(request(), facts({ settingsText }));
    expect(decision).toMatchObject({ type: 'decline', reason: expect.stringContaining('…and 4 more') as string });
  });
});

describe('a request that is answered', () => {
  it.each([
    ['help with the list', command({ verb: 'help' }), ['/backend implement', '/backend help']],
    [
      'a near miss with what was meant',
      command({ verb: 'unknown', said: 'implemnt' }),
      ['Did you mean `/backend implement`?', '/backend help'],
    ],
    ['half a verb with the whole', command({ verb: 'unknown', said: 'impl' }), ['Did you mean `/backend implement`?']],
    [
      'a verb we lack with the list',
      command({ verb: 'unknown', said: 'dance' }),
      ['`dance` is not a verb I know. Here'],
    ],
    ['no verb with the list', command({ verb: 'unknown', said: '' }), ['A verb is missing']],
  ])('%s', (_, asked, words) => {
    const decision = decide(asked, facts());
    expect(decision.type).toBe('answer');
    for (const word of words) expect(JSON.stringify(decision)).toContain(word);
  });

  it('in the repository’s own command word, also when its settings are wrong elsewhere', () => {
    const given = facts({ settingsText: 'triggers: { command: /be }\ndraft: maybe' });
    expect(decide(command({ verb: 'help', trigger: '/be' }), given)).toMatchObject({
      text: expect.stringContaining('`/be implement') as string,
    });
  });

  it('without letting a person’s words become Markdown', () => {
    const said = '@octocat`<img>`\n#1';
    expect(decide(command({ verb: 'unknown', said }), facts())).toMatchObject({
      text: expect.stringMatching(/^``@octocat`<img>` #1`` is not a verb I know\. Here/u) as string,
    });
  });
});

describe('a request that is ignored', () => {
  it.each([
    ['in an archived repository, where nobody can be answered', request(), archived()],
    ['another label', request({ trigger: 'bug' }), facts({ issue: issue({ labels: ['bug', 'backend'] }) })],
    ['a label while labels are off', request(), facts({ settingsText: 'triggers: { label: false }' })],
    ['a label that was taken off again', request(), facts({ issue: issue({ labels: [] }) })],
    ['another command', command({ trigger: '/cc' }), facts()],
    ['the usual command where another is set', command(), facts({ settingsText: 'triggers: { command: /be }' })],
    ['an unclear command by a stranger', command({ verb: 'unknown', said: 'x' }), facts({ permission: 'read' })],
    ['an issue that is gone', request(), facts({ issue: undefined, branch: undefined })],
  ])('for %s', (_, asked, given) => {
    expect(decide(asked, given)).toMatchObject({ type: 'ignore' });
  });
});

const stopAsked = { verb: 'stop', said: 'stop' } as const;
const labelOff = request({ ...stopAsked, intention: 'unlabel:7' });
const closing = request({ ...stopAsked, via: 'closing', trigger: '' });
const unlabelled = facts({ issue: issue({ labels: ['bug'] }) });
const closed = facts({ issue: issue({ state: 'closed' }) });

describe('a wish to stop', () => {
  it.each([
    ['a command', command(stopAsked), facts()],
    [
      'a command on a closed issue under settings that are wrong',
      command(stopAsked),
      { ...closed, settingsText: 'draft: maybe' },
    ],
    ['the label taken off, by whomever GitHub let do it', labelOff, { ...unlabelled, permission: 'none' }],
    ['the issue closed', closing, { ...closed, permission: 'none' }],
    ['the issue gone', closing, facts({ issue: undefined, branch: undefined })],
  ] as const)('counts: %s', (_, asked, given) => {
    expect(decide(asked, given)).toEqual({ type: 'stop' });
  });

  it.each([
    ['RL-03: the label is on again', labelOff, facts()],
    ['another label', request({ ...stopAsked, trigger: 'bug' }), facts()],
    ['the issue is open again', closing, facts()],
    ['another command word', command({ ...stopAsked, trigger: '/cc' }), facts()],
  ])('does not count: %s', (_, asked, given) => {
    expect(decide(asked, given)).toMatchObject({ type: 'ignore' });
  });

  it('is declined for a stranger’s command', () => {
    expect(decide(command(stopAsked), facts({ permission: 'read' }))).toMatchObject({ type: 'decline' });
  });
});

describe('a wish after another', () => {
  const after = (seconds: number) => request({ requestedAt: `2025-06-01T10:00:0${seconds}Z` });
  const published = earlier({ outcome: { type: 'published', pullNumber: 9, url: 'u', draft: false } });
  it.each([
    ['RL-02: published', published],
    ['under another spelling of the label', { ...published, request: request({ trigger: 'BACKEND' }) }],
    ['failed', earlier({ outcome: { type: 'failed', step: 'verify', reason: 'x' } })],
  ])('is the same wish when the label was put on seconds apart: %s', (_, before) => {
    expect(decide(after(9), facts({ earlier: [before] }))).toMatchObject({ type: 'ignore' });
  });

  it.each([
    ['long before', { ...published, request: request({ requestedAt: '2025-06-01T09:00:00Z' }) }],
    ['by a command', { ...published, request: command() }],
    ['under another label', { ...published, request: request({ trigger: 'bug' }) }],
    ['and was stopped', earlier({ outcome: { type: 'stopped', by: 'octocat' } })],
    ['and was ignored', earlier({ outcome: { type: 'ignored', reason: 'x' } })],
  ])('is another wish when the first was %s', (_, before) => {
    expect(decide(after(9), facts({ earlier: [before] }))).toMatchObject({ type: 'accept' });
  });

  it.each([
    ['command', command()],
    ['label', request({ requestedAt: '2025-06-01T11:00:00Z' })],
  ])('by %s lets waiting work go on instead of beginning it twice', (_, asked) => {
    const waiting = earlier({ state: 'queued', request: command() });
    expect(decide(asked, facts({ earlier: [published, waiting] }))).toEqual({ type: 'go-on', jobId: 'job-1' });
    expect(decide(asked, facts({ permission: 'read', earlier: [waiting] }))).toMatchObject({ type: 'decline' });
  });
});

describe('work that was accepted', () => {
  it.each([
    ['nothing changed', request(), facts()],
    ['our pull request is open by now', request(), facts({ ours: [pull()] })],
    [
      'the day’s budget is used up by now',
      request(),
      facts({ limits: { usdPerJob: 5, usdPerDay: 5, spentTodayUsd: 6 } }),
    ],
    ['it was asked for by a command and there is no label', command(), facts({ issue: issue({ labels: [] }) })],
  ])('is still wanted when %s', (_, asked, given) => {
    expect(decideStillWanted(asked, given)).toEqual({ wanted: true });
  });

  it.each([
    ['the person lost the permission', request(), facts({ permission: 'read' }), 'write access'],
    ['the repository was archived', request(), archived(), 'archived'],
    ['the issue was closed', request(), facts({ issue: issue({ state: 'closed' }) }), 'closed'],
    ['the issue was locked', request(), facts({ issue: issue({ locked: true }) }), 'locked'],
    ['the issue was deleted', request(), facts({ issue: undefined, branch: undefined }), 'no longer here'],
    ['the label was taken off', request(), facts({ issue: issue({ labels: ['bug'] }) }), 'taken off'],
  ])('is not wanted once %s', (_, asked, given, words) => {
    expect(decideStillWanted(asked, given)).toMatchObject({
      wanted: false,
      reason: expect.stringContaining(words) as string,
    });
  });
});
