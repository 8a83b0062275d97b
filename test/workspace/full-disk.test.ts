import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runOnVolume } from '../sandbox/volume.ts';

let steps: Record<string, unknown>;
beforeAll(async () => {
  const { output } = await runOnVolume(330 * 1024 * 1024, join(import.meta.dirname, 'full-disk.ts'));
  steps = JSON.parse(output) as Record<string, unknown>;
});

function diskFull(...words: readonly string[]): unknown {
  const message = expect.stringMatching(new RegExp(words.join('.*'), 's')) as string;
  return { code: 'disk-full', message };
}

describe('RL-16: a full disk', () => {
  it.each<[string, unknown]>([
    ['before a job', diskFull('disk that holds', 'volume', '100 MB are free and 200 MB are needed', 'data/mirrors')],
    ['during a fetch', diskFull('disk that holds', 'volume', 'data/mirrors')],
    ['left by the fetch', []],
    ['elsewhere, meanwhile', 'done'],
    ['the same job, later', 'done'],
    ['during a checkout', diskFull('disk that holds', 'volume', 'unable to write file f')],
    ['left by the checkout', []],
    ['the same checkout, later', 'done'],
    ['its files', 3000],
    ['its last file', 1000],
    ['left by the job', []],
  ])('%s', (step, expected) => {
    expect(steps[step]).toEqual(expected);
  });
});
