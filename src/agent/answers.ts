import type { ContentBlockParam } from '../model/index.ts';
import type { Stop } from './limits.ts';
import { addUser, readRefusal, record, recordSubmittedChanges, saveWork, type Run } from './run.ts';
import { renderData } from './text.ts';
import { isCutOff, runToolTurn } from './tool-turn.ts';

export const submitted: Stop = { reason: 'submitted', detail: '' };

const maxReminders = 2;

const interrupted =
  'The service was restarted before this call gave a result. It may have run, in part or not at all; look at the work tree before you repeat it. The shell starts afresh, and files have to be read again before they are edited.';
const reminder =
  'Note from the host: the run ends only with Submit. If the work is done and its tests pass, call it; if nothing needs to change or you are stuck, call it and say why; otherwise go on.';
const shorten =
  'Note from the host: your message was cut off at its length limit. Go on in smaller steps, with one tool call at a time.';

/**
 * Runs the calls of the last message. Their results are recorded together, after the state they left behind, so that the journal
 * never promises what it can't rebuild: when the box is lost, so is what its edits did. `faults` names calls that must not run, by tool use id.
 */
export async function answerTools(run: Run, faults: ReadonlyMap<string, string>): Promise<undefined> {
  const { transcript, input } = run;
  const { box, definition, signal } = input;
  const { open: uses, deliverable } = transcript;
  const turn = await runToolTurn({ uses, faults, offered: definition.tools, deliverable, box, signal });
  const remark = turn.mayHaveChanged ? await saveWork(run) : undefined;
  const content = [...turn.results, ...(remark === undefined ? [] : [asText(remark)])];
  await record(run, {
    kind: 'user',
    data: { why: 'results', content, durationMs: run.durationMs(), invalid: turn.isInvalid },
  });
}

/** Takes a submission together with the state of the work tree; a tree that can't be published sends it back. */
export async function acceptSubmission(run: Run): Promise<Stop | undefined> {
  try {
    await recordSubmittedChanges(run);
    return submitted;
  } catch (error) {
    await addUser(run, 'refused', resultsForOpen(run, readRefusal(error), true));
    return undefined;
  }
}

/** A new attempt: what verification found is the answer to the Submit call that ended the last one. */
export async function answerSubmission(run: Run): Promise<undefined> {
  const { input, prompt } = run;
  const found = renderData(prompt.delimiter, 'verification', input.feedback ?? 'No details were given.');
  const text = `The host ran the checks on what you handed in, and it can't be accepted yet:\n${found}\nFind the cause, mend the work without weakening any test, and hand in again.`;
  await addUser(run, 'feedback', resultsForOpen(run, text, false));
}

/** Calls that were recorded and whose results were not: nobody knows how far they came. */
export async function answerInterrupted(run: Run): Promise<undefined> {
  await addUser(run, 'results', resultsForOpen(run, interrupted, true));
}

/** A message without a tool call: a refusal ends the run, a pause goes on, anything else is reminded of Submit, twice at most. */
export async function answerText(run: Run): Promise<Stop | undefined> {
  const { lastStop, reminders } = run.transcript;
  if (lastStop === 'refusal') return { reason: 'refused', detail: 'The model declined to go on with this task.' };
  if (lastStop === 'pause_turn') return undefined;
  if (reminders >= maxReminders) {
    return {
      reason: 'no-progress',
      detail: `The agent stopped without handing in, and ${maxReminders} reminders did not help.`,
    };
  }
  const isCut = lastStop !== undefined && isCutOff({ stopReason: lastStop });
  await addUser(run, 'reminder', [asText(isCut ? shorten : reminder)]);
  return undefined;
}

function resultsForOpen({ transcript }: Run, text: string, isError: boolean): readonly ContentBlockParam[] {
  return transcript.open.map(({ id }) => ({
    type: 'tool_result',
    tool_use_id: id,
    content: text,
    ...(isError && { is_error: true }),
  }));
}

function asText(text: string): ContentBlockParam {
  return { type: 'text', text };
}
