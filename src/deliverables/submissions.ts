import { answer } from './answer.ts';
import { followUp } from './follow-up.ts';
import { plan } from './plan.ts';
import type { SubmissionKind } from './submission-kind.ts';
import { work } from './work.ts';

export type Deliverable = 'work' | 'follow-up' | 'answer' | 'plan';

/** Every kind of result, by what a run is asked for. */
export const submissions: Readonly<Record<Deliverable, SubmissionKind>> = { work, 'follow-up': followUp, answer, plan };
