import { describe, expect, it } from 'vitest';
import type { CallPart, ChroniclePart } from '../stand-ins/github/index.ts';
import {
  action,
  branch,
  call,
  chronicle,
  comment,
  installation,
  issue,
  limited,
  pull,
  run,
  said,
  status,
} from './checker-builders.ts';
import { checkChronicle, renderViolations } from './checker.ts';
import type { Expectations, Invariant } from './checker.ts';

type Parts = readonly (readonly [number, ChroniclePart])[];

/** The run isn't over: what is not about the invariant need not have ended. */
function broken(invariant: Invariant, parts: Parts, expectations: Expectations = { isOver: false }): string[] {
  const violations = checkChronicle(chronicle(...parts), expectations);
  const others = violations.filter((violation) => violation.invariant !== invariant);
  expect(renderViolations(others)).toBe('');
  return violations.map(({ message }) => message);
}

describe('after a stop', () => {
  const stops: [string, ChroniclePart][] = [
    ['the label was removed', action(issue('unlabeled', { label: 'backend' }))],
    ['the issue was closed', action(issue('closed'))],
    ['somebody said so', said('/backend stop')],
    ['the issue was deleted', action(issue('deleted'))],
    ['the pull request was merged', action(pull('merged'))],
  ];
  const start = action(issue('labeled', { label: 'backend' }));

  it.each(stops)('nothing is done later than ten seconds after %s', (_when, stop) => {
    const effects = [
      branch(),
      pull(),
      run(),
      pull('edited'),
      run({ did: 'edited', status: 'completed', conclusion: 'success' }),
    ];
    for (const effect of effects) {
      const at = (time: number): Parts => [
        [0, start],
        [5, call(branch())],
        [1_000, stop],
        [time, call(effect)],
      ];
      expect(broken('a stop', at(11_009))).toEqual([]);
      expect(broken('a stop', at(11_020))).toEqual([expect.stringContaining('10.0 s after 12#7 was stopped')]);
    }
  });

  it.each<[string, ChroniclePart]>([
    ['the branch is deleted', call(branch({ did: 'deleted', from: 'b'.repeat(40), to: null }))],
    ['the check run is cancelled', call(run({ did: 'edited', status: 'completed', conclusion: 'cancelled' }))],
    ['people are told', call(status('stopped by @ann'))],
    ['the pull request is closed', call(pull('closed'))],
    ['a person works on it', action(branch())],
    ['another issue is worked on', call(branch({ ref: 'refs/heads/backend/17-more' }))],
  ])('it is well that %s', (_what, part) => {
    const parts: Parts = [
      [0, call(branch())],
      [5, call(pull())],
      [1_000, action(issue('closed'))],
      [60_000, part],
    ];
    expect(broken('a stop', parts)).toEqual([]);
  });

  it('work goes on after a new wish, by label or by comment', () => {
    const again = action(comment('/backend implement', { author: 'ann' }));
    for (const wish of [start, again]) {
      const parts: Parts = [
        [0, start],
        [1_000, action(issue('closed'))],
        [50_000, wish],
        [60_000, call(branch())],
      ];
      expect(broken('a stop', parts)).toEqual([]);
    }
  });

  it.each<[string, ChroniclePart]>([
    ['by somebody who may not', said('/backend stop', { senderRole: 'read' })],
    ['that we were not told of', said('/backend stop', { state: 'failed', statusCode: 503 })],
    ['by another label', action(issue('unlabeled', { label: 'bug' }))],
    ['by us', call(issue('unlabeled', { label: 'backend' }))],
    ['on another issue', action(issue('closed', { number: 17 }))],
  ])('work goes on when it was said %s', (_what, part) => {
    expect(
      broken('a stop', [
        [0, start],
        [1_000, part],
        [60_000, call(branch())],
      ]),
    ).toEqual([]);
  });

  it('a new wish of somebody who may not write starts nothing', () => {
    const again = action(comment('/backend implement', { author: 'bob' }), { by: 'bob', role: 'read' });
    const parts: Parts = [
      [1_000, action(issue('closed'))],
      [50_000, again],
      [60_000, call(branch())],
    ];
    expect(broken('a stop', parts)).toHaveLength(1);
  });

  it('a wish that comes later excuses nothing', () => {
    const parts: Parts = [
      [1_000, action(issue('closed'))],
      [20_000, call(branch())],
      [50_000, start],
    ];
    expect(broken('a stop', parts)).toHaveLength(1);
  });

  it('a branch is known by what its pull request closes, whatever it is called', () => {
    const named = { ref: 'refs/heads/robots/fix' };
    const parts: Parts = [
      [0, call(pull('opened', { head: 'robots/fix' }))],
      [1_000, action(issue('closed'))],
      [20_000, call(branch({ ...named, did: 'moved', from: 'a'.repeat(40) }))],
    ];
    expect(broken('a stop', parts)).toEqual([expect.stringContaining('ref moved')]);
  });

  it('a call counts from when it arrived, however late it was let through', () => {
    const entries = chronicle([1_000, action(issue('closed'))], [60_000, call(branch())]);
    const early = entries.map((entry) => (entry.type === 'call' ? { ...entry, arrivedAt: 1_500 } : entry));
    expect(checkChronicle(early, { isOver: false })).toEqual([]);
  });

  it('the ten seconds may be others', () => {
    const parts: Parts = [
      [1_000, action(issue('closed'))],
      [3_500, call(branch())],
    ];
    expect(broken('a stop', parts)).toEqual([]);
    expect(broken('a stop', parts, { isOver: false, stopWithinMs: 2_000 })).toHaveLength(1);
  });
});

describe('a stale epoch', () => {
  const by = (epoch: number, parts: Partial<CallPart> = {}) =>
    call(comment('x', { id: epoch }), { userAgent: `backend-developer/1 job j1/${epoch} node`, ...parts });

  it.each<[string, ChroniclePart]>([
    ['the same', by(2)],
    ['the next', by(3)],
    ['that of another job', by(1, { userAgent: 'backend-developer job j2/1' })],
    ['none', by(1, { userAgent: 'git/2.47' })],
    ['a lower one that only reads', by(1, { method: 'GET', changes: [] })],
    ['a lower one that is refused', by(1, { result: 409, changes: [] })],
    [
      'a lower one that only stores a blob',
      by(1, { changes: [{ what: 'object', did: 'created', repository: 12, kind: 'blob', sha: 'a' }] }),
    ],
  ])('is not %s', (_what, part) => {
    expect(
      broken('the epoch', [
        [100, by(1)],
        [200, by(2)],
        [300, part],
      ]),
    ).toEqual([]);
  });

  it('writes nothing once a higher one has written', () => {
    const message = 'job j1: epoch 1 wrote after epoch 2 had: POST /repos/acme/shop/issues/7/comments';
    expect(
      broken('the epoch', [
        [100, by(2)],
        [200, by(1)],
      ]),
    ).toEqual([message]);
  });

  it('that had asked before is not to blame for an answer that came late', () => {
    const entries = chronicle([100, by(2)], [200, by(1)]);
    const early = entries.map((entry) => (entry.seq === 2 ? { ...entry, arrivedAt: 50 } : entry));
    expect(checkChronicle(early, { isOver: false })).toEqual([]);
  });
});

describe('the pace', () => {
  const pace = { gapMs: 100, perMinute: 3, minuteMs: 1_000, perHour: 5, hourMs: 10_000 };
  const at = (...times: readonly number[]): Parts => times.map((time) => [time, call()] as const);
  const limits = { isOver: false, pace };

  it.each<[string, Parts]>([
    ['at the gap', at(0, 100, 200)],
    ['at the minute', at(0, 100, 200, 1_000)],
    ['at the hour', at(0, 1_000, 2_000, 3_000, 4_000, 10_000)],
    [
      'of calls that make no content',
      [...at(0), [10, call([], { isContent: false })], [20, call([], { actor: 'ann' })]],
    ],
  ])('is kept %s', (_what, parts) => {
    expect(broken('the pace', parts, limits)).toEqual([]);
  });

  it.each<[string, Parts, string]>([
    ['the gap', at(0, 99), '2 content-creating calls within 99.0 ms; at most 1 in 100 ms'],
    ['the minute', at(0, 100, 200, 999), '4 content-creating calls within 999.0 ms; at most 3 in 1000 ms'],
    ['the hour', at(0, 1_000, 2_000, 3_000, 4_000, 9_999), '6 content-creating calls within 9999.0 ms'],
    ['refused calls', [...at(0), [50, call([], { result: 422 })]], 'within 50.0 ms'],
  ])('is broken by %s', (_what, parts, message) => {
    expect(broken('the pace', parts, limits)).toEqual([expect.stringContaining(message)]);
  });

  it('is not judged without numbers', () => {
    expect(broken('the pace', at(0, 1, 2, 3, 4, 5))).toEqual([]);
  });
});

describe('a planted primary limit', () => {
  const read = (parts: Partial<CallPart> = {}) => call([], { method: 'GET', isContent: false, ...parts });

  it.each<[string, number, ChroniclePart]>([
    ['when it is over', 5_010, read()],
    ['if it was under way', 1_260, read()],
    ['for another installation', 3_000, read({ installation: 5 })],
    ['by the App itself', 3_000, read({ installation: null, actor: 'app' })],
    ['to ask for the limit', 3_000, read({ route: 'GET /rate_limit' })],
    ['by git', 3_000, read({ kind: 'git' })],
  ])('lets calls be sent %s', (_what, time, part) => {
    expect(
      broken('a planted limit', [
        [1_000, limited(5_000)],
        [time, part],
      ]),
    ).toEqual([]);
  });

  it('lets nothing be sent before it is over', () => {
    const parts: Parts = [
      [1_000, limited(5_000)],
      [1_300, read()],
      [4_900, read()],
    ];
    const message = `2 calls for installation ${installation} before its limit was over`;
    expect(broken('a planted limit', parts)).toEqual([message]);
  });
});

describe('limit answers', () => {
  it.each<[string, Parts]>([
    ['were planted', [[100, call([], { fault: 'rate-limit', result: 403 })]]],
    ['a person ran into', [[100, call([], { limit: 'content', actor: 'ann' })]]],
    [
      'came to calls under way when a limit was planted',
      [
        [100, limited(5_000)],
        [200, call([], { limit: 'primary' })],
      ],
    ],
  ])('that %s are not our fault', (_what, parts) => {
    expect(broken('no limit answers', parts)).toEqual([]);
  });

  it.each(['content', 'primary'] as const)('of the %s limit are', (limit) => {
    const message = `POST /repos/acme/shop/issues/7/comments was answered with the ${limit} limit`;
    expect(broken('no limit answers', [[100, call([], { limit, result: 403 })]])).toEqual([message]);
  });
});

describe('a branch of ours', () => {
  const over = { isOver: true };

  it.each<[string, Parts]>([
    [
      'with a pull request',
      [
        [1, call(branch())],
        [2, call(pull())],
      ],
    ],
    [
      'whose pull request was closed',
      [
        [1, call(branch())],
        [2, call(pull())],
        [3, action(pull('closed'))],
      ],
    ],
    [
      'that was deleted',
      [
        [1, call(branch())],
        [2, action(branch({ did: 'deleted' }))],
      ],
    ],
    [
      'that a comment names',
      [
        [1, call(branch())],
        [2, call(comment('See `backend/7-fix`.'))],
      ],
    ],
    ['that a person made', [[1, action(branch())]]],
    [
      'of a repository that is gone',
      [
        [1, call(branch())],
        [2, action({ what: 'repository', did: 'deleted', repository: 12 })],
      ],
    ],
  ])('%s is no leftover', (_what, parts) => {
    expect(broken('no leftovers', parts, over)).toEqual([]);
  });

  it.each<[string, Parts]>([
    ['that nobody is told of', []],
    [
      'whose comment was deleted',
      [
        [2, call(comment('See `backend/7-fix`.'))],
        [3, call(comment('', { did: 'deleted' }))],
      ],
    ],
    ['that only a person names', [[2, action(comment('backend/7-fix', { author: 'ann' }))]]],
    ['that has a namesake elsewhere', [[2, call(pull('opened', { repository: 13 }))]]],
  ])('%s is a leftover', (_what, parts) => {
    const message = 'the branch backend/7-fix is left, and nobody is told';
    expect(broken('no leftovers', [[1, call(branch())], ...parts], over)).toEqual([message]);
  });

  it('need not be cleared away while the run is going', () => {
    expect(broken('no leftovers', [[1, call(branch())]])).toEqual([]);
  });
});
