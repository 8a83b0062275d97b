import { setTimeout as sleep } from 'node:timers/promises';
import { BotError } from '../../src/domain/index.ts';
import type { Box, Sandbox } from '../../src/sandbox/index.ts';
import { makeCheckout, makeSandbox, type TestCheckout } from './checkout.ts';
import { commandOf, descendantsOf, type ProcessRow } from './process-tree.ts';

/** The processes of a box, as the host sees them: bwrap, the first inside, the tool host, the shell of a call. */
export const victims = ['bwrap', 'the first process', 'the tool host', 'the shell of a call'] as const;
export type Victim = (typeof victims)[number];
const moments = ['while it opens', 'in a call', 'between calls'] as const;

/** Kills one process of the newest box that this process has opened; undefined when it isn't there yet. `before` is what ran already. */
export function killIn(victim: Victim, before: ReadonlySet<number>): ProcessRow | undefined {
  const rows = descendantsOf(process.pid).filter(({ pid }) => !before.has(pid));
  const below = (row: ProcessRow | undefined, command = '') =>
    row && rows.find(({ pid, parent }) => parent === row.pid && commandOf(pid).includes(command));
  const bwrap = rows.find(({ name, parent }) => name === 'bwrap' && parent === process.pid);
  const first = below(bwrap);
  const toolHost = below(first, 'toolhost/main.js'); // a daemon of a call is a child of the first one too
  const chain = [bwrap, first, toolHost, below(toolHost)];
  const row = chain[victims.indexOf(victim)];
  if (row !== undefined) process.kill(row.pid, 'SIGKILL');
  return row;
}

export function runningPids(): ReadonlySet<number> {
  return new Set(descendantsOf(process.pid).map(({ pid }) => pid));
}

/** One killed box: what the call that was pending, or the next one, heard, and how long after the kill. */
export interface KillRow {
  readonly victim: Victim;
  readonly moment: (typeof moments)[number];
  readonly heard: string;
  readonly ms: number;
  readonly left: readonly string[];
}

/**
 * RL-37 for the fault runner, about half a second a round: kills each process of a box at random moments. Throws unless every call ends at once,
 * the box can be closed, and none of its processes is left.
 */
export async function sweepBoxKills(rounds: number): Promise<readonly KillRow[]> {
  await using checkout = await makeCheckout({ 'a.txt': 'a\n' });
  const sandbox = makeSandbox();
  const rows: KillRow[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const victim = victims[round % victims.length] ?? 'bwrap';
    const moment = moments[Math.floor(round / victims.length) % moments.length] ?? 'in a call';
    const row = await killOnce({ sandbox, checkout, victim, moment });
    rows.push(row);
    if (row.left.length > 0 || row.ms > 2000) throw new Error(`RL-37: ${JSON.stringify(row)}`);
  }
  return rows;
}

type Kill = Pick<KillRow, 'victim' | 'moment'> & { readonly sandbox: Sandbox; readonly checkout: TestCheckout };

async function killOnce({ sandbox, checkout, victim, moment }: Kill): Promise<KillRow> {
  const before = runningPids();
  const opening = sandbox.open({ checkout, signal: new AbortController().signal });
  opening.catch(() => undefined);
  const box = moment === 'while it opens' ? undefined : await opening;
  const pending = moment === 'in a call' ? box?.exec('(setsid sleep 611 &); sleep 611', 60_000) : undefined;
  pending?.catch(() => undefined);
  if (moment === 'while it opens') await beginning(before);
  else await sleep(Math.random() * 60);
  while (killIn(victim, before) === undefined && moment === 'in a call') await sleep(1);
  const killedAt = performance.now();
  const heard = await hear(async () => pending ?? (await opening).exec('echo here', 10_000));
  const ms = Math.round(performance.now() - killedAt);
  await opening.then((opened: Box) => opened[Symbol.asyncDispose]()).catch(() => undefined);
  const left = descendantsOf(process.pid).filter(({ pid }) => !before.has(pid));
  return { victim, moment, heard, ms, left: left.map(({ name }) => name) };
}

/** Waits until bwrap runs, and then for a moment that no timer could meet: what it does until it can lose nobody takes a few milliseconds in all. */
async function beginning(before: ReadonlySet<number>): Promise<void> {
  while (!descendantsOf(process.pid).some(({ pid, name }) => name === 'bwrap' && !before.has(pid))) await sleep(0);
  const until = performance.now() + Math.random() * (Math.random() < 0.5 ? 5 : 60);
  while (performance.now() < until) if (performance.now() < until - 5) await sleep(1);
}

async function hear(action: () => ReturnType<Box['exec']>): Promise<string> {
  try {
    return `exit code ${String((await action()).exitCode)}`;
  } catch (error) {
    return error instanceof BotError ? error.code : String(error);
  }
}
