/** How one call is sent to GitHub: the least rights, limits kept, reads repeated, writes asked for, refusals as errors of ours. */
export { createCaller, requestById, type Caller, type InstallationTokens, type Target, type Wish } from './caller.ts';
export { calls, purposes, type Asking, type CallName } from './calls.ts';
export { askGraph, type Question } from './graph.ts';
export { readRefusal, translate } from './errors.ts';
export { carryOut, readPages, unlessAborted, type Answer, type Errand, type Line } from './sending.ts';
export type { Work, Write } from './work.ts';
