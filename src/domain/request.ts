import type { Account, Repository, Subject } from './repository.ts';

/** What somebody may ask of us. `unknown` is a command whose verb we don't have: it is answered, never ignored. */
export type Verb = 'implement' | 'stop' | 'help' | 'unknown';

/** Where the 👀 goes: the issue itself, or the comment that asked. */
export type RequestSource = { readonly type: 'issue' } | { readonly type: 'comment'; readonly commentId: number };

/** What somebody asked of us, read from one delivery. Nothing in it has been checked against GitHub's live state yet. */
export interface WorkRequest {
  readonly verb: Verb;
  /** The verb as it was typed; differs from `verb` only when that is `unknown`. */
  readonly said: string;
  /** Taking the label off and closing the issue ask to stop, as a command may. */
  readonly via: 'label' | 'command' | 'closing';
  /** The label's name, or the command word as typed (`/backend`): policy compares it with the repository's settings. Empty for closing. */
  readonly trigger: string;
  readonly repository: Repository;
  readonly subject: Subject;
  readonly sender: Account;
  /** When the person asked (ISO 8601, GitHub's clock). Text edited after this moment was not part of what was approved. */
  readonly requestedAt: string;
  /** The issue as it was when the person asked, from the signed delivery: what they approved, whatever it says by now. */
  readonly seen: { readonly title: string; readonly body: string };
  /** Found on GitHub without a delivery, and changed after the label was put on: nobody can show that `seen` is what was approved. */
  readonly changedSince?: boolean;
  /** Free text after the verb; empty when there was none. */
  readonly instruction: string;
  readonly source: RequestSource;
  /** Two deliveries with the same intention are one wish: `label:<issue>:<time>` or `comment:<id>`. Unique within a repository. */
  readonly intention: string;
  /** How often this subject came back to us; 0 for the first request. */
  readonly round: number;
}
