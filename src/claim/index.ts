/** What a worker's hold on a job lets it write: the job's journal and its effects, each refused once the hold is outdated. */
export type { Claim, Effects, Journal, JournalEntry, RepeatedEffect } from './claim.ts';
export { createEffects, createInTurn, createRepeats } from './effects.ts';
export type { InTurn } from './effects.ts';
export { fenced, heldBy, requireHeld } from './held.ts';
export { createJournal, readTranscript } from './journal.ts';
