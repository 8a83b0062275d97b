import { BotError, type AgentRun } from '../domain/index.ts';
import type { ContentBlockParam } from '../model/index.ts';
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
import { cutMiddle, oneLine, renderData, visibleText } from './text.ts';
import { readReply } from './tool-turn.ts';
import { aboutToolUse } from './tools.ts';

const maxOutputTokens = 32_000;

/**
 * Runs an agent until it hands in its work or reaches a limit, and says what the work tree then holds. Safe to call again after a
 * crash with the same attempt: what is in the journal is replayed, not repeated; a submission that was recorded is returned without
 * asking the model. Throws `aborted` on the signal and whatever box, model or store throw; the journal then still holds every turn.
 */
export async function runAgent(input: AgentRunInput, deps: AgentDeps): Promise<AgentRun> {
  const run = await openRun(input, deps);
  const stop = (await takeUp(run)) ?? (await keepOn(run));
  return endRun(run, stop);
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
  if (transcript.messages.at(-1)?.role !== 'assistant') return undefined;
  if (transcript.isSubmitting) return answerSubmission(run);
  return transcript.open.length > 0 ? answerInterrupted(run) : answerText(run);
}

async function keepOn(run: Run): Promise<Stop> {
  for (;;) {
    const stop = (await prepareTurn(run)) ?? (await takeTurn(run));
    if (stop !== undefined) return stop;
  }
}

/** Everything that has to be settled before the model is asked: abort, limits, room, and what it should hear first. */
async function prepareTurn(run: Run): Promise<Stop | undefined> {
  const { transcript, input, deps } = run;
  if (input.signal.aborted) throw new BotError('aborted', 'The run was stopped.', { cause: input.signal.reason });
  const usage = { ...transcript.usage, durationMs: run.durationMs() };
  const stop = readStop(usage, transcript.invalidTurns, input.budget) ?? (await makeRoom(run));
  if (stop !== undefined) return stop;
  const texts = await deps.steering();
  if (texts.length > 0)
    await addUser(
      run,
      'steering',
      texts.map((text) => steeringBlock(run, text)),
    );
  const notice = transcript.isNoticed ? undefined : readNotice(usage, input.budget);
  if (notice !== undefined) await addUser(run, 'notice', [{ type: 'text', text: notice }]);
  return undefined;
}

/** Compacts once when the window is nearly full; a run that doesn't fit even then ends. */
async function makeRoom(run: Run): Promise<Stop | undefined> {
  const { transcript, model, deps } = run;
  if (!isNearlyFull(transcript, model.contextWindow)) return undefined;
  if (transcript.turnsSinceCompaction > 0) {
    const content = renderSummary(transcript, await deps.journal.latestChanges(), run.prompt.delimiter);
    await record(run, { kind: 'compacted', data: { content: [...content], durationMs: run.durationMs() } });
    if (!isNearlyFull(transcript, model.contextWindow)) return undefined;
  }
  return {
    reason: 'context-full',
    detail: `The work no longer fits into the ${model.contextWindow} tokens that ${model.id} takes in.`,
  };
}

async function takeTurn(run: Run): Promise<Stop | undefined> {
  const { transcript, deps, input, model } = run;
  const reply = await deps.model.turn({
    model: model.id,
    system: run.prompt.system,
    tools: run.tools,
    messages: transcript.messages,
    maxTokens: Math.min(model.maxOutputTokens, maxOutputTokens),
    signal: input.signal,
  });
  const { content, faults } = readReply(reply, transcript.ids);
  const { stopReason, usage } = reply;
  const data = { content: [...content], stopReason, usage, model: reply.model, durationMs: run.durationMs() };
  await record(run, { kind: 'assistant', data });
  deps.spent(usage.usd);
  reportTurn(run, content);
  if (transcript.isSubmitting) return acceptSubmission(run);
  return transcript.open.length > 0 ? answerTools(run, faults) : answerText(run);
}

function steeringBlock({ prompt }: Run, text: string): ContentBlockParam {
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
