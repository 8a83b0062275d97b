import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/domain/index.ts';
import { decide, type Facts } from '../../src/policy/index.ts';
import { command, earlier, facts, issue, request, pull } from './builders.ts';

function planOf(given: Facts): Plan {
  const decision = decide(request(), given);
  if (decision.type !== 'accept') throw new Error(JSON.stringify(decision));
  return decision.plan;
}

describe('a command with options', () => {
  const given = facts({ settingsText: 'base: develop\nbudget: { usd: 2 }\nmodel: haiku' });
  it.each([
    ['base', 'main', { base: { branch: 'main', sha: 'a'.repeat(40) } }],
    ['budget', '$3.5', { budget: { usd: 3.5, turns: 200, minutes: 60 } }],
    ['budget', '900', { budget: { usd: 5, turns: 200, minutes: 60 } }],
    ['model', 'opus', { model: 'opus' }],
    ['draft', 'FALSE', { draft: false }],
  ])('goes before the settings and not beyond the operator: %s:%s', (name, value, expected) => {
    expect(decide(command({ options: [{ name, value }] }), given)).toMatchObject({ type: 'accept', plan: expected });
  });
});

describe('a command with an option that is not right', () => {
  it.each([
    ['buget', '3', 'Did you mean `budget:`?'],
    ['colour', 'red', 'not an option I know. I know `base:`'],
    ['budget', '0', 'US dollars, from 0.01 to 1000, such as `budget:3`'],
    ['budget', '-3', 'US dollars'],
    ['budget', '1e9', 'US dollars'],
    ['draft', 'maybe', '`true` or `false`'],
    ['plan', 'later', '`always`'],
    ['base', '../x', 'name of a branch'],
    ['model', 'a b', 'alias'],
    ['agents', 'x', 'means nothing to this command'],
  ])('with %s:%s', (name, value, words) => {
    const decision = decide(command({ options: [{ name, value }] }), facts());
    expect(decision).toMatchObject({ type: 'decline', reason: expect.stringContaining(words) as string });
  });

  it('says which option is given twice', () => {
    const options = ['opus', 'haiku'].map((value) => ({ name: 'model', value }));
    const decision = decide(command({ options }), facts());
    expect(decision).toMatchObject({ reason: expect.stringContaining('`model:` is given more than once') as string });
  });
});

describe('a wish to retry', () => {
  const first = command({ instruction: 'keep it small', options: [{ name: 'budget', value: '1' }] });
  const before = earlier({ request: first, outcome: { type: 'failed', step: 'verify', reason: 'x' } });
  const retry = command({ verb: 'retry', said: 'retry', instruction: '' });

  it('begins the last work again, with its words and options', () => {
    const answered = earlier({ request: command({ verb: 'help' }), outcome: { type: 'answered' } });
    expect(decide(retry, facts({ earlier: [before, answered] }))).toMatchObject({
      type: 'accept',
      plan: { instruction: 'keep it small', budget: { usd: 1 } },
    });
  });

  it('takes options of its own over those', () => {
    const asked = { ...retry, options: [{ name: 'budget', value: '2' }] };
    expect(decide(asked, facts({ earlier: [before] }))).toMatchObject({ plan: { budget: { usd: 2 } } });
  });

  it('may be made of a retry', () => {
    const plan = { ...planOf(facts()), instruction: 'keep it small' };
    const again = earlier({ request: retry, plan, outcome: { type: 'stopped', by: 'ada' } });
    const asked = decide(retry, facts({ earlier: [before, again] }));
    expect(asked).toMatchObject({ plan: { instruction: 'keep it small', budget: { usd: 1 } } });
  });

  it('lets waiting work go on', () => {
    const waiting = earlier({ state: 'queued' });
    expect(decide(retry, facts({ earlier: [before, waiting] }))).toEqual({ type: 'go-on', jobId: 'job-1' });
  });
});

describe('a question for the status', () => {
  const asked = command({ verb: 'status', said: 'status' });
  const plan = planOf(facts());
  it.each([
    ['nothing', {}, ['Nothing is under way here.']],
    [
      'work under way',
      { earlier: [earlier({ state: 'running', step: 'verify', plan })] },
      ['is under way: step *verify*. Cost so far: $0.42 of $5.00.', '`/backend stop` stops it'],
    ],
    [
      'work that waits',
      { earlier: [earlier({ state: 'queued', usd: 0 })], positions: new Map([['job-1', 3]]) },
      ['waits for its turn with 3 jobs before it. Cost so far: $0.00.'],
    ],
    [
      'work that rests',
      { earlier: [earlier({ state: 'queued', parked: { reason: 'the model did not answer.', until: 0 } })] },
      ['rests: the model did not answer. It goes on by itself at 1970-01-01 00:00 UTC.'],
    ],
    [
      'what came before, the latest first',
      {
        earlier: [
          earlier({ outcome: { type: 'published', pullNumber: 9, url: 'u', draft: false } }),
          earlier({ outcome: { type: 'failed', step: 'verify', reason: 'tests\nfail' } }),
          earlier({ request: command({ verb: 'help' }), outcome: { type: 'answered' } }),
        ],
      },
      ['failed at step *verify*: tests fail ($0.42)\n- `implement` for `octocat`: pull request #9 ($0.42)'],
    ],
  ])('tells of %s', (_, given, words) => {
    const decision = decide(asked, facts(given));
    expect(decision.type).toBe('answer');
    for (const word of words) expect('text' in decision && decision.text).toContain(word);
  });

  it('is answered on any pull request, also under settings that are wrong', () => {
    expect(decide(asked, facts({ place: 'theirs', settingsText: 'draft: maybe' }))).toMatchObject({ type: 'answer' });
  });
});

describe('a mention', () => {
  const mention = command({ via: 'mention', trigger: '@back-bot' });
  it('is a command, unless the settings switch it off', () => {
    expect(decide(mention, facts())).toMatchObject({ type: 'accept' });
    expect(decide(mention, facts({ settingsText: 'triggers: { mention: false }' }))).toMatchObject({ type: 'ignore' });
    expect(decide({ ...mention, verb: 'stop' }, facts())).toEqual({ type: 'stop' });
  });
});

describe('a wish to go on with our pull request', () => {
  const ours = { place: 'ours', pull: pull({ headSha: 'c'.repeat(40) }), mergeBase: 'd'.repeat(40) } as const;
  const revise = command({ verb: 'revise', instruction: 'in capitals' });
  const review = command({ verb: 'revise', via: 'review', trigger: '' });
  const plan = {
    work: 'revise',
    base: { branch: 'trunk', sha: 'd'.repeat(40) },
    continues: { pullNumber: 9, branch: 'backend/7-add-a-health-endpoint', headSha: 'c'.repeat(40) },
  };

  it.each([
    ['by command', revise],
    ['by a review', review],
    ['by retry', command({ verb: 'retry' })],
  ])('is carried out on its branch: %s', (_, asked) => {
    const last = earlier({
      request: revise,
      state: 'finished',
      outcome: { type: 'failed', step: 'verify', reason: 'x' },
    });
    const given = facts({ ...ours, earlier: [last] });
    expect(decide(asked, given)).toMatchObject({ type: 'accept', plan });
  });

  it('is a polite no where it makes no sense', () => {
    expect(decide(revise, facts({ place: 'theirs', pull: pull() }))).toMatchObject({ type: 'decline' });
    expect(decide(revise, facts({ ...ours, mergeBase: undefined }))).toMatchObject({ type: 'decline' });
    expect(decide(revise, facts({ ...ours, issue: issue({ state: 'closed' }) }))).toMatchObject({ type: 'decline' });
    expect(decide(review, facts({ place: 'theirs', pull: pull() }))).toMatchObject({ type: 'ignore' });
    expect(decide(review, facts({ ...ours, permission: 'read' }))).toMatchObject({ type: 'ignore' });
    expect(decide(review, facts({ ...ours, asksNothing: true }))).toMatchObject({ type: 'ignore' });
  });
});

describe('a question about the code, and a wish for the checks', () => {
  const ours = { pull: pull({ headSha: 'c'.repeat(40) }), place: 'ours' } as const;
  it.each([
    ['explain', facts(), { work: 'explain', base: { branch: 'trunk', sha: 'a'.repeat(40) } }],
    ['explain', facts(ours), { work: 'explain', base: { branch: 'trunk', sha: 'c'.repeat(40) } }],
    ['test', facts(ours), { work: 'test', base: { branch: 'trunk', sha: 'c'.repeat(40) } }],
  ] as const)('%s is about the newest commit', (verb, given, plan) => {
    expect(decide(command({ verb }), given)).toMatchObject({ type: 'accept', plan });
  });

  it.each(['explain', 'test'] as const)('%s is another wish each time, also while one waits', (verb) => {
    const waiting = [earlier({ state: 'queued', request: command({ verb }) }), earlier({ state: 'queued' })];
    expect(decide(command({ verb }), facts({ ...ours, earlier: waiting }))).toMatchObject({ type: 'accept' });
  });

  it('leaves the main job its own', () => {
    const asked = earlier({ state: 'queued', request: command({ verb: 'explain' }) });
    expect(decide(command(), facts({ earlier: [asked] }))).toMatchObject({
      type: 'accept',
      plan: { agent: 'backend-developer' },
    });
  });

  it.each([
    ['costs money', 'explain', facts({ limits: { usdPerJob: 5, usdPerDay: 5, spentTodayUsd: 5 } }), 'decline'],
    ['costs none', 'test', facts({ ...ours, limits: { usdPerJob: 5, usdPerDay: 5, spentTodayUsd: 5 } }), 'accept'],
    ['may be closed', 'explain', facts({ issue: issue({ state: 'closed' }) }), 'accept'],
    ['may not be locked', 'explain', facts({ issue: issue({ locked: true }) }), 'decline'],
  ] as const)('%s: %s', (_, verb, given, type) => {
    expect(decide(command({ verb }), given).type).toBe(type);
  });
});
