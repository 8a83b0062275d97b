/** How the tool host's process is started so that it has nothing else in reach, and ended with everything it started. */
export { startBoxProcess } from './box-process.ts';
export type { BoxProcess, ContainerEnding } from './box-process.ts';
export { boxEnvironment, defaultLimits, inside, ownEtc } from './bubblewrap.ts';
export type { Limits } from './bubblewrap.ts';
export { compileToolHost } from './compile.ts';
export { etc, exists, makeMountPoint, prepareLaunch, readHindrance, requireProgram } from './launch.ts';
export type { PreparedLaunch } from './launch.ts';
export { isAbandoned, makeScratch, nameOwner, sweepScratch } from './scratch.ts';
export { architectures, deniedCalls, numberOf } from './denied-calls.ts';
export type { Answer, Check, Condition } from './denied-calls.ts';
export { bubblewrapTraits } from './traits.ts';
export type { Traits } from './traits.ts';
export { assembleFilter } from './seccomp.ts';
