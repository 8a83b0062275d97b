import { text } from 'node:stream/consumers';
import { rgPath } from '@vscode/ripgrep';
import { defaultLimits, prepareLaunch, type PreparedLaunch, startBoxProcess } from '../../src/isolation/index.ts';
import type { TestCheckout } from '../sandbox/checkout.ts';

/** What a defence is switched off by: words of bwrap's arguments that are left out, each with so many after it, and others put in their place. */
export interface Mutant {
  readonly without?: string;
  readonly words?: number;
  readonly instead?: readonly string[];
}

/** How a box starts, with one defence switched off. */
export async function prepareMutant(checkout: TestCheckout, mutant: Mutant = {}): Promise<PreparedLaunch> {
  const setting = { kind: 'bubblewrap' as const, nodePath: process.execPath, rgPath, limits: defaultLimits };
  const prepared = await prepareLaunch(setting, checkout, undefined);
  const hiddenArgs = [...prepared.launch.hiddenArgs];
  const at = mutant.without === undefined ? -1 : hiddenArgs.indexOf(mutant.without);
  if (at >= 0) hiddenArgs.splice(at, mutant.words ?? 1, ...(mutant.instead ?? []));
  return { ...prepared, launch: { ...prepared.launch, hiddenArgs } };
}

/** Runs a script with bash where the tool host would be, and answers what it printed. */
export async function runAsBox({ launch }: PreparedLaunch, script: string): Promise<string> {
  const args = [...launch.args.slice(0, -2), '/usr/bin/bash', '-c', script];
  const running = startBoxProcess({ ...launch, args });
  const printed = await text(running.output);
  await running.end();
  return printed;
}
