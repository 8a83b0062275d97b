/** How the tool host's process is started so that it has nothing else in reach, and ended with everything it started. */
export { startBoxProcess } from './box-process.ts';
export type { BoxProcess } from './box-process.ts';
export { boxEnvironment, defaultLimits } from './bubblewrap.ts';
export type { Limits } from './bubblewrap.ts';
export { prepareLaunch, readHindrance } from './launch.ts';
export type { PreparedLaunch } from './launch.ts';
export { isAbandoned, makeScratch, nameOwner, sweepScratch } from './scratch.ts';
export { deniedCalls, numberOf } from './denied-calls.ts';
export { assembleFilter } from './seccomp.ts';
