/** How git is run on the host, and what commits hold: nothing here knows of jobs, mirrors or checkouts. */
export { readFailure, runGit } from './git.ts';
export type { GitPlace } from './git.ts';
export { compareChanges, mergeTrees } from './merge.ts';
export type { MergedTree } from './merge.ts';
export { homeOf, ownerName, ownerValue, startOf } from './owner.ts';
export { megabytes, requireSpace, tellFull } from './space.ts';
export { listTree, readDifference, readFile, readTextFile } from './tree.ts';
export type { TreeEntry } from './tree.ts';
