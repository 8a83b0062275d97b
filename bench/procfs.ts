import { readdirSync, readFileSync } from 'node:fs';

/** What Linux counts about a process. */
export interface Memory {
  /** Everything resident, shared pages included, in MB. */
  readonly rss: number;
  /** The same with shared pages split between those who share them, in MB. */
  readonly pss: number;
}

export function readMemory(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const read = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1024;
  return { rss: read('Rss'), pss: read('Pss') };
}

/** CPU time of a process without its children, in ms. The kernel counts in ticks of 10 ms. */
export function readCpu(pid: number): number {
  const fields = statFields(pid);
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Everything that the process started, and what those started. */
export function listDescendants(pid: number): readonly number[] {
  const parents = new Map<number, number[]>();
  for (const each of readdirSync('/proc').map(Number).filter(Number.isInteger)) {
    const parent = Number(statFields(each)[1]);
    parents.set(parent, [...(parents.get(parent) ?? []), each]);
  }
  const below = (one: number): number[] => (parents.get(one) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(pid);
}

/** Fields of /proc/pid/stat from the third (state) on; the second may hold spaces. Empty for a process that has ended. */
function statFields(pid: number): readonly string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
