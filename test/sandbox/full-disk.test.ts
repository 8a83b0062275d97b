import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runOnVolume } from './volume.ts';

let steps: Record<string, unknown>;
beforeAll(async () => {
  const { output } = await runOnVolume(48 * 1024 * 1024, join(import.meta.dirname, 'full-disk.ts'));
  steps = JSON.parse(output) as Record<string, unknown>;
});

const diskFull = {
  code: 'disk-full',
  message: expect.stringMatching(
    /^The disk is full: nothing more can be written to \S*volume\S*\. Free space/,
  ) as string,
};

describe('RL-16: a full disk under a box', () => {
  it.each<[string, unknown]>([
    ['a box with its own /tmp full', expect.stringContaining('No space left on device')],
    ['its changes', ['new.txt']],
    ['a command that fills the disk', diskFull],
    ['a file tool', diskFull],
    ['a command of the host', diskFull],
    ['changes on a full disk', ['big', 'more', 'new.txt']],
    ['the same box, with space again', ['more', 'new.txt', 'other.txt']],
  ])('%s', (step, expected) => {
    expect(steps[step]).toEqual(expected);
  });
});
