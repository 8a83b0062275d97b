import { describe, expect, it } from 'vitest';
import { decide, type Facts } from '../../src/policy/index.ts';
import type { WorkRequest } from '../../src/domain/index.ts';
import { command, earlier, facts, issue, request } from './builders.ts';

const settingsText = 'triggers: { phase: { label: "phase: execute" } }';

function given(labels: readonly string[], change: Partial<Facts> = {}): Facts {
  return facts({ settingsText, issue: issue({ labels }), ...change });
}

const both = ['backend', 'Phase: Execute'];
const execute = request({ trigger: 'Phase: Execute', requestedAt: '2025-06-01T10:05:00Z' });

describe('a phase with a label of its own', () => {
  it.each<[string, WorkRequest, Facts]>([
    ['the phase came last', execute, given(both)],
    ['the phase came first', request(), given(both)],
    ['a command, without a label', command(), given([])],
  ])('starts work when %s', (_, asked, known) => {
    expect(decide(asked, known)).toMatchObject({ type: 'accept' });
  });

  it.each<[string, WorkRequest, Facts]>([
    ['only the phase is on', execute, given(['Phase: Execute'])],
    ['only the usual label is on', request(), given(['backend'])],
    ['labels are off', execute, given(both, { settingsText: `${settingsText.slice(0, -1)}, label: false }` })],
    ['no phase is named', execute, given(both, { settingsText: undefined })],
  ])('starts nothing when %s', (_, asked, known) => {
    expect(decide(asked, known)).toMatchObject({ type: 'ignore' });
  });

  it.each([
    ['backend', ['phase: execute']],
    ['phase: execute', ['backend']],
  ])('stops when the label %s is taken off', (trigger, labels) => {
    expect(decide(request({ verb: 'stop', trigger }), given(labels))).toEqual({ type: 'stop' });
  });

  it('starts once, however long the other labelling waited, and again when the phase is reached again', () => {
    const outcome = { type: 'published', pullNumber: 9, url: 'u', draft: true } as const;
    const before = earlier({ outcome, updatedAt: '2025-06-01T10:10:00Z' });
    expect(decide(execute, given(both, { earlier: [before] }))).toMatchObject({
      type: 'ignore',
      reason: 'the same wish as job job-1',
    });
    const later = { ...execute, requestedAt: '2025-06-01T11:00:00Z' };
    expect(decide(later, given(both, { earlier: [before] }))).toMatchObject({ type: 'accept' });
    const ignored = earlier({ outcome: { type: 'ignored', reason: 'x' }, updatedAt: '2025-06-01T10:10:00Z' });
    expect(decide(execute, given(both, { earlier: [ignored] }))).toMatchObject({ type: 'accept' });
  });
});
