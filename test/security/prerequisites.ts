import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startToolHost } from '../../src/sandbox/tool-host.ts';
import { type Mutant, prepareMutant, runAsBox } from '../isolation/launch.ts';
import { makeCheckout, type TestCheckout } from '../sandbox/checkout.ts';
import { missing, selfTest } from '../sandbox/missing.ts';
import { runMounted } from '../sandbox/volume.ts';
import { once, sharedClass, type Attempt, type Case } from './case.ts';
import { listenOn } from './listen.ts';

const program = ['--input-type=module', '-e', selfTest];
const holds = 'The sandbox holds.';

/** Each prerequisite taken away in turn. A service that goes on without a box gives the repository's code the host. */
function missingCases(secretPath: string, works: Attempt): Case[] {
  return missing.map(([what, mounts]) => ({
    id: 'D5',
    name: `the sandbox passes for one without ${what}`,
    baseline: async () => {
      const code = `console.log(require('node:fs').readFileSync(${JSON.stringify(secretPath)}, 'utf8'))`;
      return (await runMounted(mounts, ['-e', code])).output.includes('secret');
    },
    attack: async () => (await runMounted(mounts, program)).output.includes(holds),
    twin: works,
  }));
}

const allBut = (...names: readonly string[]) =>
  'user pid ipc uts cgroup net'.split(' ').flatMap((name) => (names.includes(name) ? [] : [`--unshare-${name}`]));

/** Boxes with one wall left out, and what somebody in them does then. `PORT` is a server on the host's loopback. */
const halves: readonly (readonly [name: string, mutant: Mutant, script: string])[] = [
  ['has no system-call filter', { without: '--seccomp', words: 2 }, "grep -qE '^Seccomp:.*0$' /proc/self/status"],
  [
    'has the host’s network',
    { without: '--unshare-all', instead: allBut('net', 'user') },
    'exec 3<>/dev/tcp/127.0.0.1/PORT',
  ],
  [
    'has the host’s files',
    { without: '--hostname', words: 2, instead: ['--ro-bind', '/', '/host'] },
    'cat /host/etc/hostname /host/etc/passwd',
  ],
  ['runs as another user', { without: '--uid', words: 2, instead: ['--uid', '1001'] }, '[ "$(id -u)" = 1001 ]'],
  [
    'has capabilities',
    { without: '--cap-drop', words: 2, instead: ['--cap-add', 'CAP_SYS_ADMIN'] },
    "grep '^CapEff:' /proc/self/status | grep -qv '0000000000000000$'",
  ],
];

function halfCases(checkout: TestCheckout, port: number, works: Attempt): Case[] {
  return halves.map(([name, mutant, script]) => ({
    id: 'D5',
    name: `a box is used that ${name}`,
    baseline: async () => {
      const prepared = await prepareMutant(checkout, mutant);
      const isBare = mutant.without === '--seccomp';
      const launch = isBare ? { ...prepared.launch, filter: Buffer.alloc(0) } : prepared.launch;
      return (
        await runAsBox(
          { ...prepared, launch },
          `(${script.replace('PORT', String(port))}) > /dev/null && echo it works`,
        )
      ).includes('it works');
    },
    attack: () => runsIn(checkout, mutant),
    twin: works,
  }));
}

/** Whether such a box is opened, as every box is, and runs a command. */
async function runsIn(checkout: TestCheckout, mutant: Mutant): Promise<boolean> {
  const prepared = await prepareMutant(checkout, mutant);
  try {
    const host = await startToolHost(prepared, new AbortController().signal);
    const answer = await host.call({ op: 'exec', command: 'echo ran', timeoutMs: 5_000 }, 10_000);
    await host.close();
    return JSON.stringify(answer).includes('ran');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}

export const prerequisites = sharedClass('prerequisites', async (ends) => {
  const folder = await mkdtemp(join(tmpdir(), 'attack-halves-'));
  ends.defer(() => rm(folder, { recursive: true, force: true }));
  const secretPath = join(folder, 'secret');
  await writeFile(secretPath, 'secret');
  const checkout = ends.use(await makeCheckout({ 'a.txt': 'a\n' }));
  const holdsHere = once(async () => (await runMounted([], program)).output.includes(holds));
  const opens = once(() => runsIn(checkout, {}));
  return [
    ...missingCases(secretPath, holdsHere),
    ...halfCases(
      checkout,
      await listenOn(
        createServer((socket) => socket.destroy()),
        ends,
      ),
      opens,
    ),
  ];
});
