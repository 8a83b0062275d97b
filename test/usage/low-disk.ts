/** Runs in a child process whose last argument is a volume, lets a box's files fill it and prints the error that the watch ends the box with. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BotError } from '../../src/domain/index.ts';
import { watchDisk } from '../../src/usage/index.ts';

const volume = process.argv.at(-1) ?? '';
const checkout = { tree: join(volume, 'tree'), home: join(volume, 'home') };
for (const path of Object.values(checkout)) await mkdir(path);
const { promise, resolve } = Promise.withResolvers<BotError>();
const watch = watchDisk({ checkout, limitBytes: 10 * 1024 ** 3, onExceeded: resolve, everyMs: 20 });
const keep = setInterval(() => undefined, 1_000); // the watch alone keeps no process alive
await writeFile(join(checkout.home, 'large'), Buffer.alloc(310 * 1024 ** 2, 1));
const { code, message } = await promise;
clearInterval(keep);
watch[Symbol.dispose]();
process.stdout.write(`${code}: ${message}`);
