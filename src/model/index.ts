/** The door to Claude: which model, at what price, and one complete answer at a time. */
export type {
  ContentBlock,
  ContentBlockParam,
  MessageParam,
  Model,
  ModelStop,
  ResolvedModel,
  TextBlockParam,
  ToolDefinition,
  ToolResultBlockParam,
  ToolUseBlock,
  TurnReply,
  TurnRequest,
  TurnUsage,
} from './model.ts';
export { createModel } from './create-model.ts';
export type { ModelOptions } from './create-model.ts';
export type { Provider } from './connect.ts';
export { ModelError } from './failure.ts';
export type { ModelErrorReason } from './failure.ts';
export { retryPolicy } from './retry.ts';
