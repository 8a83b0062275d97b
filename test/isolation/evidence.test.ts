import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkEvidence } from '../../src/sandbox/evidence.ts';
import { startToolHost } from '../../src/sandbox/tool-host.ts';
import { makeCheckout, type TestCheckout } from '../sandbox/checkout.ts';
import { type Mutant, prepareMutant } from './launch.ts';

let checkout: TestCheckout;
beforeAll(async () => {
  checkout = await makeCheckout({ 'a.txt': 'a\n' });
});
afterAll(() => checkout[Symbol.asyncDispose]());

/** Words of the error when a box with this mutant is opened, or what its first command says. */
async function open(mutant: Mutant): Promise<string> {
  const prepared = await prepareMutant(checkout, mutant);
  try {
    const host = await startToolHost(prepared, new AbortController().signal);
    const answer = await host.call({ op: 'exec', command: 'echo ran', timeoutMs: 5_000 }, 10_000);
    await host.close();
    return JSON.stringify(answer);
  } catch (error) {
    return String(error);
  }
}

const allButNetwork = ['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup'];

describe('D5: a box is ended before anything runs in it when it', () => {
  it.each<[string, Mutant]>([
    ['has no system-call filter', { without: '--seccomp', words: 2 }],
    ['has a network', { without: '--unshare-all', instead: allButNetwork }],
    ['shows folders of the host', { without: '--hostname', words: 2, instead: ['--ro-bind', '/', '/host'] }],
    ['runs as another user', { without: '--uid', words: 2, instead: ['--uid', '1001'] }],
    ['has capabilities', { without: '--cap-drop', words: 2, instead: ['--cap-add', 'CAP_SYS_ADMIN'] }],
  ])('%s', async (words, mutant) => {
    expect(await open(mutant)).toContain(words);
  });

  it('says nothing of itself', () => {
    for (const value of [undefined, {}, ['', ''], ['', '', 1]])
      expect(() => {
        checkEvidence(value);
      }).toThrow('says nothing of itself');
  });

  it('may gain privileges', () => {
    const caps = ['Inh', 'Prm', 'Eff', 'Bnd', 'Amb'].map((name) => `Cap${name}:\t0000000000000000`);
    const status = ['Seccomp:\t2', 'NoNewPrivs:\t0', ...caps, 'Uid:\t1000\t1000\t1000\t1000'].join('\n');
    expect(() => {
      checkEvidence([status, '    lo: 0 0', '']);
    }).toThrow('may gain privileges');
  });

  it('and not when all of it is as it must be', async () => {
    expect(await open({})).toContain('ran');
  });
});
