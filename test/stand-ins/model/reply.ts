import type { ModelRequest } from './request.ts';

/** One content block that the scripted model answers with. `json` replaces the serialised input of a tool use, byte for byte. */
export type Block =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'thinking'; readonly thinking: string }
  | {
      readonly type: 'tool_use';
      readonly name: string;
      readonly input: unknown;
      readonly id?: string;
      readonly json?: string;
    };

export type StopReason =
  'end_turn' | 'max_tokens' | 'stop_sequence' | 'tool_use' | 'pause_turn' | 'refusal' | 'model_context_window_exceeded';

/** Where in a streamed answer something happens. Each lies in the middle of an event's bytes, except `start` and `stop` (between events). */
export type Place = 'headers' | 'start' | 'text' | 'thinking' | 'tool name' | 'arguments' | 'stop';

/** What interrupts a streamed answer: the connection is reset, ends as if it were complete, reports an error event, or falls silent. */
export interface Interruption {
  readonly at: Place;
  readonly how: 'reset' | 'end' | 'error' | 'silence';
  readonly errorType?: string;
  readonly errorMessage?: string;
}

/** An answer of the model. The stop reason is `tool_use` when a block is one, otherwise `end_turn`, unless it is given. */
export interface MessageReply {
  readonly type: 'message';
  readonly content: readonly Block[];
  readonly stopReason?: StopReason;
  readonly refusalCategory?: string | null;
  readonly interruption?: Interruption;
}

/** An answer of the API that isn't a message. `errorCode` is the machine-readable code some errors carry in `details`. */
export interface Fault {
  readonly type: 'fault';
  readonly status: number;
  readonly errorType: string;
  readonly message: string;
  readonly errorCode?: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Hang {
  readonly type: 'hang';
}

export type Reply = MessageReply | Fault | Hang;

/**
 * What the model answers. A list is used up one reply per valid request, faults included.
 * A function gets the turn of the conversation (1 for the first answer, the same again for a repeated request).
 */
export type Script = readonly Reply[] | ((request: ModelRequest, turn: number) => Reply | Promise<Reply>);

/** A text answer that ends the turn. */
export function text(value: string): MessageReply {
  return { type: 'message', content: [{ type: 'text', text: value }] };
}

/** A thinking block; the stand-in signs it over everything that comes before it. */
export function thinking(value: string): MessageReply {
  return { type: 'message', content: [{ type: 'thinking', thinking: value }] };
}

/** A tool use; the id is made up unless it is given. */
export function toolUse(name: string, input: unknown, id?: string): MessageReply {
  return { type: 'message', content: [{ type: 'tool_use', name, input, ...(id === undefined ? {} : { id }) }] };
}

/** Several blocks in one answer. */
export function reply(...parts: readonly MessageReply[]): MessageReply {
  return { type: 'message', content: parts.flatMap((part) => part.content) };
}

/** An answer that stops for the given reason. */
export function stopped(stopReason: StopReason, ...parts: readonly MessageReply[]): MessageReply {
  return { ...reply(...parts), stopReason };
}

/** An answer without any content. */
export function empty(): MessageReply {
  return stopped('end_turn');
}

/** A turn the API paused; it goes on when the answer is sent back. */
export function paused(...parts: readonly MessageReply[]): MessageReply {
  return stopped('pause_turn', ...parts);
}

/** A refusal by a classifier, with what was written until then. */
export function refusal(category: string | null = null, ...parts: readonly MessageReply[]): MessageReply {
  return { ...stopped('refusal', ...parts), refusalCategory: category };
}

/** A tool use whose arguments stop in the middle because the answer reached `max_tokens`. */
export function truncatedToolUse(name: string, json: string, id?: string): MessageReply {
  return { ...brokenToolUse(name, json, id), stopReason: 'max_tokens' };
}

/** A tool use whose arguments are exactly the given bytes, valid JSON or not. */
export function brokenToolUse(name: string, json: string, id?: string): MessageReply {
  const block = { type: 'tool_use' as const, name, input: undefined, json, ...(id === undefined ? {} : { id }) };
  return { type: 'message', content: [block] };
}

const errorTypes: Readonly<Record<number, { type: string; message: string }>> = {
  400: { type: 'invalid_request_error', message: 'The request is invalid.' },
  401: { type: 'authentication_error', message: 'invalid x-api-key' },
  402: { type: 'billing_error', message: 'There is a problem with billing.' },
  403: { type: 'permission_error', message: 'The key may not use this resource.' },
  404: { type: 'not_found_error', message: 'Not found' },
  413: { type: 'request_too_large', message: 'Request exceeds the maximum size' },
  429: { type: 'rate_limit_error', message: 'This request would exceed the rate limit of your organization.' },
  500: { type: 'api_error', message: 'Internal server error' },
  504: { type: 'timeout_error', message: 'The request timed out.' },
  529: { type: 'overloaded_error', message: 'Overloaded' },
};

/** An error status. `retryAfter` is in seconds, `retryAfterMs` in milliseconds; each becomes its header. */
export function fault(
  status: number,
  options: {
    retryAfter?: number | string;
    retryAfterMs?: number;
    errorCode?: string;
    errorType?: string;
    message?: string;
    headers?: Readonly<Record<string, string>>;
  } = {},
): Fault {
  const known = errorTypes[status] ?? { type: 'api_error', message: `Status ${status}` };
  return {
    type: 'fault',
    status,
    errorType: options.errorType ?? known.type,
    message: options.message ?? known.message,
    ...(options.errorCode === undefined ? {} : { errorCode: options.errorCode }),
    headers: {
      ...(options.retryAfter === undefined ? {} : { 'retry-after': String(options.retryAfter) }),
      ...(options.retryAfterMs === undefined ? {} : { 'retry-after-ms': String(options.retryAfterMs) }),
      ...options.headers,
    },
  };
}

/** The answer, cut off at a place: the connection is reset there, or ends there as if it were complete. */
export function cut(whole: MessageReply, at: Place, how: 'reset' | 'end' = 'reset'): MessageReply {
  return { ...whole, interruption: { at, how } };
}

/** The answer, with an error event after it began with status 200. */
export function errorAfter(
  whole: MessageReply,
  at: Place,
  errorType = 'overloaded_error',
  errorMessage = 'Overloaded',
): MessageReply {
  return { ...whole, interruption: { at, how: 'error', errorType, errorMessage } };
}

/** No answer at all, or, with a message, one that falls silent at a place. The connection stays open. */
export function hang(whole?: MessageReply, at: Place = 'text'): Hang | MessageReply {
  return whole === undefined ? { type: 'hang' } : { ...whole, interruption: { at, how: 'silence' } };
}
