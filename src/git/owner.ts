import { readFileSync } from 'node:fs';

/** In the environment of every git process of ours stands which process it belongs to: its id and when it began. */
export const ownerName = 'BACKEND_OWNER';
export const ownerValue = `${String(process.pid)}.${startOf(readFileSync('/proc/self/stat', 'latin1'))}`;

/** The home of our git processes: a folder that does not exist. */
export function homeOf(dataDir: string): string {
  return `${dataDir}/no-home`;
}

/** When a process began, in clock ticks since the machine did: the 22nd field; the second, its name in parentheses, may hold anything. */
export function startOf(stat: string): string {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
