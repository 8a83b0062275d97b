import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes a temporary folder that names the process it belongs to, so that what a killed one leaves behind can be told and removed. */
export async function makeScratch(purpose: 'proxy' | 'self-test' | 'toolhost'): Promise<string> {
  const owner = [process.pid, await readStart(process.pid), await readNamespace()];
  return mkdtemp(join(tmpdir(), `backend-${purpose}-${owner.join('.')}-`));
}

/** Removes the temporary folders whose process is gone; those of another namespace, or user, are none of ours. */
export async function sweepScratch(): Promise<void> {
  const here = await readNamespace();
  for (const name of await readdir(tmpdir())) {
    const [, pid, start, namespace] = /^backend-(?:proxy|self-test|toolhost)-(\d+)\.(\d+)\.(\d+)-/.exec(name) ?? [];
    if (namespace !== here || (await readStart(Number(pid))) === start) continue;
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
  }
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
