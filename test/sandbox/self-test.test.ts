import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSandbox } from '../../src/sandbox/index.ts';
import { listProbes } from '../../src/sandbox/probes.ts';
import { tryAll } from '../../src/sandbox/self-test.ts';
import { makeCheckout, makeSandbox } from './checkout.ts';

const bait = {
  ...{ secretPath: '/x/secret', secretName: 'secret', port: 1, abstractSocket: 'x' },
  ...{ socketPath: '/x/socket', hostPid: 1 },
};

describe('the self-test', () => {
  it('finds nothing to complain about in a real box', async () => {
    await expect(makeSandbox().selfTest()).resolves.toBeUndefined();
  });

  it('tries at least 20 things that must fail, and some that must work', () => {
    const probes = listProbes(bait);
    expect(probes.filter((probe) => probe.expect === 'denied').length).toBeGreaterThanOrEqual(20);
    expect(probes.filter((probe) => probe.expect === 'allowed').length).toBeGreaterThanOrEqual(5);
    expect(new Set(probes.map((probe) => probe.name)).size).toBe(probes.length);
  });

  it('refuses to go on where there is no box, and tries nothing there', async () => {
    const unsafe = createSandbox({ kind: 'unsafe-none', nodePath: process.execPath });
    await using checkout = await makeCheckout({});
    await using box = await unsafe.open({ checkout, signal: new AbortController().signal });
    const made = join(checkout.folder, 'made');
    const probes = [{ name: 'a file', script: `touch ${made}`, expect: 'allowed' as const }];
    await expect(tryAll(box, probes)).rejects.toThrow('the tool host runs outside of it');
    await expect(lstat(made)).rejects.toThrow('ENOENT');
  });

  it.each(listProbes(bait).map((probe, index) => [probe.name, index] as const))(
    'notices when %s goes the wrong way',
    async (name, wrong) => {
      const probes = listProbes(bait);
      const lines = probes.map(
        ({ expect: right }, index) => `${index} ${(right === 'denied') === (index === wrong) ? 'allowed' : 'denied'}`,
      );
      const box = { exec: async () => ({ exitCode: 0, output: lines.join('\n'), durationMs: 1 }) };
      await expect(tryAll(box, probes)).rejects.toMatchObject({
        code: 'box-unavailable',
        message: expect.stringContaining(name) as string,
      });
    },
  );

  it('names a Node that is not there', async () => {
    await expect(createSandbox({ kind: 'bubblewrap', nodePath: '/nowhere/node' }).selfTest()).rejects.toThrow(
      '/nowhere/node',
    );
  });
});
