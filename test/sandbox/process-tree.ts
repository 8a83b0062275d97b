import { readdirSync, readFileSync } from 'node:fs';

/** A living process of this machine. */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
}

/** Everything that descends from a process, dead ones that nobody waited for left out. */
export function descendantsOf(pid: number): readonly ProcessRow[] {
  const rows = listProcesses();
  const family = new Set([pid]);
  for (let before = 0; before !== family.size;) {
    before = family.size;
    for (const row of rows) if (family.has(row.parent)) family.add(row.pid);
  }
  return rows.filter((row) => row.pid !== pid && family.has(row.pid));
}

export function listProcesses(): readonly ProcessRow[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? readProcess(name) : []));
}

/** What a process was started with. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${String(pid)}/cmdline`, 'latin1')
      .replaceAll('\0', ' ')
      .trim();
  } catch {
    return '';
  }
}

function readProcess(pid: string): readonly ProcessRow[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    return state === 'Z' || state === 'X' ? [] : [{ pid: Number(pid), parent: Number(parent), name }];
  } catch {
    return []; // it ended while we looked
  }
}
