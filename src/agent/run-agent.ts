import { BotError, type AgentRun } from '../domain/index.ts';
import { ModelError, type ContentBlockParam, type TextBlockParam, type TurnReply } from '../model/index.ts';
import {
  acceptSubmission,
  answerInterrupted,
  answerSubmission,
  answerText,
  answerTools,
  submitted,
} from './answers.ts';
import { isNearlyFull, renderSummary } from './compaction.ts';
import { readNotice, readStop, type Stop } from './limits.ts';
import { addUser, endRun, openRun, record, type AgentDeps, type AgentRunInput, type Run } from './run.ts';
import { recallFiles } from './recall-files.ts';
import { cutMiddle, oneLine, renderData, visibleText } from './text.ts';
import { readReply } from './tool-turn.ts';
import { aboutToolUse } from './tools.ts';

const maxOutputTokens = 32_000;

/**
 * Runs an agent until it hands in its work or reaches a limit, and says what the work tree then holds. Safe to call again after a
 * crash with the same attempt: what is in the journal is replayed, not repeated; a submission that was recorded is returned without
 * asking the model. Throws whatever box, model or store throw, and on the signal its reason if that is an error of ours, otherwise
 * `aborted`; the journal then still holds every turn.
 */
export async function runAgent(input: AgentRunInput, deps: AgentDeps): Promise<AgentRun> {
  try {
    const run = await openRun(input, deps);
    await recallFiles(run);
    const stop = (await takeUp(run)) ?? (await keepOn(run));
    return await endRun(run, stop);
  } catch (error) {
    // What a door says of a call that was cut short is no reason; why the run was stopped is.
    throw input.signal.aborted ? stoppedError(input.signal) : error;
  }
}

function stoppedError({ reason }: AbortSignal): BotError {
  return reason instanceof BotError ? reason : new BotError('aborted', 'The run was stopped.', { cause: reason });
}

/** Brings a recorded run to the point where the model can be asked again, or to its recorded end. */
async function takeUp(run: Run): Promise<Stop | undefined> {
  const { transcript, input } = run;
  const handedIn = transcript.submitted.length;
  if (handedIn > input.attempt) return submitted;
  if (handedIn === input.attempt) return transcript.isSubmitting ? acceptSubmission(run) : submitted;
  if (input.attempt > handedIn + 1) {
    throw new BotError(
      'bug',
      `Attempt ${input.attempt} was asked for after ${handedIn} submissions; attempts have no gaps.`,
    );
  }
  if (transcript.isSubmitting) return answerSubmission(run);
  if (transcript.open.length > 0) return answerInterrupted(run);
  return transcript.messages.at(-1)?.role === 'assistant' ? answerText(run) : undefined;
}

async function keepOn(run: Run): Promise<Stop> {
  for (;;) {
    const stop = (await prepareTurn(run)) ?? (await takeTurn(run));
    if (stop !== undefined) return stop;
  }
}

/** Everything that has to be settled before the model is asked: abort, limits, room, and what it should hear first. */
async function prepareTurn(run: Run): Promise<Stop | undefined> {
  const { transcript, input } = run;
  input.signal.throwIfAborted();
  const usage = { ...transcript.usage, durationMs: run.durationMs() };
  const stop = readStop(usage, transcript.invalidTurns, input.budget) ?? (await makeRoom(run));
  if (stop !== undefined) return stop;
  const said = await hearSteering(run);
  if (said.length > 0) await addUser(run, 'steering', said);
  const notice = transcript.isNoticed ? undefined : readNotice(usage, input.budget);
  if (notice !== undefined) await addUser(run, 'notice', [{ type: 'text', text: notice }]);
  return undefined;
}

/**
 * What people said meanwhile. A process that ended early may not have got to note that it was told, so the first time what the
 * journal already holds is left out.
 */
async function hearSteering(run: Run): Promise<readonly TextBlockParam[]> {
  const blocks = (await run.deps.steering()).map((text) => steeringBlock(run, text));
  const fresh = blocks.filter(({ text }) => !run.toldBefore.has(text));
  run.toldBefore.clear();
  return fresh;
}

/** Compacts when the window is nearly full; a run that doesn't fit even then ends. */
async function makeRoom(run: Run): Promise<Stop | undefined> {
  const { transcript, model } = run;
  if (!isNearlyFull(transcript, model.contextWindow)) return undefined;
  const stop = await compact(run);
  return stop ?? (isNearlyFull(transcript, model.contextWindow) ? contextFull(run) : undefined);
}

/** Puts a summary in the place of the history; one that was only just made is not summed up again: then the run ends. */
async function compact(run: Run): Promise<Stop | undefined> {
  const { transcript, deps, prompt } = run;
  if (transcript.turnsSinceCompaction === 0) return contextFull(run);
  const content = renderSummary(transcript, await deps.journal.latestChanges(), prompt.delimiter);
  await record(run, { kind: 'compacted', data: { content: [...content], durationMs: run.durationMs() } });
  return undefined;
}

function contextFull({ model }: Run): Stop {
  const detail = `The work no longer fits into the ${model.contextWindow} tokens that ${model.id} takes in.`;
  return { reason: 'context-full', detail };
}

async function takeTurn(run: Run): Promise<Stop | undefined> {
  const { transcript, deps } = run;
  const reply = await askModel(run);
  if (reply === 'too-large') return compact(run);
  const { content, faults } = readReply(reply, transcript.ids);
  const { stopReason, usage } = reply;
  const data = { content: [...content], stopReason, usage, model: reply.model, durationMs: run.durationMs() };
  await record(run, { kind: 'assistant', data });
  deps.spent(usage.usd);
  reportTurn(run, content);
  if (transcript.isSubmitting) return acceptSubmission(run);
  return transcript.open.length > 0 ? answerTools(run, faults) : answerText(run);
}

/** One turn, or that the API finds the prompt too long: it counts exactly, we estimate. */
async function askModel({ deps, input, model, prompt, tools, transcript }: Run): Promise<TurnReply | 'too-large'> {
  const { messages } = transcript;
  const maxTokens = Math.min(model.maxOutputTokens, maxOutputTokens);
  try {
    const { system } = prompt;
    return await deps.model.turn({ model: model.id, system, tools, messages, maxTokens, signal: input.signal });
  } catch (error) {
    if (error instanceof ModelError && error.reason === 'too-large') return 'too-large';
    throw error;
  }
}

function steeringBlock({ prompt }: Run, text: string): TextBlockParam {
  const said = renderData(prompt.delimiter, 'a person with write permission', cutMiddle(text, 8_000));
  return {
    type: 'text',
    text: `While you worked, a person with write permission on this repository wrote:\n${said}\nTake it into account.`,
  };
}

function reportTurn({ deps, transcript }: Run, content: readonly ContentBlockParam[]): void {
  const { turns: turn, usd } = transcript.usage;
  deps.report({ type: 'turn', turn, usd });
  for (const block of content) {
    if (block.type === 'text') deps.report({ type: 'text', turn, text: visibleText(cutMiddle(block.text, 8_000)) });
    if (block.type !== 'tool_use') continue;
    deps.report({ type: 'tool', turn, tool: oneLine(block.name, 40), about: oneLine(aboutToolUse(block.input), 120) });
  }
}
