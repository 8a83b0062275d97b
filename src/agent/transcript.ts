import { z } from 'zod';
import { submissions, type Deliverable } from '../deliverables/index.ts';
import { BotError, type Submission, type Usage } from '../domain/index.ts';
import type { ContentBlockParam, MessageParam, ModelStop, TurnUsage } from '../model/index.ts';
import type { JournalEntry } from '../store/index.ts';
import { oneLine } from './text.ts';
import { aboutToolUse, submitTool } from './tools.ts';

/** Content blocks go back to the API exactly as they came; only what we act on is looked at. */
const Block = z.custom<ContentBlockParam>((value) => z.looseObject({ type: z.string() }).safeParse(value).success);

const AssistantEntry = z.object({
  content: z.array(Block),
  stopReason: z.custom<ModelStop>((value) => typeof value === 'string'),
  usage: z.custom<TurnUsage>((value) => z.looseObject({ usd: z.number() }).safeParse(value).success),
  model: z.string(),
  durationMs: z.number(),
});

/** Why a user message was added. `refused` answers a submission that could not be taken; `feedback` one that did not pass. */
const userReasons = ['results', 'reminder', 'steering', 'notice', 'feedback', 'refused'] as const;

const UserEntry = z.object({
  why: z.enum(userReasons),
  content: z.array(Block),
  durationMs: z.number(),
  /** Every call of the turn was one that can't run. */
  invalid: z.boolean().optional(),
});

const CompactedEntry = z.object({ content: z.array(Block), durationMs: z.number() });

export type Entry =
  | { readonly kind: 'assistant'; readonly data: z.infer<typeof AssistantEntry> }
  | { readonly kind: 'user'; readonly data: z.infer<typeof UserEntry> }
  | { readonly kind: 'compacted'; readonly data: z.infer<typeof CompactedEntry> };

export const entryKinds = ['assistant', 'user', 'compacted'] as const;

export interface ToolUse {
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
}

/** A submission with what the run had used when it was handed in. */
export interface Submitted {
  readonly submission: Submission;
  readonly usage: Usage;
  readonly model: string;
}

/** One line of what the agent did, for the summary that replaces a history that grew too long. */
export interface Deed {
  readonly id: string;
  readonly text: string;
  failed: boolean;
}

/**
 * A run as it happened, folded from its entries: live and after a restart by the same code, so that both see the same.
 * `messages` only grows, until a `compacted` entry starts it afresh.
 */
export interface Transcript {
  readonly deliverable: Deliverable;
  messages: MessageParam[];
  usage: Usage;
  model: string;
  lastStop: ModelStop | undefined;
  /** Tool uses of the last message that have no result yet. */
  open: readonly ToolUse[];
  /** What is waiting in `open` is a submission. */
  isSubmitting: boolean;
  submitted: Submitted[];
  reminders: number;
  invalidTurns: number;
  isNoticed: boolean;
  /** Tokens the next request would have, about. */
  contextTokens: number;
  /** Those of it that are system prompt and tools. */
  readonly fixedTokens: number;
  turnsSinceCompaction: number;
  readonly ids: Set<string>;
  readonly deeds: Deed[];
  /** What people said while it ran; must survive compaction. */
  readonly said: string[];
}

/** Code and prose have three to four characters a token; three errs on the side that fits. */
const charactersPerToken = 3;

const tokenKinds = ['inputTokens', 'outputTokens', 'cacheReadTokens', 'cacheWriteTokens'] as const;

const noUsage: Usage = {
  ...{ turns: 0, usd: 0, durationMs: 0 },
  ...{ inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 },
};

/** A run before its first turn. `fixedCharacters` is the size of system prompt and tools. */
export function openTranscript(task: string, fixedCharacters: number, deliverable: Deliverable = 'work'): Transcript {
  return {
    deliverable,
    messages: [{ role: 'user', content: [{ type: 'text', text: task }] }],
    usage: noUsage,
    model: '',
    lastStop: undefined,
    open: [],
    isSubmitting: false,
    submitted: [],
    reminders: 0,
    invalidTurns: 0,
    isNoticed: false,
    contextTokens: (fixedCharacters + task.length) / charactersPerToken,
    fixedTokens: fixedCharacters / charactersPerToken,
    turnsSinceCompaction: 0,
    ids: new Set(),
    deeds: [],
    said: [],
  };
}

/** An entry as it was recorded. Throws `bug` when it is not one of ours. */
export function readEntry({ kind, seq, data }: JournalEntry): Entry {
  try {
    if (kind === 'assistant') return { kind, data: AssistantEntry.parse(data) };
    if (kind === 'user') return { kind, data: UserEntry.parse(data) };
    if (kind === 'compacted') return { kind, data: CompactedEntry.parse(data) };
  } catch (error) {
    throw new BotError('bug', `Journal entry ${seq} (${kind}) has a shape this version doesn't know.`, {
      cause: error,
    });
  }
  throw new BotError('bug', `Journal entry ${seq} has the kind ${kind}; a run has ${entryKinds.join(', ')}.`);
}

/** Takes one entry into the transcript. */
export function addEntry(transcript: Transcript, entry: Entry): void {
  transcript.usage = { ...transcript.usage, durationMs: entry.data.durationMs };
  if (entry.kind === 'assistant') addAssistant(transcript, entry.data);
  else if (entry.kind === 'user') addUser(transcript, entry.data);
  else startAfresh(transcript, entry.data.content);
}

function addAssistant(transcript: Transcript, data: z.infer<typeof AssistantEntry>): void {
  // A refusal ends the run: nothing of that message is carried out.
  const open = data.stopReason === 'refusal' ? [] : data.content.filter((block) => block.type === 'tool_use');
  const submission = soleSubmission(open, data.stopReason, transcript.deliverable);
  appendMessage(transcript, 'assistant', data.content);
  transcript.usage = addUsage(transcript.usage, data.usage);
  transcript.model = data.model;
  transcript.lastStop = data.stopReason;
  transcript.open = open;
  transcript.isSubmitting = submission !== undefined;
  transcript.contextTokens = tokenKinds.reduce((sum, kind) => sum + data.usage[kind], 0);
  transcript.turnsSinceCompaction++;
  if (open.length > 0) transcript.reminders = 0;
  for (const use of open) {
    transcript.ids.add(use.id);
    transcript.deeds.push({ id: use.id, text: `${use.name} ${oneLine(aboutToolUse(use.input), 160)}`, failed: false });
  }
  if (submission !== undefined) transcript.submitted.push({ submission, usage: transcript.usage, model: data.model });
}

function addUser(transcript: Transcript, data: z.infer<typeof UserEntry>): void {
  const answered = markFailures(transcript, data.content);
  appendMessage(transcript, 'user', data.content);
  transcript.contextTokens += sizeOf(data.content) / charactersPerToken;
  transcript.open = transcript.open.filter(({ id }) => !answered.has(id));
  transcript.isSubmitting = false;
  if (data.why === 'results') transcript.invalidTurns = data.invalid === true ? transcript.invalidTurns + 1 : 0;
  if (data.why === 'reminder') transcript.reminders++;
  if (data.why === 'notice') transcript.isNoticed = true;
  if (data.why === 'refused') transcript.submitted.pop();
  if (data.why === 'steering' || data.why === 'feedback') transcript.said.push(...data.content.map(textOf));
  if (data.why === 'feedback') transcript.invalidTurns = 0;
}

/** The task stays the first block, byte for byte; what follows takes the place of everything after it. */
function startAfresh(transcript: Transcript, content: readonly ContentBlockParam[]): void {
  const task = transcript.messages.slice(0, 1).flatMap((message) => contentOf(message).slice(0, 1));
  transcript.messages = [{ role: 'user', content: [...task, ...content] }];
  transcript.contextTokens = transcript.fixedTokens + sizeOf([...task, ...content]) / charactersPerToken;
  transcript.turnsSinceCompaction = 0;
  transcript.lastStop = undefined;
}

/** A submission counts only when it is alone in a message that is complete. */
function soleSubmission(
  open: readonly ToolUse[],
  stopReason: ModelStop,
  deliverable: Deliverable,
): Submission | undefined {
  const [use] = open;
  if (use === undefined || open.length > 1 || use.name !== submitTool || stopReason !== 'tool_use') return undefined;
  const read = submissions[deliverable].read(use.input);
  return 'submission' in read ? read.submission : undefined;
}

/** User messages that follow one another become one; only the end of the last one grows, and nothing the model said changes. */
function appendMessage(
  transcript: Transcript,
  role: 'user' | 'assistant',
  content: readonly ContentBlockParam[],
): void {
  const last = transcript.messages.at(-1);
  const before = role === 'user' && last?.role === 'user' ? contentOf(last) : [];
  if (before.length > 0) transcript.messages.pop();
  transcript.messages.push({ role, content: [...before, ...content] });
}

/** Returns the ids of the calls that were answered. */
function markFailures({ deeds }: Transcript, content: readonly ContentBlockParam[]): ReadonlySet<string> {
  const results = content.filter((block) => block.type === 'tool_result');
  for (const { tool_use_id: id, is_error: failed = false } of results) {
    const deed = deeds.findLast((one) => one.id === id);
    if (deed !== undefined) deed.failed = failed;
  }
  return new Set(results.map((result) => result.tool_use_id));
}

/** A message's content as blocks. */
export function contentOf({ content }: MessageParam): readonly ContentBlockParam[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}

/** What a block says, as far as text goes. */
export function textOf(block: ContentBlockParam): string {
  if (block.type === 'text') return block.text;
  if (block.type === 'tool_use') return JSON.stringify(block.input);
  if (block.type === 'thinking') return block.thinking;
  if (block.type !== 'tool_result' || block.content === undefined) return '';
  if (typeof block.content === 'string') return block.content;
  return block.content.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
}

function sizeOf(content: readonly ContentBlockParam[]): number {
  return content.reduce((size, block) => size + textOf(block).length, 0);
}

function addUsage(total: Usage, turn: TurnUsage): Usage {
  const tokens = tokenKinds.map((kind) => [kind, total[kind] + turn[kind]] as const);
  return { ...total, turns: total.turns + 1, usd: total.usd + turn.usd, ...Object.fromEntries(tokens) };
}
