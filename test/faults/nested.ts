import { killPoint, type KillPoint } from './kill-points.ts';
import type { Options, Result } from './result.ts';
import { sweep } from './sweep.ts';

/** A death, and a second one while the first is being recovered from. */
const pairs: readonly (readonly [string, string])[] = [
  ['X3 before: status comment', 'X3 after: status comment'],
  ['X3 during: status comment', 'X3 before: status comment: row confirmed'],
  ['X3 after: status comment', 'X3 before: status comment: row confirmed'],
  ['X12 before: branch', 'X12 during: branch'],
  ['X12 during: branch', 'X12 after: branch: row'],
  ['X12 after: branch', 'X12 before: branch: looked for'],
  ['X13 before: pull request', 'X13 after: pull request'],
  ['X13 during: pull request', 'X13 after: pull request: row'],
  ['X13 after: pull request', 'X14 before: pull request read again for its body'],
];

/** Kills jobs where a crash is ambiguous, and kills their successors where they find out what had happened. */
export async function runNested({ seeds, tell }: Options): Promise<Result> {
  const points = pairs.flatMap(([first, second]): KillPoint[] => [
    { ...killPoint(first), id: `first ${first}`, stage: 'first' },
    { ...killPoint(second), id: `second ${second}`, stage: 'second' },
  ]);
  return sweep({
    kind: 'PostgreSQL',
    seeds: Math.max(2, Math.ceil(seeds / 4)),
    points,
    chains: [['first', 'second']],
    inOrder: true,
    tell,
  });
}
