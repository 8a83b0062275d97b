/** The way out of a box while it is set up: a proxy that reaches listed hosts at public addresses, and nothing else. */
export { isPublicAddress } from './addresses.ts';
export { isListed, openProxy, publicEgress } from './proxy.ts';
export type { AllowListProxy, BlockedHost, Egress } from './proxy.ts';
