/** The door to git: mirrors, checkouts and the files of a base commit, never with a git directory that a box could write. */
export { requireSpace } from './disk.ts';
export type { Caps } from './disk.ts';
export { sweepJobs } from './leftovers.ts';
export { removeMirrors } from './mirror.ts';
export { openWorkspace } from './open-workspace.ts';
export type { TreeEntry, Workspace, WorkspaceOptions } from './workspace.ts';
