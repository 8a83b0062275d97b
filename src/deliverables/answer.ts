import { z } from 'zod';
import { readAs, text, type SubmissionKind } from './submission-kind.ts';

const AnswerInput = z.strictObject({
  answer: text(20_000).describe('The answer, as the person who asked should read it. Markdown.'),
});

/** A submission that changes nothing. */
export const answer: SubmissionKind = {
  description: 'Ends the run and hands in the answer. Call it alone.',
  input: AnswerInput,
  changesFiles: false,
  read: readAs(AnswerInput, (given) => ({
    ...{ title: '', tests: [], recommendations: [], checklist: [] },
    summary: given.answer,
    nothingToChange: given.answer,
  })),
  closing: () =>
    'This time nothing is to be built: answer what was asked, or explain what the above is about where nothing was. Read the code that it is about, name files and lines (`path:line`), and say what you could not find out. You can read and search, and nothing else; the work tree is the commit that it is about. The run ends with Submit, which takes the answer.',
};
