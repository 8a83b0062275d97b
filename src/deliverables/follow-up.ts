import { z } from 'zod';
import { readAs, text, type SubmissionKind } from './submission-kind.ts';
import { toWork, WorkInput } from './work.ts';

const FollowUpInput = WorkInput.extend({
  commit: text(200).describe(
    "Subject of the commit with what is new, one line, in the style of the repository's own commits.",
  ),
  replies: z
    .array(
      z.strictObject({
        to: text(40).describe('The name that the request was given with, such as R1.'),
        text: text(4_000).describe(
          'The answer: what was changed and where, or the answer to a question, or why it is left as it is. Markdown.',
        ),
        changed: z
          .boolean()
          .default(false)
          .describe(
            'Whether you changed the code as it was asked for. False for a question, and when anything of it is left.',
          ),
      }),
    )
    .max(100)
    .describe('One reply to each request.'),
});

/** More work on a pull request of ours. */
export const followUp: SubmissionKind = {
  description:
    'Ends the run and hands in the pull request as it now is in the work tree: title, summary, tests, recommendations and checklist for the whole of it, the subject of the commit with what is new, and a reply to each request. Call it alone, when the tests pass. The host then runs the checks itself on a clean copy; when one fails you get its output as the answer to this call, and go on.',
  input: FollowUpInput,
  changesFiles: true,
  read: readAs(FollowUpInput, ({ commit, replies, ...given }) => ({
    ...toWork(given),
    commit: commit.replaceAll(/\s+/g, ' '),
    replies,
  })),
  closing: (checks) => {
    const proof = checks.length === 0 ? '' : ' Run the checks above before you hand in.';
    return `The work tree holds the pull request as it stands; to git it shows as not committed. Do what is asked for now, with its tests, and keep the rest as it is: a person may have written it. A question is answered, and nothing is changed for it. When what is asked is wrong, leave the code and say why.${proof} The run ends with Submit, which takes the account of the whole pull request and a reply to each request.`;
  },
};
