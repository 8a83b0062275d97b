/** What wakes us: reads one delivery and says what somebody asked of us, or why nothing did. Pure. */
export { readDelivery, wantedEvents } from './read-delivery.ts';
export { readLabeledIssue } from './read-labeled-issue.ts';
export type { LabeledIssue } from './read-labeled-issue.ts';
export { readConflict, readThumbUp } from './read-found.ts';
export type { Conflict, ThumbUp } from './read-found.ts';
export { looseTriggers, triggers } from './triggers.ts';
export type { Bot, LooseTrigger, Trigger } from './triggers.ts';
export type { Arrival } from './origin.ts';
export { mayMention } from './payload.ts';
