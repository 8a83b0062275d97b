import { describe, expect, it } from 'vitest';
import type { ChronicleEntry, ChroniclePart } from '../stand-ins/github/index.ts';
import {
  action,
  branch,
  call,
  chronicle,
  comment,
  delivery,
  installation,
  issue,
  pull,
  reply,
  repository,
  said,
  status,
} from './checker-builders.ts';
import { checkChronicle, invariants, renderViolations } from './checker.ts';
import type { Expectations, Invariant } from './checker.ts';

type Parts = readonly (readonly [number, ChroniclePart])[];

/** What breaks the invariant, as messages; anything that breaks another one fails the test, unless the run isn't over. */
function broken(invariant: Invariant, parts: Parts, expectations: Expectations = {}): string[] {
  const violations = checkChronicle(chronicle(...parts), expectations);
  const others = violations.filter((violation) => violation.invariant !== invariant);
  expect(renderViolations(others)).toBe('');
  return violations.map(({ message }) => message);
}

const labeled = delivery();
const published: Parts = [
  [100, labeled],
  [200, call(status('working, at *understand*'))],
  [300, call(branch())],
  [400, call(pull())],
  [500, call(status('pull request #8', { did: 'edited' }))],
];

function ended(...parts: Parts): Parts {
  return [[100, labeled], ...parts];
}

const going = { isOver: false };

it('a history in which all went well breaks nothing', () => {
  expect(checkChronicle(chronicle(...published))).toEqual([]);
  expect(checkChronicle([])).toEqual([]);
});

it('a history may come in any order, as it does from JSON', () => {
  const entries = JSON.parse(JSON.stringify(chronicle(...published))) as ChronicleEntry[];
  expect(checkChronicle(entries.reverse())).toEqual([]);
});

it('a violation names its invariant, says what is wrong and shows the entries', () => {
  const [violation] = checkChronicle(chronicle([100, labeled]));
  expect(violation).toMatchObject({
    invariant: 'one end',
    message: `${repository}#7, the label: nothing became of it`,
  });
  expect(violation?.evidence.map(({ seq }) => seq)).toEqual([1]);
  expect(renderViolations(violation === undefined ? [] : [violation])).toMatch(/^one end: .* \(#1\)$/);
  expect(Object.keys(invariants)).toHaveLength(12);
});

describe('every accepted intent ends', () => {
  it.each<[string, Parts]>([
    ['in a pull request', published],
    [
      'in a pull request whose status comment a person deleted',
      [...published, [600, action(status('', { did: 'deleted' }))]],
    ],
    ['in nothing to change', ended([200, call(status('nothing to change because it works'))])],
    ['in a refusal', ended([200, call(status('not done: the repository is archived'))])],
    ['in a reply to the label', ended([200, call(reply('label:7:2026-01-01T00:00:00Z:backend'))])],
    [
      'in a reply to the comment',
      [
        [100, said('/backend implement')],
        [200, call(reply('comment:70'))],
      ],
    ],
    ['parked with a reason', ended([200, call(status('parked: the model is overloaded.'))])],
    ['failed with a reason', ended([200, call(status('failed at step verify: the tests hang.'))])],
    [
      'stopped',
      ended(
        [150, call(status('working'))],
        [200, action(issue('closed'))],
        [300, call(status('stopped by @ann', { did: 'edited' }))],
      ),
    ],
    ['stopped before anything was said', ended([200, action(issue('unlabeled', { label: 'Backend' }))])],
    [
      'stopped beside a pull request',
      [
        ...published.slice(0, 4),
        [450, action(issue('closed'))],
        [500, call(status('stopped by @ann', { did: 'edited' }))],
      ],
    ],
    ['with the issue', ended([150, call(status('working'))], [200, action(issue('deleted'))])],
    [
      'with the installation',
      ended([150, call(status('working'))], [200, action({ what: 'installation', did: 'suspended', installation })]),
    ],
    ['twice when there were two', [...published, [600, said('/backend implement')], [700, call(reply('comment:70'))]]],
  ])('%s', (_how, parts) => {
    expect(broken('one end', parts)).toEqual([]);
  });

  it.each<[string, Parts, string]>([
    ['nothing', ended(), 'the label: nothing became of it'],
    [
      'a comment that still says working',
      ended([200, call(status('working, at *verify*'))]),
      'still says "working, at *verify*"',
    ],
    [
      'a comment that still says working after a stop',
      ended([200, call(status('working'))], [300, action(issue('closed'))]),
      'still says "working"',
    ],
    ['parked without a reason', ended([200, call(status('parked: '))]), 'still says "parked:"'],
    [
      'an end that was there before',
      [
        [50, call(status('not done: busy'))],
        [100, labeled],
      ],
      'nothing became of it',
    ],
    [
      'a stop that came before',
      [
        [50, action(issue('closed'))],
        [100, labeled],
      ],
      'nothing became of it',
    ],
    [
      'a reply to somebody else',
      [
        [100, said('/backend implement')],
        [200, call(reply('comment:71'))],
      ],
      'comment 70: nothing became of it',
    ],
    [
      'a reply that a person wrote',
      [
        [100, said('/backend help')],
        [200, action(reply('comment:70', { author: 'mallory' }))],
      ],
      'nothing became of it',
    ],
    ['a pull request that is not there', ended([200, call(status('pull request #8'))]), 'and there is no pull request'],
    [
      'a pull request and a failure',
      [...published.slice(0, 4), [500, call(status('failed at step publish: gone', { did: 'edited' }))]],
      'there is a pull request, and',
    ],
    [
      'a pull request and an answer',
      [...published, [600, call(reply('label:7:x:backend'))]],
      'it was answered, and there is a pull request',
    ],
    [
      'an answer and a failure',
      ended([200, call(reply('label:7:x:backend'))], [300, call(status('failed at step start: no'))]),
      'it was answered, and the status comment',
    ],
    ['nothing, the second time', [...published, [600, delivery({ guid: 'guid-2' })]], 'nothing became of it'],
  ])('and not in %s', (_how, parts, message) => {
    expect(broken('one end', parts)).toEqual([expect.stringContaining(message)]);
  });

  it.each<[string, ChroniclePart]>([
    ['that was not taken', delivery({ state: 'failed', statusCode: 503 })],
    ['of another label', delivery({ label: 'bug', labels: ['bug'] })],
    ['by somebody who may not write', delivery({ senderRole: 'triage' })],
    ['of a stop', said('/backend stop')],
    ['of mere talk', said('I like the backend\n> /backend implement')],
    ['of an edited comment', said('/backend implement', { action: 'edited' })],
  ])('a delivery %s is no intent', (_what, part) => {
    expect(broken('one end', [[100, part]])).toEqual([]);
  });

  it('an issue that was opened with the label is one, and so is a command in a later line', () => {
    const opened = delivery({ action: 'opened', label: null });
    expect(broken('one end', [[100, opened]])).toHaveLength(1);
    expect(broken('one end', [[100, said('Please:\n/backend implement quickly')]])).toHaveLength(1);
  });

  it('a redelivery says what was said at first, so that an end in between is one', () => {
    const late = delivery({ redelivery: true, sentAt: 9_000 });
    expect(broken('one end', [...published, [9_010, late]])).toEqual([]);
  });

  it('those that were named, and on demand every wish, must have ended without a delivery as well', () => {
    const wish = action(issue('labeled', { label: 'backend' }));
    const command = action(comment('/backend implement', { id: 70, author: 'ann' }));
    expect(
      broken('one end', [
        [100, wish],
        [110, command],
      ]),
    ).toEqual([]);
    expect(
      broken(
        'one end',
        [
          [100, wish],
          [110, command],
        ],
        { everyWish: true },
      ),
    ).toHaveLength(2);
    expect(broken('one end', [], { intents: [{ repository, issue: 7 }] })).toHaveLength(1);
    expect(broken('one end', published, { everyWish: true, intents: [{ repository, issue: 7 }] })).toEqual([]);
  });

  it('nothing need have ended while the run is going', () => {
    expect(broken('one end', ended(), going)).toEqual([]);
  });

  it('label, command and ends may be others', () => {
    const other = { label: 'Robot', command: '@robot', endOf: () => 'answer' as const };
    expect(broken('one end', [[100, delivery({ label: 'robot' })]], other)).toHaveLength(1);
    expect(
      broken(
        'one end',
        [
          [100, said('@robot do it')],
          [200, call(status('whatever'))],
        ],
        other,
      ),
    ).toEqual([]);
  });
});
