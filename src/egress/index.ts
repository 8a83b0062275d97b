/** The way out of a box while it is set up: a proxy that reaches listed hosts at public addresses, and nothing else. */
export { isPublicAddress } from './addresses.ts';
export { isListed, publicEgress } from './admission.ts';
export type { Egress } from './admission.ts';
export { openProxy } from './proxy.ts';
export type { AllowListProxy, BlockedHost } from './proxy.ts';
