import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type BotError, errorCatalogue } from '../../src/domain/index.ts';
import { createSandbox } from '../../src/sandbox/index.ts';
import { watchDisk } from '../../src/usage/index.ts';
import { makeCheckout } from '../sandbox/checkout.ts';
import { runOnVolume } from '../sandbox/volume.ts';

const megabyte = 1024 ** 2;

describe('D11: a box that fills the disk', () => {
  it('with more than its share is ended, and every call hears why; one with less goes on', async () => {
    const limits = { diskBytes: 24 * megabyte };
    const sandbox = createSandbox({ kind: 'bubblewrap', nodePath: process.execPath, limits });
    await using checkout = await makeCheckout({ 'a.txt': 'a\n' });
    await using modest = await sandbox.open({ checkout, signal: new AbortController().signal });
    await using box = await sandbox.open({
      checkout: await checkout.again('big'),
      signal: new AbortController().signal,
    });
    await modest.exec('head -c 8M /dev/zero > small', 5_000);
    const tooLarge = {
      code: 'change-set-refused',
      message: expect.stringContaining('grew beyond 24 MiB') as string,
    };
    await expect(
      box.exec('head -c 16M /dev/zero > a; head -c 16M /dev/zero > ~/b; sleep 60', 60_000),
    ).rejects.toMatchObject(tooLarge);
    await expect(box.tool('Read', { file_path: 'a.txt' })).rejects.toMatchObject(tooLarge);
    expect(await modest.exec('echo on', 5_000)).toMatchObject({ output: 'on\n' });
  });

  it('is found out whatever the files are called', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'disk-watch-'));
    const checkout = { tree: join(folder, 'tree'), home: join(folder, 'home') };
    for (const path of Object.values(checkout)) await mkdir(path);
    const { promise, resolve } = Promise.withResolvers<BotError>();
    const watch = watchDisk({ checkout, limitBytes: 12 * megabyte, onExceeded: resolve, everyMs: 20 });
    const name = join(checkout.tree, '-rf\n 99999999999\ttotal');
    await writeFile(name, Buffer.alloc(7 * megabyte, 1));
    await writeFile(join(checkout.home, 'little'), Buffer.alloc(4 * megabyte, 1));
    await writeFile(join(checkout.home, 'more'), Buffer.alloc(4 * megabyte, 1));
    expect((await promise).message).toContain('grew beyond 12 MiB');
    watch[Symbol.dispose]();
    await rm(folder, { recursive: true });
  });

  it('is ended when it left next to nothing on the disk, with the error that waits for space', async () => {
    const { output } = await runOnVolume(320 * megabyte, join(import.meta.dirname, 'low-disk.ts'));
    expect(output).toMatch(/^disk-full: The disk is almost full/);
  });

  it('ends with a word for a person, and is not tried again', async () => {
    expect(errorCatalogue['change-set-refused']).toEqual({ retryable: false, audience: 'requester' });
  });
});
