import Anthropic from '@anthropic-ai/sdk';
import { BotError } from '../domain/index.ts';
import { isApiError } from './failure.ts';
import { costOf } from './price.ts';
import type { ContentBlock, ToolUseBlock, TurnReply, TurnUsage } from './model.ts';

/** The parts of a client that every platform's package has. */
export interface MessagesClient {
  readonly messages: Pick<Anthropic['messages'], 'stream'>;
}

type Message = Anthropic.Message;

/**
 * One streamed answer, whole, or an error.
 *
 * A tool use whose arguments aren't one JSON object, because the answer reached `max_tokens` or the model wrote
 * something else, comes with `input` undefined: it must not run, and the model is told so. The SDK can't be asked for
 * this: of truncated arguments it keeps the complete fields and drops the rest in silence (a file name without its
 * content), and at malformed ones it gives up the whole message. So the arguments are collected here as they arrive.
 */
export async function streamMessage(
  client: MessagesClient,
  params: Anthropic.MessageStreamParams,
  signal: AbortSignal,
): Promise<TurnReply> {
  const stream = client.messages.stream(params, { signal });
  const heard: Heard = { isConnected: false, isComplete: false, snapshot: undefined, json: new Map() };
  stream.on('connect', () => {
    heard.isConnected = true;
  });
  stream.on('streamEvent', (event, snapshot) => {
    hear(heard, event, snapshot);
  });
  try {
    return toReply(await stream.finalMessage(), heard.json);
  } catch (error) {
    if (!heard.isConnected && !isApiError(error)) throw notSent(error);
    const whole = heard.isComplete ? heard.snapshot : beforeMalformed(error, heard);
    if (whole === undefined) throw error;
    return toReply(whole, heard.json);
  }
}

/** The request never left: repeating it can't help. */
function notSent(cause: unknown): BotError {
  return new BotError('bug', 'The request to the model could not be built; its cause says why.', { cause });
}

interface Heard {
  isConnected: boolean;
  /** The message was ended by its own last event: whatever happens to the connection after it, the answer is whole and paid for. */
  isComplete: boolean;
  snapshot: Message | undefined;
  /** The arguments of each tool use so far, by index of its block. */
  readonly json: Map<number, string>;
}

function hear(heard: Heard, event: Anthropic.MessageStreamEvent, snapshot: Message): void {
  heard.snapshot = snapshot;
  if (event.type === 'message_stop') heard.isComplete = true;
  if (event.type !== 'content_block_delta' || event.delta.type !== 'input_json_delta') return;
  heard.json.set(event.index, (heard.json.get(event.index) ?? '') + event.delta.partial_json);
}

/**
 * The SDK ends the stream with a SyntaxError when the arguments of a tool use are complete and malformed. What was
 * received until then is the answer: the model hears of its mistake at once instead of being asked again for money.
 * The stop reason and the count of output tokens come after that point, so the one is `tool_use` and the other is
 * estimated from the bytes. Blocks that followed are lost.
 *
 * An event that isn't JSON ends the stream with the same error. The arguments tell which it was: read as far as they
 * came, the SDK can't make anything of malformed ones, while those of a half-heard answer are merely unfinished.
 */
function beforeMalformed(error: unknown, { snapshot, json }: Heard): Message | undefined {
  const isSyntax = error instanceof Anthropic.AnthropicError && error.cause instanceof SyntaxError;
  const last = snapshot?.content.at(-1);
  if (!isSyntax || snapshot === undefined || last?.type !== 'tool_use' || !isMalformed(last)) return undefined;
  const bytes = snapshot.content.reduce((sum, block, at) => sum + sizeOf(block, json.get(at)), 0);
  const usage = { ...snapshot.usage, output_tokens: Math.ceil(bytes / 3) };
  return { ...snapshot, stop_reason: 'tool_use', usage };
}

/** The SDK parses what there is of the arguments when its `input` is read. */
function isMalformed(use: Anthropic.ToolUseBlock): boolean {
  try {
    return use.input === undefined;
  } catch {
    return true;
  }
}

function sizeOf(block: ContentBlock, json = ''): number {
  const texts = [json, 'text' in block ? block.text : '', 'thinking' in block ? block.thinking : ''];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

function toReply(message: Message, json: ReadonlyMap<number, string>): TurnReply {
  if (message.stop_reason === null) throw new Anthropic.AnthropicError('The stream ended without a stop reason.');
  const isCutShort = message.stop_reason !== 'tool_use' && message.stop_reason !== 'pause_turn';
  const content = message.content.map((block, at): ContentBlock => {
    if (block.type !== 'tool_use') return block;
    const isLast = at === message.content.length - 1;
    return withReadInput(block, json.get(at) ?? '', isCutShort && isLast);
  });
  return { content, stopReason: message.stop_reason, usage: toUsage(message), model: message.model };
}

/** No arguments at all mean an empty object, unless the answer was cut short right there. */
function withReadInput(block: ToolUseBlock, json: string, isCutShort: boolean): ToolUseBlock {
  const { type, id, name, caller } = block;
  const input = json === '' && !isCutShort ? {} : readObject(json);
  return { type, id, name, input, caller };
}

function readObject(json: string): object | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function toUsage(message: Message): TurnUsage {
  const tokens = {
    inputTokens: message.usage.input_tokens,
    outputTokens: message.usage.output_tokens,
    cacheReadTokens: message.usage.cache_read_input_tokens ?? 0,
    cacheWriteTokens: message.usage.cache_creation_input_tokens ?? 0,
  };
  return { ...tokens, usd: costOf(message.model, tokens) };
}
