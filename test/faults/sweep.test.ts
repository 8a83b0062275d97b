import { expect, it } from 'vitest';
import { killPoint } from './kill-points.ts';
import { sweep } from './sweep.ts';

const points = ['X3 during: status comment', 'X8 during: first turn half streamed', 'X12 after: branch'].map(killPoint);

it(
  'RL-09: jobs killed with -9 at three points at once all end, each thing made once',
  { timeout: 120_000 },
  async () => {
    const { injected, violations, notes } = await sweep({ kind: 'embedded', seeds: 1, points, tell: () => undefined });
    expect(violations).toEqual([]);
    expect(notes).toEqual([]);
    expect(injected).toBe(points.length);
  },
);
