import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectToPath } from '../../src/sandbox/call-probes.ts';
import { createSandbox } from '../../src/sandbox/index.ts';
import { makeCheckout, makeSandbox, type TestCheckout } from '../sandbox/checkout.ts';

const abstractName = `backend-test-${process.pid}`;
let checkout: TestCheckout;
let servers: readonly Server[];
beforeAll(async () => {
  checkout = await makeCheckout({});
  servers = await Promise.all([join(checkout.folder, 'host.sock'), `\0${abstractName}`].map(listen));
});
afterAll(async () => {
  for (const server of servers) server.close();
  await checkout[Symbol.asyncDispose]();
});

function listen(path: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve) => {
    server.listen(path, () => {
      resolve(server);
    });
  });
}

/** An abstract name begins with a NUL and is as long as it is, so the address is too. */
function connectToAbstract(name: string): string {
  return `perl -e 'exit(socket(S, 1, 1, 0) && connect(S, pack("S", 1) . "\\0${name}") ? 0 : 1)'`;
}

async function runIn(kind: 'bubblewrap' | 'unsafe-none', command: string): Promise<number | null> {
  const sandbox = kind === 'bubblewrap' ? makeSandbox() : createSandbox({ kind, nodePath: process.execPath });
  const place = await checkout.again(`tree-${Math.random()}`);
  await using box = await sandbox.open({ checkout: place, signal: new AbortController().signal });
  return (await box.exec(command, 10_000)).exitCode;
}

describe('D3: the Unix sockets of the host', () => {
  it.each<[string, () => string]>([
    ['in a folder', () => connectToPath(join(checkout.folder, 'host.sock'))],
    ['with an abstract name', () => connectToAbstract(abstractName)],
  ])('%s are reached without a box, and not from one', async (_where, command) => {
    expect(await runIn('unsafe-none', command())).toBe(0);
    expect(await runIn('bubblewrap', command())).toBe(1);
  });

  it('are not missed: a program in a box has sockets of its own', async () => {
    const own = `perl -e '$a = pack("S a108", 1, "/tmp/own"); socket(S, 1, 1, 0) && bind(S, $a) && listen(S, 1) && socket(C, 1, 1, 0) && connect(C, $a) or exit 1'`;
    expect(await runIn('bubblewrap', own)).toBe(0);
  });
});
