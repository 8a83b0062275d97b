/** The door to git: mirrors, checkouts and the files of a base commit, never with a git directory that a box could write. */
export { openWorkspace, sweepJobs } from './open-workspace.ts';
export type { TreeEntry, Workspace, WorkspaceOptions } from './workspace.ts';
