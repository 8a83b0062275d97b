/** What we promised: a job with its branch, and what tells one state of its work from another. Pure. */
export { branchFor } from './branch.ts';
export {
  changesBetween,
  changeSetKey,
  isWorthACommit,
  pathsGivenUp,
  pathsWithMarkers,
  withoutNoise,
} from './changes.ts';
export { openJob } from './open-job.ts';
