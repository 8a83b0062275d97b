/** The door to the box: a place where commands of the model and the repository run, with nothing else in reach. */
export { toolNames } from './box.ts';
export type { BlockedHost } from '../egress/index.ts';
export type { Box, BoxOptions, ExecResult, Sandbox, ToolName, ToolReply } from './box.ts';
export { createSandbox, withImage } from './sandbox.ts';
export type { SandboxOptions } from './sandbox.ts';
export type { Limits } from '../isolation/index.ts';
