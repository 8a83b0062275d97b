/** What a box may take of the machine: limits that the kernel keeps, and a look from outside at what it doesn't. */
export { findGroups, sweepGroups } from './cgroup.ts';
export type { BoxGroup, GroupLimits, Groups } from './cgroup.ts';
export { watchDisk } from './disk-watch.ts';
export type { DiskWatch } from './disk-watch.ts';
export { listChildren } from './family.ts';
export { watchMemory } from './memory-watch.ts';
export type { MemoryWatch } from './memory-watch.ts';
export { readHierarchies } from './hierarchies.ts';
export type { Hierarchy } from './hierarchies.ts';
