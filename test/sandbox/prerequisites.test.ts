import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSandbox } from '../../src/sandbox/index.ts';
import { hide, missing, selfTest } from './missing.ts';
import { runMounted } from './volume.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prerequisites-'));
  await writeFile(join(folder, 'old-bwrap'), '#!/bin/sh\necho "bwrap: Unknown option --disable-userns" >&2\nexit 1\n', {
    mode: 0o755,
  });
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe('RL-60: without a prerequisite the sandbox says what is missing and how to get it:', () => {
  it.each(missing)('%s', async (_what, mounts, words) => {
    const { output } = await runMounted(mounts, ['--input-type=module', '-e', selfTest]);
    expect(output).toMatch(/^box-unavailable: /);
    expect(output).toContain(words);
  });

  it('a bubblewrap that is new enough', async () => {
    const mounts = ['--ro-bind', join(folder, 'old-bwrap'), '/usr/bin/bwrap'];
    const { output } = await runMounted(mounts, ['--input-type=module', '-e', selfTest]);
    expect(output).toContain('bubblewrap is older than 0.8. Debian 12 and Ubuntu 24.04 have a newer one: apt-get');
  });

  it('Node', async () => {
    await expect(createSandbox({ kind: 'bubblewrap', nodePath: '/nowhere/node' }).selfTest()).rejects.toMatchObject({
      code: 'box-unavailable',
      message: 'Node is missing: /nowhere/node is no program. Install it with: npm ci',
    });
  });

  it('and with all of them it holds there', async () => {
    const { output } = await runMounted([], ['--input-type=module', '-e', selfTest]);
    expect(output).toBe('The sandbox holds.\n');
  });
});

describe('RL-60: the service', () => {
  it('does not start without bwrap, and says why', async () => {
    const env = {
      APP_ID: '1',
      PRIVATE_KEY_PATH: join(folder, 'key.pem'),
      WEBHOOK_SECRET: '0123456789abcdef0123456789abcdef',
      ANTHROPIC_API_KEY: 'none',
      DATA_DIR: join(folder, 'data'),
      PORT: '0',
      LOG_LEVEL: 'silent',
    };
    const { generateKeyPairSync } = await import('node:crypto');
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    await writeFile(env.PRIVATE_KEY_PATH, privateKey);
    const main = join(import.meta.dirname, '../../src/main.ts');
    const { exitCode, output } = await runMounted(hide('/usr/bin/bwrap'), [main], env);
    expect(output).toContain('Cannot start.\nbwrap is not installed. Install it with: apt-get install bubblewrap\n');
    expect(exitCode).toBe(1);
  });
});
