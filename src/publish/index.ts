/** What others see: change set → verified commit, pull request, status comment, replies and check run, each looked for before it is made. */
export { findTemplate } from './body.ts';
export { ensureReply, ensureSeen, type Doors } from './comments.ts';
export { publishWork, type FinishedWork, type Published, type PublishDeps } from './publish-work.ts';
export { openStatus, runUrlOf, type Ending, type Status, type StatusDeps } from './status.ts';
