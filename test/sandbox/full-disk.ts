/** Runs in a child process whose last argument is a small volume, and prints as JSON what became of each step. */
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BotError } from '../../src/domain/index.ts';
import { makeCheckout, makeSandbox } from './checkout.ts';

const volume = process.argv.at(-1) ?? '';
const ballast = join(volume, 'ballast');
const steps: Record<string, unknown> = {};

async function outcomeOf(action: () => Promise<unknown>): Promise<unknown> {
  try {
    return await action();
  } catch (error) {
    return error instanceof BotError ? { code: error.code, message: error.message } : String(error);
  }
}

function fill(): void {
  const { bavail, bsize } = statfsSync(volume);
  writeFileSync(ballast, Buffer.alloc(bavail * bsize));
}

await using checkout = await makeCheckout({ 'a.txt': 'a\n' }, volume);
const box = await makeSandbox().open({ checkout, signal: new AbortController().signal });
const write = (path: string) => box.tool('Write', { file_path: path, content: 'x'.repeat(100_000) });

steps['a box with its own /tmp full'] = await outcomeOf(async () => {
  const { text } = await box.tool('Bash', { command: 'head -c 2G /dev/zero > /tmp/x' });
  return text;
});
steps['its changes'] = await outcomeOf(async () => {
  await write('new.txt');
  return (await box.changes()).map(({ path }) => path);
});
steps['a command that fills the disk'] = await outcomeOf(() =>
  box.tool('Bash', { command: 'head -c 1G /dev/zero > big; echo done' }),
);
steps['a file tool'] = await outcomeOf(() => write('other.txt'));
steps['a command of the host'] = await outcomeOf(() => box.exec('head -c 1M /dev/zero > more', 10_000));
steps['changes on a full disk'] = await outcomeOf(async () => {
  await box.exec('truncate -s 0 big', 10_000);
  fill();
  return (await box.changes()).map(({ path }) => path);
});
rmSync(ballast);
rmSync(join(checkout.tree, 'big'));
steps['the same box, with space again'] = await outcomeOf(async () => {
  await write('other.txt');
  return (await box.changes()).map(({ path }) => path);
});
await box[Symbol.asyncDispose]();
process.stdout.write(JSON.stringify(steps));
