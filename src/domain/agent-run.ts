import type { ChangeSet } from './change-set.ts';

/** Who a recommendation or hand-off is addressed to, and what it says. */
export interface Recommendation {
  readonly to: string;
  readonly text: string;
}

/** The four deliverables, as the tool that ends a run takes them (the implementation itself is the change set). */
export interface Submission {
  /** Pull request title in the repository's own commit style. */
  readonly title: string;
  /** Subject of the commit that goes on with a pull request; undefined where the title is. */
  readonly commit?: string;
  /** What and why, key decisions, where to start reading. Markdown. */
  readonly summary: string;
  readonly tests: readonly { readonly name: string; readonly proves: string }[];
  readonly recommendations: readonly Recommendation[];
  /** Set when the agent found that nothing needs to change, with the reason. */
  readonly nothingToChange?: string;
  /** What is said to those who asked, each by the name that its request was given with. */
  readonly replies?: readonly Reply[];
  /** The nine items of the quality checklist, as the agent sees them. */
  readonly checklist: readonly ChecklistItem[];
  /** What a run that was to plan hands in. */
  readonly proposal?: Proposal;
}

/** How an agent would do a piece of work, for people to approve: what they read and know as “the plan”. */
export interface Proposal {
  /** What would be done and how. Markdown. */
  readonly approach: string;
  /** What has to be true in the end, a sentence each. */
  readonly criteria: readonly string[];
  readonly files: readonly { readonly path: string; readonly why: string }[];
  readonly risks: readonly string[];
  /** What carrying it out would take, in US dollars and minutes. */
  readonly estimate: { readonly usd: number; readonly minutes: number };
  readonly questions: readonly string[];
}

/** One thing that people ask for on a pull request of ours: a thread on a line of its code, or what a review says as a whole. */
export interface Asked {
  /** What the agent calls it: R1, R2 and so on. */
  readonly name: string;
  readonly said: readonly { readonly author: string; readonly text: string }[];
  /** The line may be gone by now. */
  readonly place?: { readonly path: string; readonly line?: number; readonly hunk: string };
  /** The first comment of the thread, where the answer goes; a review as a whole has no such place. */
  readonly firstId?: number;
}

/** An answer to one of them. */
export interface Reply {
  readonly to: string;
  readonly text: string;
  /** The code was changed as asked, so nothing is left to say. */
  readonly changed?: boolean;
}

export interface ChecklistItem {
  readonly item: string;
  readonly state: 'done' | 'not applicable' | 'open';
  readonly evidence: string;
}

/** Why a run ended. Only `submitted` is the agent's own decision. */
export type StopReason =
  'submitted' | 'turn-limit' | 'token-limit' | 'budget' | 'time-limit' | 'refused' | 'no-progress' | 'context-full';

/** What a run used, over all its turns. */
export interface Usage {
  readonly turns: number;
  readonly usd: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  /** Milliseconds spent from the first turn to the last, restarts excluded. */
  readonly durationMs: number;
}

/** An agent's run so far, as it stands at its latest stop. */
export interface AgentRun {
  readonly stop: StopReason;
  /** A sentence for people when `stop` is not `submitted`. */
  readonly stopDetail: string;
  readonly submission?: Submission;
  readonly changes: ChangeSet;
  readonly usage: Usage;
  /** The model id that answered, after aliases and retirements were resolved. */
  readonly model: string;
  /** What was resolved or substituted, for the person who asked. */
  readonly notes: readonly string[];
}
