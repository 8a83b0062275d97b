import { readdirSync, readFileSync } from 'node:fs';

/** All processes that descend from one, without it. Whose parent ended is a child of the first process of its namespace. */
export function listFamily(first: number): readonly number[] {
  const all = readdirSync('/proc').flatMap((name) =>
    /^\d+$/.test(name) ? [{ pid: name, parent: readParent(name) }] : [],
  );
  const family = new Set([String(first)]);
  for (let before = 0; before !== family.size;) {
    before = family.size;
    for (const { pid, parent } of all) if (family.has(parent)) family.add(pid);
  }
  family.delete(String(first));
  return [...family].map(Number);
}

/** What a process with one thread has started. Cheap where the kernel keeps a list of it. */
export function listChildren(pid: number): readonly number[] {
  const listed = readProc(pid, `task/${pid}/children`);
  if (listed === undefined) return listFamily(pid);
  return listed.split(' ').filter(Boolean).map(Number);
}

/** A file of a process in /proc; undefined when it ended, or when there is no such file. */
export function readProc(pid: number | string, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return undefined;
  }
}

/** The second field after the name, which may hold anything. */
function readParent(pid: string): string {
  const stat = readProc(pid, 'stat') ?? '';
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? '';
}
