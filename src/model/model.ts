import type Anthropic from '@anthropic-ai/sdk';

export type MessageParam = Anthropic.MessageParam;
export type ContentBlockParam = Anthropic.ContentBlockParam;
export type TextBlockParam = Anthropic.TextBlockParam;
export type ContentBlock = Anthropic.ContentBlock;
export type ToolUseBlock = Anthropic.ToolUseBlock;
export type ToolResultBlockParam = Anthropic.ToolResultBlockParam;
export type ToolDefinition = Anthropic.Tool;
export type ModelStop = Anthropic.StopReason;

/** One request to the model. `system` and `tools` are byte-stable over a run; `messages` only ever grows. */
export interface TurnRequest {
  readonly model: string;
  readonly system: string;
  readonly tools: readonly ToolDefinition[];
  readonly messages: readonly MessageParam[];
  readonly maxTokens: number;
  readonly signal: AbortSignal;
}

/** Tokens of one call as the API billed them, and what they cost. */
export interface TurnUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly usd: number;
}

/** A whole, complete model message. A message cut off half way never gets here: the call is repeated. */
export interface TurnReply {
  readonly content: readonly ContentBlock[];
  readonly stopReason: ModelStop;
  readonly usage: TurnUsage;
  /** The model id that answered. */
  readonly model: string;
}

export interface ResolvedModel {
  readonly id: string;
  /** Tokens the model takes in, including what it writes. */
  readonly contextWindow: number;
  readonly maxOutputTokens: number;
  /** Says what was substituted, when the wanted model is an alias of nothing, unknown or retired. */
  readonly note?: string;
}

/** The door to Claude. */
export interface Model {
  /** The model for an id or alias (`opus`, `sonnet`, `haiku`); retired and unknown ids become their newest successor, and the note says so. */
  resolve(wanted: string): Promise<ResolvedModel>;
  /** Asks the API for something small, once, to see that it is there and takes the key. Throws `config-invalid`, `model-unavailable` or `model-rejected`. */
  reach(): Promise<void>;
  /**
   * One model turn, streamed, retried with backoff on 429, 529, 5xx, dropped and half-read streams.
   * Throws `model-unavailable` when that does not help, `model-spend-limit` at once when the account is used up, `model-rejected` when
   * the request or key is refused (`reason` `too-large` when the prompt doesn't fit), and on the signal its reason if that is an error
   * of ours, otherwise `aborted`. `retryAt` says when to ask again, where the API has said it.
   */
  turn(request: TurnRequest): Promise<TurnReply>;
}
