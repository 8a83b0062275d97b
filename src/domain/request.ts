import type { Account, Base, Repository, Subject } from './repository.ts';

/** What somebody may ask of us. */
export const verbNames = [
  'implement',
  'plan',
  'approve',
  'revise',
  'review',
  'test',
  'rebase',
  'continue',
  'retry',
  'stop',
  'status',
  'explain',
  'help',
] as const;

/** Other words for a verb. */
export const verbAliases: Readonly<Record<string, (typeof verbNames)[number]>> = { fix: 'revise', ask: 'explain' };

/** What is only answered, from what is known: it waits for nothing that is under way on its subject. */
export const asideVerbs: readonly Verb[] = ['status', 'help', 'unknown'];

/** What a command may choose, as `name:value`. */
export const optionNames = ['base', 'budget', 'agents', 'model', 'draft', 'plan'] as const;
export type OptionName = (typeof optionNames)[number];

/** `unknown` is a command whose verb we don't have: it is answered, never ignored. */
export type Verb = (typeof verbNames)[number] | 'unknown';

/** Where the reactions go: what asked. GitHub takes none on a review as a whole; there the pull request stands for it. */
export type RequestSource =
  | { readonly type: 'issue' }
  | { readonly type: 'comment'; readonly commentId: number }
  | { readonly type: 'review-comment'; readonly commentId: number }
  | { readonly type: 'review'; readonly reviewId: number };

/** `name:value` in a command, as it was typed: whether there is such an option, and what it takes, is policy's to say. */
export interface CommandOption {
  readonly name: string;
  readonly value: string;
}

/** What somebody asked of us, read from one delivery. Nothing in it has been checked against GitHub's live state yet. */
export interface WorkRequest {
  readonly verb: Verb;
  /** The verb as it was typed: another word for `verb`, or one we don't have. */
  readonly said: string;
  /**
   * Taking the label off and closing the issue ask to stop, as a command may. A mention is a command that begins with our name. A reaction
   * is a 👍 on a plan of ours, a dispatch a program's call. A conflict is one of our pull request with its base, which we found ourselves.
   */
  readonly via: 'label' | 'command' | 'mention' | 'closing' | 'review' | 'reaction' | 'dispatch' | 'files' | 'conflict';
  /**
   * The label's name, or the command word as typed (`/backend`): policy compares it with the repository's settings. Empty for closing and reactions;
   * of a dispatch, who it says delegates.
   */
  readonly trigger: string;
  readonly repository: Repository;
  readonly subject: Subject;
  readonly sender: Account;
  /** When the person asked (ISO 8601, GitHub's clock). Text edited after this moment was not part of what was approved. */
  readonly requestedAt: string;
  /** The issue as it was when the person asked, from the signed delivery: what they approved, whatever it says by now. */
  readonly seen: { readonly title: string; readonly body: string };
  /** What was pushed, where that is what asks: the branch and its newest commit. */
  readonly pushed?: Base;
  /** Found on GitHub without a delivery, and changed after the label was put on: nobody can show that `seen` is what was approved. */
  readonly changedSince?: boolean;
  /** Free text after the verb; empty when there was none. */
  readonly instruction: string;
  /** What stood among the words of the command line; absent in requests that were kept before there were options. */
  readonly options?: readonly CommandOption[];
  readonly source: RequestSource;
  /** Two deliveries with the same intention are one wish: `label:<issue>:<time>` or `comment:<id>`. Unique within a repository. */
  readonly intention: string;
  /** How often this subject came back to us; 0 for the first request. */
  readonly round: number;
}
