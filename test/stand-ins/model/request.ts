import { z } from 'zod';

/**
 * The request as `POST /v1/messages` takes it in API version 2026-10-21, for the parts a client with its own tools uses.
 * Anything else is an extra input, as the real API says it.
 */
const cacheControl = z.strictObject({ type: z.literal('ephemeral'), ttl: z.enum(['5m', '1h']).optional() }).nullish();

const caller = z.looseObject({ type: z.string() });
const textBlock = z.strictObject({
  type: z.literal('text'),
  text: z.string(),
  cache_control: cacheControl,
  citations: z.array(z.unknown()).nullish(),
});
const image = z.strictObject({
  type: z.literal('image'),
  source: z.looseObject({ type: z.string() }),
  cache_control: cacheControl,
});
const document = z.strictObject({
  type: z.literal('document'),
  source: z.looseObject({ type: z.string() }),
  title: z.string().nullish(),
  context: z.string().nullish(),
  cache_control: cacheControl,
});
const thinking = z.strictObject({ type: z.literal('thinking'), thinking: z.string(), signature: z.string() });
const redactedThinking = z.strictObject({ type: z.literal('redacted_thinking'), data: z.string() });
const toolUse = z.strictObject({
  type: z.literal('tool_use'),
  id: z.string().regex(/^[a-zA-Z0-9_-]+$/),
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,200}$/),
  input: z.record(z.string(), z.unknown()),
  caller: caller.optional(),
  toolset_name: z.string().nullish(),
  cache_control: cacheControl,
});
const toolResult = z.strictObject({
  type: z.literal('tool_result'),
  tool_use_id: z.string().regex(/^[a-zA-Z0-9_-]+$/),
  content: z.union([z.string(), z.array(z.discriminatedUnion('type', [textBlock, image, document]))]).optional(),
  is_error: z.boolean().optional(),
  toolset_name: z.string().nullish(),
  cache_control: cacheControl,
});
const content = z.discriminatedUnion('type', [
  textBlock,
  image,
  document,
  thinking,
  redactedThinking,
  toolUse,
  toolResult,
]);
const message = z.strictObject({
  role: z.enum(['user', 'assistant', 'system']),
  content: z.union([z.string(), z.array(content)]),
});
const tool = z.strictObject({
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/),
  description: z.string().optional(),
  input_schema: z.looseObject({
    type: z.literal('object'),
    properties: z.record(z.string(), z.unknown()).nullish(),
    required: z.array(z.string()).nullish(),
  }),
  type: z.literal('custom').nullish(),
  strict: z.boolean().optional(),
  eager_input_streaming: z.boolean().nullish(),
  defer_loading: z.boolean().optional(),
  input_examples: z.array(z.record(z.string(), z.unknown())).optional(),
  allowed_callers: z.array(z.string()).optional(),
  cache_control: cacheControl,
});
const toolChoice = z.union([
  z.strictObject({ type: z.enum(['auto', 'any']), disable_parallel_tool_use: z.boolean().optional() }),
  z.strictObject({ type: z.literal('tool'), name: z.string(), disable_parallel_tool_use: z.boolean().optional() }),
  z.strictObject({ type: z.literal('none') }),
]);
const thinkingConfig = z.looseObject({ type: z.enum(['adaptive', 'enabled', 'disabled', 'between_tools']) });

export const requestBody = z.strictObject({
  model: z.string().min(1),
  max_tokens: z.int().min(1),
  messages: z.array(message).min(1).max(100_000),
  system: z.union([z.string(), z.array(textBlock)]).optional(),
  tools: z.array(tool).optional(),
  tool_choice: toolChoice.optional(),
  stream: z.boolean().optional(),
  stop_sequences: z.array(z.string()).optional(),
  thinking: thinkingConfig.optional(),
  output_config: z
    .strictObject({
      effort: z.enum(['low', 'medium', 'high', 'xhigh', 'max']).nullish(),
      format: z.looseObject({ type: z.string() }).nullish(),
    })
    .optional(),
  metadata: z.strictObject({ user_id: z.string().max(256).nullish() }).optional(),
  service_tier: z.enum(['auto', 'standard_only']).optional(),
  cache_control: cacheControl,
  diagnostics: z.looseObject({}).nullish(),
  container: z.unknown().optional(),
  inference_geo: z.string().nullish(),
  speed: z.enum(['standard', 'fast']).nullish(),
});

export type RequestBody = z.infer<typeof requestBody>;
export type RequestMessage = RequestBody['messages'][number];
export type RequestContent = z.infer<typeof content>;
export type RequestTool = z.infer<typeof tool>;

/** One request as it arrived, after it was found valid. */
export interface ModelRequest {
  /** Counts the valid requests of the server, from 1. */
  readonly number: number;
  /** The turn of its conversation that it asks for: 1 + the assistant messages in it. */
  readonly turn: number;
  /** How often exactly these bytes arrived, from 1: more than 1 means the client repeated the call. */
  readonly delivery: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: RequestBody;
  /** Size of the body in bytes. */
  readonly bytes: number;
  /** The text that a person would see in the last message: its text blocks and tool results. */
  readonly lastText: string;
}

/** The content of a message as blocks; a string is shorthand for one text block. */
export function blocksOf(value: string | readonly RequestContent[]): readonly RequestContent[] {
  return typeof value === 'string' ? [{ type: 'text', text: value }] : value;
}

/** The text of a message: text blocks and tool results, joined by line breaks. */
export function textOf(one: RequestMessage | undefined): string {
  if (one === undefined) return '';
  return blocksOf(one.content).flatMap(textOfBlock).join('\n');
}

function textOfBlock(block: RequestContent): readonly string[] {
  if (block.type === 'text') return [block.text];
  if (block.type !== 'tool_result' || block.content === undefined) return [];
  if (typeof block.content === 'string') return [block.content];
  return block.content.flatMap((part) => (part.type === 'text' ? [part.text] : []));
}
