import { readAs, text, type SubmissionKind } from './submission-kind.ts';
import { toWork, WorkInput } from './work.ts';

const FollowUpInput = WorkInput.extend({
  commit: text(200).describe(
    "Subject of the commit with what is new, one line, in the style of the repository's own commits.",
  ),
});

/** More work on a pull request of ours. */
export const followUp: SubmissionKind = {
  description:
    'Ends the run and hands in the pull request as it now is in the work tree: title, summary, tests, recommendations and checklist for the whole of it, and the subject of the commit with what is new. Call it alone, when the tests pass. The host then runs the checks itself on a clean copy; when one fails you get its output as the answer to this call, and go on.',
  input: FollowUpInput,
  changesFiles: true,
  read: readAs(FollowUpInput, ({ commit, ...given }) => ({
    ...toWork(given),
    commit: commit.replaceAll(/\s+/g, ' '),
  })),
  closing: (checks) => {
    const proof = checks.length === 0 ? '' : ' Run the checks above before you hand in.';
    return `The work tree holds the pull request as it stands; to git it shows as not committed. Do what is asked for now, with its tests, and keep the rest as it is: a person may have written it. When nothing needs to change, or what is asked is wrong, leave the code and say why.${proof} The run ends with Submit, which takes the account of the whole pull request.`;
  },
};
