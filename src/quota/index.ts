/** What GitHub's rate limits leave to us: when something may be sent again, by GitHub's clock. */
export { anonymousScope, createLimits, type Blocks, type Limits } from './quota.ts';
