import type Anthropic from '@anthropic-ai/sdk';
import type { ContentBlockParam, MessageParam, TurnRequest } from './model.ts';

const breakpoint = { type: 'ephemeral' } as const;

/**
 * The request body, with its cache breakpoints (the API takes 4 and looks back 20 blocks from each for an entry):
 * one after tools and system; one where the previous request ended, which finds that request's entry however many
 * blocks the turn since then has; one at the end, which writes the entry for the next request.
 * Breakpoints move, but the bytes between them don't: nothing else of an earlier message ever changes.
 */
export function toParams(request: TurnRequest): Anthropic.MessageStreamParams {
  const messages = request.messages.map(asBlocks);
  const marked = new Set([previousEnd(messages), messages.length - 1]);
  return {
    model: request.model,
    max_tokens: request.maxTokens,
    ...fixedPart(request),
    messages: messages.map((message, at) => toParam(marked.has(at) ? withBreakpoint(message) : message)),
  };
}

function fixedPart({ system, tools }: TurnRequest): Pick<Anthropic.MessageStreamParams, 'system' | 'tools'> {
  if (system.trim() !== '')
    return {
      ...(tools.length === 0 ? {} : { tools: [...tools] }),
      system: [{ type: 'text', text: system, cache_control: breakpoint }],
    };
  const last = tools.length - 1;
  const marked = tools.map((tool, at) => (at === last ? { ...tool, cache_control: breakpoint } : tool));
  return marked.length === 0 ? {} : { tools: marked };
}

interface BlockMessage {
  readonly role: MessageParam['role'];
  readonly content: readonly ContentBlockParam[];
}

/** A string is shorthand for one text block; writing it out keeps a message the same whether it is marked or not. */
function asBlocks(message: MessageParam): BlockMessage {
  const content: readonly ContentBlockParam[] =
    typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content;
  return { role: message.role, content: content.map(withInput) };
}

/**
 * A tool use whose arguments were unreadable came without input; the API takes it back only with one. The keys are
 * written in one order, so that a message read back from the journal has the same bytes as one still in memory.
 */
function withInput(block: ContentBlockParam): ContentBlockParam {
  if (block.type !== 'tool_use') return block;
  const { type, id, name, input, ...rest } = block;
  return { type, id, name, input: input ?? {}, ...rest };
}

/** The message before the model's latest answer is the one the request for that answer ended with. */
function previousEnd(messages: readonly BlockMessage[]): number {
  return messages.findLastIndex((message) => message.role === 'assistant') - 1;
}

/** Marks the last block that can carry a breakpoint; thinking can't. */
function withBreakpoint(message: BlockMessage): BlockMessage {
  const last = message.content.findLastIndex(isCacheable);
  const content = message.content.map((block, at) =>
    at === last && isCacheable(block) ? { ...block, cache_control: breakpoint } : block,
  );
  return { role: message.role, content };
}

/** Role and blocks came together out of a `MessageParam` and stay together, which the union can't express here. */
function toParam(message: BlockMessage): MessageParam {
  return message as MessageParam;
}

function isCacheable(block: ContentBlockParam): block is Exclude<ContentBlockParam, Thinking> {
  return block.type !== 'thinking' && block.type !== 'redacted_thinking';
}

type Thinking = Anthropic.ThinkingBlockParam | Anthropic.RedactedThinkingBlockParam;
