/** The door to git: mirrors, checkouts and the files of a base commit, never with a git directory that a box could write. */
export { requireSpace } from '../git/index.ts';
export type { Caps } from './disk.ts';
export { sweepJobs } from './leftovers.ts';
export { removeMirrors } from './mirror.ts';
export { openWorkspace } from './open-workspace.ts';
export type { TreeEntry } from '../git/index.ts';
export type { Merge, Workspace, WorkspaceOptions } from './workspace.ts';
