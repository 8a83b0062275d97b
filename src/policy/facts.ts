import type { OrganisationFile, Plan, UnreadFile } from '../domain/index.ts';
import type { CommentFacts, IssueFacts, Permission, PullFacts, RepositoryFacts } from '../github/index.ts';
import type { EarlierJob } from '../store/index.ts';
import type { Place } from './verbs.ts';

/** What policy decides on, as GitHub and our own books have it now; what a delivery said may be long past. */
export interface Facts {
  /** The sender's, on this repository. */
  readonly permission: Permission;
  readonly repository: RepositoryFacts;
  /** undefined when it was deleted or transferred. */
  readonly issue: IssueFacts | undefined;
  /** The issue was changed, by somebody who may not write or with nobody to tell, since work was asked for without naming what it says. */
  readonly changedSince?: boolean;
  /** What the subject is: an issue, or a pull request by us or by somebody else. */
  readonly place: Place;
  /** Text of `.github/backend.yml` in the newest commit of the default branch; undefined when there is none. */
  readonly settingsText: string | UnreadFile | undefined;
  /** The same file of the owner's repository `.github`, which holds where the repository's own is silent; undefined when there is none. */
  readonly organisationSettings?: OrganisationFile | undefined;
  /** Commit of the branch that the settings name as base, or of the default branch; undefined when there is no such branch. */
  readonly baseSha: string | undefined;
  /** The pull request that the subject is; undefined for an issue. */
  readonly pull: PullFacts | undefined;
  /** Where the branch of that pull request points now; undefined when it was deleted, or is in another repository. */
  readonly headNow?: string | undefined;
  /** A review that is what asks says nothing that was not read before; looked at only for those who may ask. */
  readonly asksNothing?: boolean;
  /** The files that the pull request changes; gathered only where they are what asks. */
  readonly changedPaths?: readonly string[];
  /** Where the pull request's branch left its base, by what both hold now; undefined for an issue, and when they share no history. */
  readonly mergeBase: string | undefined;
  /** The newest commit of the branch that the pull request goes into. Looked for only where that is to be brought into it. */
  readonly baseTip?: string | undefined;
  /** The branch we would work on; undefined when there is no issue to name it after. */
  readonly branch: string | undefined;
  /** Pull requests that we opened for this issue, on that branch or another. */
  readonly ours: readonly PullFacts[];
  /** The newest comment with a plan of ours, as it is now. Looked for only where somebody approves, or asks how things stand. */
  readonly proposal?: CommentFacts | undefined;
  /** What was asked of us on the same subject before, oldest first. */
  readonly earlier: readonly EarlierJob[];
  /** The newest job that published the pull request that the subject is. Looked for only where somebody wants to go on. */
  readonly publisher?: string | undefined;
  /** How many jobs come before each that waits, by its id. Empty where nobody asked. */
  readonly positions: ReadonlyMap<string, number>;
  /** The operator's, in US dollars; the day begins at midnight UTC. */
  readonly limits: { readonly usdPerJob: number; readonly usdPerDay: number; readonly spentTodayUsd: number };
}

/** What policy answers. `reason` of a decline and `text` are Markdown for the person who asked; `reason` of an ignore is for the operator. */
export type Decision =
  | { readonly type: 'accept'; readonly plan: Plan }
  | { readonly type: 'decline'; readonly reason: string }
  | { readonly type: 'answer'; readonly text: string }
  /** The work needs an issue, and there is none yet: one is opened and it is asked for there. */
  | { readonly type: 'open' }
  /** What is under way on the subject ends. */
  | { readonly type: 'stop' }
  /** The same work is waiting already, parked or between two attempts: it goes on now, instead of being begun twice. */
  | { readonly type: 'go-on'; readonly jobId: string }
  | { readonly type: 'ignore'; readonly reason: string };

/** Whether work that was accepted earlier is still wanted; the reason is Markdown for the person who asked. */
export type Standing = { readonly wanted: true } | { readonly wanted: false; readonly reason: string };
