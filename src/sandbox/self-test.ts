import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { BotError, type Checkout } from '../domain/index.ts';
import { bubblewrapTraits, makeScratch, sweepScratch, type Traits } from '../isolation/index.ts';
import type { Box, BoxOptions } from './box.ts';
import { listProbes, type Probe } from './probes.ts';

const limitMs = 30_000;

/** Removes what a killed process left, then opens a box on a scratch checkout and tries everything a box must deny. Throws BotError `box-unavailable` naming the first surprise. */
export async function runSelfTest(
  open: (options: BoxOptions) => Promise<Box>,
  traits: Traits = bubblewrapTraits,
): Promise<void> {
  await sweepScratch();
  const folder = await makeScratch('self-test');
  const secretName = `secret-${randomBytes(8).toString('hex')}`;
  const abstractSocket = `backend-${randomBytes(8).toString('hex')}`;
  const socketPath = join(folder, 'canary.sock');
  const caught: string[] = [];
  const servers = [
    await listen({ host: '127.0.0.1', port: 0 }, caught),
    await listen({ path: `\0${abstractSocket}` }, caught),
    await listen({ path: socketPath }, caught),
  ];
  try {
    const secretPath = join(folder, secretName);
    await writeFile(secretPath, secretName);
    const port = portOf(servers[0]);
    const checkout = await makeCheckout(folder);
    await using box = await open({ checkout, signal: AbortSignal.timeout(limitMs) });
    const bait = { secretPath, secretName, port, abstractSocket, socketPath, hostPid: process.pid };
    await tryAll(box, listProbes(bait, traits), traits);
    if (caught.length > 0) throw surprise('a connection out of the box arrived on the host', traits);
  } finally {
    for (const server of servers) server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Enough of a checkout to be mounted. */
async function makeCheckout(folder: string): Promise<Checkout> {
  const paths = {
    tree: join(folder, 'tree'),
    gitDir: join(folder, 'git'),
    objects: join(folder, 'objects'),
    home: join(folder, 'home'),
  };
  await Promise.all(Object.values(paths).map((path) => mkdir(path)));
  await mkdir(join(paths.gitDir, 'objects/info'), { recursive: true });
  await writeFile(join(paths.gitDir, 'HEAD'), 'ref: refs/heads/main\n');
  await writeFile(join(paths.gitDir, 'objects/info/alternates'), `${paths.objects}\n`);
  return paths;
}

/**
 * All probes in one command line: each in a subshell of its own, told by its number. The first question is whether there is a
 * box at all: where there is none, the probes would do on the host what they are meant to fail at, so none of them runs.
 */
export async function tryAll(
  box: Pick<Box, 'exec'>,
  probes: readonly Probe[],
  traits: Traits = bubblewrapTraits,
): Promise<void> {
  const attempts = probes.map(
    (probe, index) =>
      `if (\n${probe.script}\n) > /dev/null 2>&1; then echo ${index} allowed; else echo ${index} denied; fi`,
  );
  const { output } = await box.exec([renderGuard(traits), ...attempts].join('\n'), limitMs);
  const lines = new Set(output.split('\n'));
  if (lines.has('no box')) throw surprise('the tool host runs outside of it', traits);
  for (const [index, probe] of probes.entries()) {
    if (lines.has(`${index} ${probe.expect}`)) continue;
    throw surprise(`${probe.name} is not ${probe.expect}, as it must be`, traits);
  }
}

function renderGuard({ firstProcess, userId }: Traits): string {
  return [
    `[ "$(cat /proc/1/comm)" = ${firstProcess} ] && [ "$(id -u)" = ${userId} ] &&`,
    '[ "$(cat /proc/sys/kernel/hostname)" = box ] &&',
    "grep -q '^CapEff:[[:space:]]*0000000000000000$' /proc/self/status || { echo no box; exit; }",
  ].join(' ');
}

function surprise(what: string, { needed }: Traits): BotError {
  return new BotError('box-unavailable', `The sandbox does not hold on this machine: ${what}. ${needed}.`);
}

function listen(where: { host: string; port: number } | { path: string }, caught: string[]): Promise<Server> {
  const server = createServer((socket) => {
    caught.push('connection');
    socket.destroy();
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      resolve(server);
    });
  });
}

function portOf(server: Server | undefined): number {
  const address = server?.address();
  if (typeof address === 'object' && address !== null) return address.port;
  throw new BotError('bug', 'The canary server has no port.');
}
