/** What a run hands in at its end: for each kind what the model is told, what it must give, and how that is read. */
export { submissions } from './submissions.ts';
export type { Deliverable } from './submissions.ts';
export { faultsOf } from './submission-kind.ts';
export { checklistItems } from './work.ts';
