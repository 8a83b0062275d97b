/** The nouns: types, ids and the error catalogue. Imports nothing. */
export type { Account, Base, OrganisationFile, Repository, Subject, UnreadFile } from './repository.ts';
export { asideVerbs, optionNames, verbAliases, verbNames } from './request.ts';
export type { CommandOption, OptionName, RequestSource, Verb, WorkRequest } from './request.ts';
export type { Change, ChangeSet, FileMode } from './change-set.ts';
export type { Budget, CheckCommands, Continued, Plan } from './plan.ts';
export { isImageReference } from './image.ts';
export type { Job, SpentBeside, JobProgress, Outcome, Progress, Step } from './job.ts';
export { steps } from './job.ts';
export type {
  AgentRun,
  Asked,
  ChecklistItem,
  Proposal,
  Recommendation,
  Reply,
  StopReason,
  Submission,
  Usage,
} from './agent-run.ts';
export type { CheckRun, Proof, RedGreen, Verdict } from './proof.ts';
export type { Refusal, RefusalReason, RefusedHost } from './refusal.ts';
export type { Checkout } from './checkout.ts';
export { BotError, errorCatalogue, toBotError } from './errors.ts';
export type { Audience, ErrorCode } from './errors.ts';
