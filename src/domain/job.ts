import type { Plan } from './plan.ts';
import type { Repository, Subject } from './repository.ts';
import type { WorkRequest } from './request.ts';

/** One accepted request with the plan that policy gave it. */
export interface Job {
  /** UUID, also the id of its queue entry. */
  readonly id: string;
  readonly request: WorkRequest;
  readonly plan: Plan;
}

/** What other jobs on the same issue and its pull requests cost together, in US dollars. */
export interface SpentBeside {
  readonly usd: number;
  readonly jobs: number;
}

/** How a request ended. Every one but `ignored` is told to the person who asked. */
export type Outcome =
  | { readonly type: 'published'; readonly pullNumber: number; readonly url: string; readonly draft: boolean }
  | { readonly type: 'nothing-to-change'; readonly reason: string }
  | { readonly type: 'declined'; readonly reason: string }
  | { readonly type: 'answered' }
  /** A plan is put up, in that comment, and waits for a person's answer. */
  | { readonly type: 'planned'; readonly commentId: number; readonly url: string }
  | { readonly type: 'ignored'; readonly reason: string }
  | { readonly type: 'stopped'; readonly by: string }
  | { readonly type: 'failed'; readonly step: Step; readonly reason: string };

/** The steps a person sees in the status comment, in order. */
export const steps = ['understand', 'plan', 'set up', 'implement', 'verify', 'publish', 'review'] as const;
export type Step = (typeof steps)[number];

/** Something worth showing while a job runs, for the terminal and the live page. Never secrets, never file contents. */
export type Progress = { readonly jobId: string; readonly at: string } & (
  | { readonly type: 'accepted'; readonly repository: Repository; readonly subject: Subject; readonly title: string }
  | { readonly type: 'step'; readonly step: Step }
  | { readonly type: 'turn'; readonly turn: number; readonly usd: number }
  | { readonly type: 'tool'; readonly turn: number; readonly tool: string; readonly about: string }
  | { readonly type: 'text'; readonly turn: number; readonly text: string }
  | {
      readonly type: 'check';
      readonly phase: string;
      readonly name: string;
      readonly passed: boolean;
      readonly durationMs: number;
    }
  | { readonly type: 'outcome'; readonly outcome: Outcome }
);

type WithoutIdentity<T> = T extends unknown ? Omit<T, 'jobId' | 'at'> : never;

/** Progress as the stages of a job report it: which job and when is added on the way. */
export type JobProgress = WithoutIdentity<Progress>;
