import { describe, expect, it } from 'vitest';
import { decide, type Facts } from '../../src/policy/index.ts';
import type { WorkRequest } from '../../src/domain/index.ts';
import { command, earlier, facts, issue } from './builders.ts';

const planner = { id: 77, login: 'planner[bot]', type: 'Bot' } as const;

/** Work on issue 7 that a program delegates. */
function dispatch(change: Partial<WorkRequest> = {}): WorkRequest {
  const seen = { title: '', body: '' };
  return command({
    via: 'dispatch',
    trigger: 'planner',
    source: { type: 'issue' },
    seen,
    instruction: 'Add it',
    ...change,
  });
}

const nowhere = { subject: { kind: 'issue', number: 0 } } as const;
const noIssue = { issue: undefined, branch: undefined };

/** The App asked so often on the same issue, an hour before. */
function rounds(count: number): Facts['earlier'] {
  const request = command({ sender: planner, requestedAt: '2025-06-01T09:00:00Z' });
  return Array.from({ length: count }, () => earlier({ request, outcome: { type: 'answered' } }));
}

describe('delegated work', () => {
  it('is carried out on the issue that is named, as it says by now', () => {
    expect(decide(dispatch(), facts())).toMatchObject({
      type: 'accept',
      plan: { seen: { title: 'Add a health endpoint', body: '`GET /health` answers 200.' } },
    });
  });

  it('gets an issue where none is named', () => {
    expect(decide(dispatch(nowhere), facts(noIssue))).toEqual({ type: 'open' });
  });

  it.each([
    [
      'by somebody who may not write',
      dispatch({ ...nowhere, sender: planner }),
      facts({ ...noIssue, permission: 'none' }),
    ],
    ['under settings that are wrong', dispatch(nowhere), facts({ ...noIssue, settingsText: 'draft: maybe' })],
    ['without a name', dispatch({ ...nowhere, trigger: '' }), facts(noIssue)],
    ['on an issue that is not there', dispatch(), facts(noIssue)],
    [
      'when the day is used up',
      dispatch(nowhere),
      facts({ ...noIssue, limits: { usdPerJob: 5, usdPerDay: 5, spentTodayUsd: 5 } }),
    ],
  ])('is only logged: %s', (_, asked, given) => {
    expect(decide(asked, given)).toMatchObject({ type: 'ignore' });
  });

  it.each([
    ['what to do', dispatch({ instruction: ' … ' }), facts(), '`client_payload.instruction`, which says what to do'],
    ['who delegates', dispatch({ trigger: '' }), facts(), '`client_payload.from`, which says who delegates'],
    ['both', dispatch({ trigger: '', instruction: '' }), facts(), 'what to do and `client_payload.from`'],
    ['an issue that stayed as it was', dispatch(), facts({ changedSince: true }), 'has changed since work on it was'],
  ])('is answered on its issue when it lacks %s', (_, asked, given, words) => {
    expect(decide(asked, given)).toMatchObject({ type: 'decline', reason: expect.stringContaining(words) as string });
  });

  it('goes on elsewhere while other work without an issue waits', () => {
    const waiting = earlier({ state: 'queued', request: dispatch(nowhere) });
    expect(decide(dispatch(nowhere), facts({ ...noIssue, earlier: [waiting] }))).toEqual({ type: 'open' });
  });
});

describe('a command by an App', () => {
  const asked = command({ sender: planner, requestedAt: '2025-06-01T10:00:00Z' });
  it.each([
    ['that may not ask', asked, facts({ permission: 'none' })],
    ['that may not ask, unclear', command({ ...asked, verb: 'unknown', said: 'x' }), facts({ permission: 'none' })],
    ['that may not ask, for an end', command({ ...asked, verb: 'stop' }), facts({ permission: 'none' })],
    ['that was told that it asks too often', asked, facts({ earlier: rounds(11) })],
  ])('is never answered: %s', (_, request, given) => {
    expect(decide(request, given)).toMatchObject({ type: 'ignore' });
  });

  it.each([
    [9, 'accept'],
    [10, 'decline'],
  ])('after %i others within a day: %s', (count, type) => {
    expect(decide(asked, facts({ earlier: rounds(count) }))).toMatchObject({ type });
  });

  it('counts for nobody else, and not for ever', () => {
    expect(decide(command(), facts({ earlier: rounds(20) }))).toMatchObject({ type: 'accept' });
    const later = { ...asked, requestedAt: '2025-06-02T10:00:00Z' };
    expect(decide(later, facts({ earlier: rounds(20) }))).toMatchObject({ type: 'accept' });
  });

  it('ends work by taking the label off, as ever', () => {
    const off = command({ verb: 'stop', via: 'label', trigger: 'backend', sender: planner });
    expect(decide(off, facts({ permission: 'none', issue: issue({ labels: [] }) }))).toEqual({ type: 'stop' });
  });
});
