/** The door to the box: a place where commands of the model and the repository run, with nothing else in reach. */
export { toolNames } from './box.ts';
export type { BlockedHost, Box, BoxOptions, ExecResult, Sandbox, ToolName, ToolReply } from './box.ts';
export { createSandbox } from './sandbox.ts';
export type { SandboxOptions } from './sandbox.ts';
export type { Limits } from './bubblewrap.ts';
export type { Egress } from './proxy.ts';
