import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes a temporary folder that names the process it belongs to, so that what a killed one leaves behind can be told and removed. */
export async function makeScratch(purpose: 'container' | 'proxy' | 'self-test' | 'toolhost'): Promise<string> {
  return mkdtemp(join(tmpdir(), `backend-${purpose}-${await nameOwner()}-`));
}

/** Removes the temporary folders whose process is gone; those of another namespace, or user, are none of ours. */
export async function sweepScratch(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const owner = /^backend-(?:container|proxy|self-test|toolhost)-([\d.]+)-/.exec(name)?.[1];
    if (owner === undefined || !(await isAbandoned(owner))) continue;
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
  }
}

/** This process, so that a later one can tell whether it is still there. */
export async function nameOwner(): Promise<string> {
  return [process.pid, await readStart(process.pid), await readNamespace()].join('.');
}

/** Whether the process that `nameOwner` named is gone, as far as we can tell. */
export async function isAbandoned(owner: string): Promise<boolean> {
  const [, pid, start, namespace] = /^(\d+)\.(\d+)\.(\d+)$/.exec(owner) ?? [];
  return pid !== undefined && namespace === (await readNamespace()) && (await readStart(Number(pid))) !== start;
}

/** The process namespace we are in: a number of a process says nothing outside its own. Empty without /proc, which a box will miss. */
async function readNamespace(): Promise<string> {
  return (await readlink('/proc/self/ns/pid').catch(() => '')).replace(/\D/g, '');
}

/** When a process began, in clock ticks since the machine did: together with its id it names one process for good. */
async function readStart(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}
