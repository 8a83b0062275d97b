import { z } from 'zod';
import { readAs, text, type SubmissionKind } from './submission-kind.ts';

const PlanInput = z.strictObject({
  approach: text(12_000).describe(
    'What you would do and how: the parts of the code it touches, key decisions, what you would leave alone. Markdown.',
  ),
  criteria: z
    .array(text(500))
    .min(1)
    .max(30)
    .describe('Acceptance criteria: what has to be true in the end, each one sentence that a test can decide.'),
  files: z
    .array(z.strictObject({ path: text(300), why: text(500) }))
    .max(60)
    .describe('Every file you would change, add or remove, tests included, and why.'),
  risks: z.array(text(500)).max(20).describe('What could go wrong, and what you would do about it. Empty if nothing.'),
  estimate: z
    .strictObject({
      usd: z.number().min(0).max(1_000).describe('US dollars for the model.'),
      minutes: z.number().min(1).max(10_000).describe('Minutes of work.'),
    })
    .describe('What carrying the plan out would take.'),
  questions: z
    .array(text(500))
    .max(10)
    .optional()
    .describe('Only what a person has to decide before the work can begin.'),
});

/** How a piece of work would be done. */
export const plan: SubmissionKind = {
  description: 'Ends the run and hands in the plan. Call it alone.',
  input: PlanInput,
  changesFiles: false,
  read: readAs(PlanInput, ({ questions = [], ...given }) => ({
    ...{ title: '', tests: [], recommendations: [], checklist: [] },
    summary: given.approach,
    proposal: { ...given, questions },
  })),
  closing: () =>
    'This time nothing is to be built: write the plan by which the above would be done, tests included. Read the code that it is about first. Somebody with write permission reads the plan, may change it, and approves it or not; only then is it carried out, by an agent that gets the plan and the issue and nothing else that you know. So be exact, name files as they are, and plan nothing that was not asked for. You can read and search, and nothing else. The run ends with Submit, which takes the plan.',
};
