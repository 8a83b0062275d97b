import { z } from 'zod';
import type { ChecklistItem, Submission } from '../domain/index.ts';
import { readAs, text, type SubmissionKind } from './submission-kind.ts';

/** The quality checklist every piece of backend work is held against. */
export const checklistItems = [
  'Input validation',
  'Authentication and authorization',
  'Error handling and logging',
  'Database transactions',
  'API documentation',
  'Rate limiting',
  'CORS configuration',
  'Environment variables',
  'Unit and integration tests',
] as const;

/** The four deliverables as the model hands them in; the implementation itself is the work tree. */
export const WorkInput = z.strictObject({
  title: text(200).describe("Pull request title, one line, in the style of the repository's own commits."),
  summary: text(20_000).describe('What was changed and why, the key decisions, where to start reading. Markdown.'),
  tests: z
    .array(z.strictObject({ name: text(500), proves: text(2_000) }))
    .max(100)
    .describe('Every test added or changed, and what each proves. Empty only when nothing needed to change.'),
  recommendations: z
    .array(z.strictObject({ to: text(100), text: text(4_000) }))
    .max(50)
    .describe('Concerns, suggestions and hand-offs, each addressed to one named specialist.'),
  checklist: z
    .array(
      z.strictObject({ item: text(200), state: z.enum(['done', 'not applicable', 'open']), evidence: text(2_000) }),
    )
    .max(30)
    .describe(`The nine items: ${checklistItems.join('; ')}. Each with its evidence, or why it does not apply.`),
  nothingToChange: text(4_000)
    .optional()
    .describe('Only when no change is right: the reason, as the person who asked should read it.'),
});

/** A change in the work tree, with all that belongs to it. */
export const work: SubmissionKind = {
  description:
    'Ends the run and hands in the work: the change in the work tree with its summary, tests, recommendations and checklist. Call it alone, when the tests you wrote pass. The host then runs the checks itself on a clean copy; when one fails you get its output as the answer to this call, and go on.',
  input: WorkInput,
  changesFiles: true,
  read: readAs(WorkInput, toWork),
  closing: (checks) => {
    const proof =
      checks.length === 0
        ? 'No check was found in this repository; say in your summary how the change was tried.'
        : 'Run the checks above before you hand in.';
    return `Do what the issue asks for, with its tests. ${proof} The run ends with Submit.`;
  },
};

/** As it was handed in, with a whole checklist. */
export function toWork({ nothingToChange, ...rest }: z.infer<typeof WorkInput>): Submission {
  return {
    ...rest,
    title: rest.title.replaceAll(/\s+/g, ' '),
    checklist: wholeChecklist(rest.checklist),
    ...(nothingToChange !== undefined && { nothingToChange }),
  };
}

/** Exactly the nine items in their order: a forgotten one is open, and says so; nothing the agent wrote is lost. */
function wholeChecklist(given: readonly ChecklistItem[]): readonly ChecklistItem[] {
  const rest = [...given];
  const nine = checklistItems.map((item): ChecklistItem => {
    const index = rest.findIndex((candidate) => key(candidate.item) === key(item));
    const [found] = index === -1 ? [] : rest.splice(index, 1);
    return found === undefined ? { item, state: 'open', evidence: 'The agent did not say.' } : { ...found, item };
  });
  return [...nine, ...rest];
}

/** "Authentication & authorization" and "authentication and authorization (JWT)" are one item: the first word tells them apart. */
function key(item: string): string {
  const first = /[a-z]+/.exec(item.toLowerCase())?.[0] ?? '';
  return first === 'auth' ? 'authentication' : first;
}
