import { describe, expect, it } from 'vitest';
import type { ChroniclePart } from '../stand-ins/github/index.ts';
import { action, branch, call, chronicle, pull, reply, run, status } from './checker-builders.ts';
import { checkChronicle, renderViolations } from './checker.ts';
import type { Expectations, Invariant } from './checker.ts';

type Parts = readonly (readonly [number, ChroniclePart])[];

function broken(invariant: Invariant, parts: Parts, expectations: Expectations = {}): string[] {
  const violations = checkChronicle(chronicle(...parts), expectations);
  const others = violations.filter((violation) => violation.invariant !== invariant);
  expect(renderViolations(others)).toBe('');
  return violations.map(({ message }) => message);
}

const going = { isOver: false };

describe('what there may be one of', () => {
  const second = { id: 172 };
  it.each<[Invariant, string, Parts]>([
    [
      'one pull request',
      'after the first was closed',
      [
        [1, call(pull())],
        [2, action(pull('closed'))],
        [3, call(pull('opened', { number: 9 }))],
      ],
    ],
    [
      'one pull request',
      'for another issue',
      [
        [1, call(pull())],
        [2, call(pull('opened', { number: 9, body: 'Fixes #6', head: 'backend/6' }))],
      ],
    ],
    [
      'one pull request',
      'that a person opened',
      [
        [1, call(pull())],
        [2, action(pull('opened', { number: 9, author: 'ann' }))],
      ],
    ],
    [
      'one pull request',
      'that a person opened again',
      [
        [1, call(pull())],
        [2, action(pull('closed'))],
        [3, call(pull('opened', { number: 9 }))],
        [4, action(pull('reopened'))],
      ],
    ],
    [
      'one status comment',
      'after the first was deleted',
      [
        [1, call(status('x'))],
        [2, action(status('x', { did: 'deleted' }))],
        [3, call(status('y', second))],
      ],
    ],
    [
      'one status comment',
      'on another issue',
      [
        [1, call(status('x'))],
        [2, call(status('x', { ...second, issue: 6 }))],
      ],
    ],
    [
      'one status comment',
      'however often it is edited',
      [
        [1, call(status('x'))],
        [2, call(status('y', { did: 'edited' }))],
      ],
    ],
    [
      'one status comment',
      'that somebody copied',
      [
        [1, call(status('x'))],
        [2, action(status('x', { ...second, author: 'mallory' }))],
      ],
    ],
    [
      'one reply',
      'to another intention',
      [
        [1, call(reply('comment:1'))],
        [2, call(reply('comment:2', second))],
      ],
    ],
    [
      'one check run',
      'for another head',
      [
        [1, call(run())],
        [2, call(run({ id: 91, headSha: 'c'.repeat(40) }))],
      ],
    ],
    [
      'one check run',
      'however often it is edited',
      [
        [1, call(run())],
        [2, call(run({ did: 'edited' }))],
      ],
    ],
  ])('%s: there may be one %s', (invariant, _when, parts) => {
    expect(broken(invariant, parts, going)).toEqual([]);
  });

  it.each<[Invariant, string, Parts, string]>([
    [
      'one pull request',
      'while the first is open',
      [
        [1, call(pull())],
        [2, call(pull('opened', { number: 9, head: 'backend/7-b' }))],
      ],
      '12#7 has 2 live pull requests: 12#8, 12#9',
    ],
    [
      'one pull request',
      'known by its branch alone',
      [
        [1, call(pull('opened', { body: '' }))],
        [2, call(pull('opened', { body: '', number: 9 }))],
      ],
      '12#7 has 2',
    ],
    [
      'one pull request',
      'opened again by us',
      [
        [1, call(pull())],
        [2, call(pull('closed'))],
        [3, call(pull('opened', { number: 9 }))],
        [4, call(pull('reopened'))],
      ],
      '12#7 has 2',
    ],
    [
      'one status comment',
      'while the first is there',
      [
        [1, call(status('x'))],
        [2, call(status('y', second))],
      ],
      '12#7 has 2 status comments: 71, 172',
    ],
    [
      'one status comment',
      'although one is removed later',
      [
        [1, call(status('x'))],
        [2, call(status('y', second))],
        [3, call(status('y', { ...second, did: 'deleted' }))],
      ],
      '12#7 has 2',
    ],
    [
      'one reply',
      'to the same intention',
      [
        [1, call(reply('comment:1'))],
        [2, call(reply('comment:1', second))],
      ],
      'comment:1 has 2 replies',
    ],
    [
      'one check run',
      'for the same head',
      [
        [1, call(run())],
        [2, call(run({ id: 91 }))],
      ],
      'proof has 2 check runs: 90, 91',
    ],
  ])('%s: there may be no second one %s', (invariant, _when, parts, message) => {
    expect(broken(invariant, parts, going)).toEqual([expect.stringContaining(message)]);
  });

  it('a copy that a lagging list caused may be removed again, if the test says so', () => {
    const twice: Parts = [
      [1, call(status('x'))],
      [2, call(status('y', second))],
    ];
    const removed: Parts = [...twice, [3, call(status('y', { ...second, did: 'deleted' }))]];
    const lagging = { ...going, copiesMayBeRemoved: true };
    expect(broken('one status comment', removed, lagging)).toEqual([]);
    expect(broken('one status comment', twice, lagging)).toHaveLength(1);
  });

  it('only check runs of our name count when it is known', () => {
    const twice: Parts = [
      [1, call(run())],
      [2, call(run({ id: 91 }))],
    ];
    expect(broken('one check run', twice, { ...going, checkRun: 'another' })).toEqual([]);
  });
});

describe('the heads of a branch', () => {
  const next = { did: 'moved', from: 'b'.repeat(40), to: 'c'.repeat(40), parents: ['b'.repeat(40)] } as const;
  const amended = { ...next, isForward: false, parents: ['a'.repeat(40)] };

  it('form a line', () => {
    expect(
      broken('a line', [
        [1, call(branch())],
        [2, call(branch(next))],
        [3, call(pull())],
      ]),
    ).toEqual([]);
  });

  it('may be replaced by a person', () => {
    expect(
      broken('a line', [
        [1, call(branch())],
        [2, action(branch(amended))],
        [3, call(pull())],
      ]),
    ).toEqual([]);
  });

  it.each([
    ['replaced by us', amended, 'backend/7-fix went from bbbbbbbbbbbb to cccccccccccc, which does not stand on it'],
    ['moved for nothing', { ...next, isSameTree: true }, 'which changes nothing'],
  ])('may not be %s', (_how, moved, message) => {
    const parts: Parts = [
      [1, call(branch())],
      [2, call(branch(moved))],
      [3, call(pull())],
    ];
    expect(broken('a line', parts)).toEqual([expect.stringContaining(message)]);
  });
});
