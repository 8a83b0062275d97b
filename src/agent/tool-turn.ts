import { spellUnseen, unspellUnseen } from '../characters/index.ts';
import { submissions, type Deliverable } from '../deliverables/index.ts';
import type { Box, ToolName, ToolReply } from '../sandbox/index.ts';
import type { ContentBlock, ContentBlockParam, ToolResultBlockParam, ToolUseBlock, TurnReply } from '../model/index.ts';
import { soundText } from './text.ts';
import { readToolUse, submitTool } from './tools.ts';
import type { ToolUse } from './transcript.ts';

/** A model message made fit to be kept and sent back, and why some of its calls must not run. */
export interface SoundReply {
  readonly content: readonly ContentBlockParam[];
  /** By tool use id. */
  readonly faults: ReadonlyMap<string, string>;
}

const cutOff =
  'Not run: your message was cut off at its length limit, so this input is incomplete. Send a smaller input, for example a file in several parts.';
const unreadable =
  'Not run: the input was not one complete JSON object. Send the call again, with a smaller input if it was long.';
const unsound =
  'Not run: the input nests too deeply, or holds half of a surrogate pair or a key __proto__. Send the call again without that.';
const beside = 'Not run: your message was cut off at its length limit. Send this call again.';

/**
 * Blank text is dropped, as the API refuses it; an input that is no object, or that could not be kept and sent back as it is, becomes
 * an empty one; an id that was used before gets a new one; names and ids have only the characters the API takes back. Calls of a
 * cut-off message and those two must not run.
 */
export function readReply(reply: TurnReply, usedIds: ReadonlySet<string>): SoundReply {
  const faults = new Map<string, string>();
  const ids = new Set(usedIds);
  const content = reply.content.filter((block) => block.type !== 'text' || block.text.trim() !== '');
  const sound = content.map((block) => {
    if (block.type === 'text') return block.text.isWellFormed() ? block : { ...block, text: block.text.toWellFormed() };
    return block.type === 'tool_use' ? soundToolUse(block, ids, faults) : block;
  });
  if (isCutOff(reply)) addCutFaults(sound, faults);
  return { content: sound.length === 0 ? [{ type: 'text', text: '(nothing)' }] : sound, faults };
}

export function isCutOff({ stopReason }: Pick<TurnReply, 'stopReason'>): boolean {
  return stopReason === 'max_tokens' || stopReason === 'model_context_window_exceeded';
}

function soundToolUse(block: ToolUseBlock, ids: Set<string>, faults: Map<string, string>): ContentBlock {
  const isUnfit = ids.has(block.id) || !/^[\w-]{1,200}$/.test(block.id);
  const id = isUnfit ? freshId(ids) : block.id;
  const name = block.name.replaceAll(/[^\w-]/g, '_').slice(0, 128) || '_';
  ids.add(id);
  if (isUnfit) faults.set(id, 'Not run: another call has the same id. Send it again.');
  const fault = readInputFault(block.input);
  if (fault === undefined) return id === block.id && name === block.name ? block : { ...block, id, name };
  faults.set(id, fault);
  return { ...block, id, name, input: {} };
}

function freshId(ids: ReadonlySet<string>): string {
  const candidates = Array.from({ length: ids.size + 1 }, (_, index) => `again_${index}`);
  return candidates.find((id) => !ids.has(id)) ?? 'again';
}

function readInputFault(input: unknown): string | undefined {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return unreadable;
  return isSound(input, deepestInput) ? undefined : unsound;
}

/** Our own tools take three levels; what is much deeper overflows the stack of whoever writes it as JSON. */
const deepestInput = 30;

function isSound(value: unknown, levels: number): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  if (levels === 0) return false;
  return Object.entries(value).every(
    ([key, one]) => key !== '__proto__' && key.isWellFormed() && isSound(one, levels - 1),
  );
}

function addCutFaults(content: readonly ContentBlock[], faults: Map<string, string>): void {
  const uses = content.filter((block) => block.type === 'tool_use');
  for (const use of uses) faults.set(use.id, use === uses.at(-1) ? cutOff : beside);
}

export interface ToolTurn {
  /** In the order of the calls. */
  readonly results: readonly ToolResultBlockParam[];
  /** No call of the turn could run. */
  readonly isInvalid: boolean;
  /** Something ran that may have changed files. */
  readonly mayHaveChanged: boolean;
}

interface ToolTurnInput {
  readonly uses: readonly ToolUse[];
  readonly faults: ReadonlyMap<string, string>;
  readonly offered: readonly ToolName[];
  readonly deliverable: Deliverable;
  readonly box: Pick<Box, 'tool'>;
  /** No call begins after it fired; one that runs is ended by the box, which has the same signal. */
  readonly signal: AbortSignal;
}

/**
 * Runs the calls of one turn side by side. A call that may change files waits for every call before it; a Read or Grep only for the
 * Writes and Edits before it. What a tool finds wrong is an error result; what the box throws is thrown, once all calls are over.
 */
export async function runToolTurn(input: ToolTurnInput): Promise<ToolTurn> {
  const calls = input.uses.map((use) => ({ use, ...readCall(use, input) }));
  const runnable = calls.filter((call) => 'name' in call);
  const replies = await runInOrder(runnable, input);
  return {
    results: calls.map((call) =>
      toResult(call.use, 'fault' in call ? { text: call.fault, isError: true } : replies.get(call.use.id)),
    ),
    isInvalid: runnable.length === 0,
    mayHaveChanged: runnable.some(({ name }) => mutating.has(name)),
  };
}

const mutating: ReadonlySet<ToolName> = new Set<ToolName>(['Bash', 'Write', 'Edit']);

function readCall(use: ToolUse, { faults, offered, deliverable }: ToolTurnInput) {
  const fault = faults.get(use.id);
  if (fault !== undefined) return { fault };
  return use.name === submitTool ? { fault: submitFault(use, deliverable) } : readToolUse(use.name, use.input, offered);
}

/** A submission that could be taken never gets here: it is alone in its turn and right. */
function submitFault(use: ToolUse, deliverable: Deliverable): string {
  const read = submissions[deliverable].read(use.input);
  if ('fault' in read) return `Not handed in, the input is wrong:\n${read.fault}`;
  return 'Not handed in: call Submit alone, in a turn of its own, after you have seen the results of your other calls.';
}

interface Call {
  readonly use: ToolUse;
  readonly name: ToolName;
  readonly input: Readonly<Record<string, unknown>>;
}

async function runInOrder(
  calls: readonly Call[],
  { box, signal }: Pick<ToolTurnInput, 'box' | 'signal'>,
): Promise<ReadonlyMap<string, ToolReply>> {
  let all: Promise<unknown> = Promise.resolve();
  let writes: Promise<unknown> = all;
  const running = calls.map((call) => {
    const reply = (mutating.has(call.name) ? all : writes).then(() => {
      signal.throwIfAborted();
      return runCall(call, box);
    });
    all = Promise.allSettled([all, reply]);
    if (call.name === 'Write' || call.name === 'Edit') writes = all;
    return reply;
  });
  await all;
  const replies = await Promise.all(running);
  return new Map(calls.map((call, index) => [call.use.id, replies[index] ?? noReply]));
}

/**
 * The model reads characters that nobody sees spelled out, and writes them so. Text that holds such a spelling itself matches as it is
 * written; only what does not match can mean the character.
 */
async function runCall({ name, input }: Call, box: Pick<Box, 'tool'>): Promise<ToolReply> {
  const reply = await box.tool(name, input);
  const meant = name === 'Edit' && reply.isError ? unspell(input) : input;
  if (meant['old_string'] === input['old_string']) return reply;
  const again = await box.tool(name, meant);
  return again.isError ? reply : again;
}

function unspell(input: Call['input']): Call['input'] {
  const texts = Object.entries(input).filter((field): field is [string, string] =>
    /^(?:old|new)_string$/.test(field[0]),
  );
  return { ...input, ...Object.fromEntries(texts.map(([key, text]) => [key, unspellUnseen(text)])) };
}

const noReply: ToolReply = { text: 'The call gave no result.', isError: true };

function toResult(use: ToolUse, reply: ToolReply = noReply): ToolResultBlockParam {
  return {
    type: 'tool_result',
    tool_use_id: use.id,
    content: spellUnseen(soundText(reply.text)),
    ...(reply.isError && { is_error: true }),
  };
}
