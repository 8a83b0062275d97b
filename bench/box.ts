import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Box } from '../src/sandbox/index.ts';
import { makeCheckout, makeSandbox } from '../test/sandbox/checkout.ts';
import { median, type Figure } from './figure.ts';

const starts = 9;
const calls = 60;
const file = 'src/orders.ts';
const startGoalMs = 60;
/** Of a tool call, beyond the tool's own work. */
const callGoalMs = 3;

/** What a command costs in a box that stays open, beside starting a sandbox or a plain process for each. */
export async function measureBox(): Promise<readonly Figure[]> {
  await using checkout = await makeCheckout({ [file]: 'export const order = 1;\n'.repeat(80) });
  const sandbox = makeSandbox();
  const open = () => sandbox.open({ checkout, signal: AbortSignal.timeout(600_000) });
  const opening: number[] = [];
  const bare: number[] = [];
  for (let start = 0; start < starts; start += 1) {
    bare.push(await timed(() => run('bwrap', [...bubblewrap, process.execPath, '-e', '0'])));
    const startedAt = performance.now();
    await using box = await open();
    await box.exec('true', 5_000);
    opening.push(performance.now() - startedAt);
  }
  await using box = await open();
  const times = await takeTurns(box, join(checkout.tree, file));
  const [bash, sandboxed, spawned, read, plain] = times;
  return [
    { ...figure('box opened and first command run', opening, 'bwrap … node -e 0', bare), goal: startGoalMs },
    figure('Bash true', bash, 'bwrap … bash -c true', sandboxed),
    figure('Bash true', bash, 'spawn bash -c true', spawned),
    { what: 'Bash true, on top of spawn', value: median(bash) - median(spawned), unit: 'ms', goal: callGoalMs },
    figure('Read of 80 lines', read, 'fs.readFile', plain),
    { what: 'Read, on top of fs.readFile', value: median(read) - median(plain), unit: 'ms', goal: callGoalMs },
  ];
}

/** One call of each kind after the other, so that noise hits all of them. */
async function takeTurns(box: Box, path: string) {
  const kinds = [
    () => box.tool('Bash', { command: 'true' }),
    () => run('bwrap', [...bubblewrap, 'bash', '-c', 'true']),
    () => run('bash', ['-c', 'true']),
    () => box.tool('Read', { file_path: file }),
    () => readFile(path, 'utf8'),
  ] as const;
  const times: [number[], number[], number[], number[], number[]] = [[], [], [], [], []];
  for (let call = 0; call < calls; call += 1)
    for (const [index, kind] of kinds.entries()) times[index]?.push(await timed(kind));
  return times;
}

const bubblewrap = [
  ...['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc', '--tmpfs', '/tmp'],
  ...['--unshare-all', '--die-with-parent', '--new-session'],
];

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const [code] = (await once(spawn(program, args, { stdio: 'ignore' }), 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with ${code}.`);
}

function figure(what: string, ours: readonly number[], anchor: string, theirs: readonly number[]): Figure {
  return { what, value: median(ours), unit: 'ms', anchor: { what: anchor, value: median(theirs) } };
}
