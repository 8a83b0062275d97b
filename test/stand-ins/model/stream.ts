import type { ServerResponse } from 'node:http';
import type { RequestUsage } from './cache.ts';
import type { Block, Interruption, MessageReply, Place } from './reply.ts';

/** What one answer needs besides its content. */
export interface Envelope {
  readonly messageId: string;
  readonly requestId: string;
  readonly model: string;
  readonly usage: RequestUsage;
  readonly outputTokens: number;
  readonly signature: string;
  /** The ids of the tool uses, in order. */
  readonly toolUseIds: readonly string[];
}

/** One event of the stream, and which place its bytes are. */
interface Event {
  readonly place: Place;
  readonly data: Readonly<Record<string, unknown>> & { readonly type: string };
  /** What an interruption at this place cuts in the middle of. */
  readonly within?: string;
}

/** The whole answer as one JSON object, for a request without `stream`. */
export function renderMessage(reply: MessageReply, envelope: Envelope): unknown {
  const content = numbered(reply.content, envelope).map(({ block, id }) => finishedBlock(block, id, envelope));
  return { ...startOf(envelope), content, ...endOf(reply), usage: usageOf(envelope, envelope.outputTokens) };
}

/**
 * Writes the answer event by event; an interruption stops it at its place. `pause` is awaited once the given share of an
 * uninterrupted answer's bytes has been sent, and again when all have but the answer has not ended; false cuts the connection.
 */
export async function writeStream(
  response: ServerResponse,
  { reply, envelope, pauses }: { reply: MessageReply; envelope: Envelope; pauses: Pauses | undefined },
): Promise<void> {
  const events = [...eventsOf(reply, envelope)];
  const { interruption } = reply;
  if (interruption === undefined) {
    await writeWhole(response, events.map(withPing).join(''), pauses);
    return;
  }
  const at = placeOf(events, interruption.at);
  response.write(events.slice(0, at).map(withPing).join(''));
  const event = events[at];
  if (event !== undefined) interrupt(response, interruption, { event, bytes: serialise(event), ...envelope });
}

/** Where a stream waits for a hook. */
export interface Pauses {
  /** Counted over the whole stream; more than there are means all but the last one. */
  readonly afterBytes: number | undefined;
  /** False when the connection is to be cut. */
  readonly reach: (phase: 'midstream' | 'after') => Promise<boolean>;
}

async function writeWhole(response: ServerResponse, stream: string, pauses: Pauses | undefined): Promise<void> {
  if (pauses === undefined) {
    response.end(stream);
    return;
  }
  const bytes = Buffer.from(stream);
  const middle = Math.min(pauses.afterBytes ?? Math.floor(bytes.length / 2), bytes.length - 1);
  await sent(response, bytes.subarray(0, middle));
  if (!(await pauses.reach('midstream'))) {
    response.socket?.resetAndDestroy();
    return;
  }
  await sent(response, bytes.subarray(middle));
  if (await pauses.reach('after')) response.end();
  else response.socket?.resetAndDestroy();
}

/** Resolves when the bytes have left, or can't any more because the caller is gone. */
async function sent(response: ServerResponse, bytes: Buffer): Promise<void> {
  await new Promise<void>((resolve) => {
    response.once('close', resolve);
    response.write(bytes, () => {
      response.off('close', resolve);
      resolve();
    });
  });
}

/** As the API does, a ping follows the first event of the content. */
function withPing(event: Event, index: number): string {
  return index === 1 ? `${serialise(event)}event: ping\ndata: {"type": "ping"}\n\n` : serialise(event);
}

/** The last event of the kind: later ones would be complete already. `headers` and `start` mean before anything else. */
function placeOf(events: readonly Event[], place: Place): number {
  const last = events.findLastIndex((event) => event.place === place);
  if (last < 0) throw new Error(`The reply can't be cut at "${place}": it has no such part.`);
  return last;
}

function interrupt(
  response: ServerResponse,
  interruption: Interruption,
  cut: { event: Event; bytes: string; requestId: string },
): void {
  const middle = middleOf(cut.event, cut.bytes);
  if (interruption.how === 'error') {
    const error = { type: interruption.errorType, message: interruption.errorMessage };
    response.end(`event: error\ndata: ${JSON.stringify({ type: 'error', error, request_id: cut.requestId })}\n\n`);
    return;
  }
  if (interruption.how === 'silence') {
    response.write(cut.bytes.slice(0, middle));
    return;
  }
  if (interruption.how === 'end') {
    response.end(cut.bytes.slice(0, middle));
    return;
  }
  response.write(cut.bytes.slice(0, middle), () => response.socket?.resetAndDestroy());
}

function middleOf(event: Event, bytes: string): number {
  if (event.within === undefined) return 0;
  const json = JSON.stringify(event.within);
  const start = bytes.lastIndexOf(json);
  return start + Math.ceil(json.length / 2);
}

function* eventsOf(reply: MessageReply, envelope: Envelope): Generator<Event> {
  const message = { ...startOf(envelope), content: [], stop_reason: null, stop_sequence: null, stop_details: null };
  yield { place: 'start', data: { type: 'message_start', message: { ...message, usage: usageOf(envelope, 1) } } };
  for (const [index, { block, id }] of numbered(reply.content, envelope).entries()) {
    yield* eventsOfBlock(block, { index, id, signature: envelope.signature });
    yield { place: 'start', data: { type: 'content_block_stop', index } };
  }
  const { stop_reason, stop_sequence, stop_details } = endOf(reply);
  const delta = { stop_reason, stop_sequence, stop_details, container: null };
  yield { place: 'stop', data: { type: 'message_delta', delta, usage: usageOf(envelope, envelope.outputTokens) } };
  yield { place: 'stop', data: { type: 'message_stop' } };
}

function* eventsOfBlock(block: Block, at: { index: number; id: string; signature: string }): Generator<Event> {
  const { index } = at;
  function delta(place: Place, value: Readonly<Record<string, unknown>>, within: string): Event {
    return { place, data: { type: 'content_block_delta', index, delta: value }, within };
  }
  const content_block = startedBlock(block, at.id);
  const opening = { data: { type: 'content_block_start', index, content_block } };
  if (block.type === 'text') {
    yield { place: 'start', ...opening };
    for (const text of pieces(block.text)) yield delta('text', { type: 'text_delta', text }, text);
  } else if (block.type === 'thinking') {
    yield { place: 'start', ...opening };
    for (const thinking of pieces(block.thinking))
      yield delta('thinking', { type: 'thinking_delta', thinking }, thinking);
    yield delta('start', { type: 'signature_delta', signature: at.signature }, at.signature);
  } else {
    yield { place: 'tool name', ...opening, within: block.name };
    yield delta('arguments', { type: 'input_json_delta', partial_json: '' }, '');
    for (const json of pieces(jsonOf(block)))
      yield delta('arguments', { type: 'input_json_delta', partial_json: json }, json);
  }
}

/** At least three pieces where there are three characters, never splitting one. */
function pieces(value: string): readonly string[] {
  const characters = Array.from(value);
  const size = Math.max(1, Math.min(40, Math.ceil(characters.length / 3)));
  return Array.from({ length: Math.ceil(characters.length / size) }, (_, at) =>
    characters.slice(at * size, (at + 1) * size).join(''),
  );
}

function serialise(event: Event): string {
  return `event: ${event.data.type}\ndata: ${JSON.stringify(event.data)}\n\n`;
}

function numbered(content: readonly Block[], envelope: Envelope): readonly { block: Block; id: string }[] {
  let used = 0;
  return content.map((block) => ({ block, id: block.type === 'tool_use' ? (envelope.toolUseIds[used++] ?? '') : '' }));
}

/** The input of a tool use as it goes over the wire. */
export function jsonOf(block: Extract<Block, { type: 'tool_use' }>): string {
  return block.json ?? JSON.stringify(block.input);
}

function startedBlock(block: Block, id: string): unknown {
  if (block.type === 'text') return { type: 'text', text: '', citations: null };
  if (block.type === 'thinking') return { type: 'thinking', thinking: '', signature: '' };
  return { type: 'tool_use', id, name: block.name, input: {}, caller: { type: 'direct' } };
}

function finishedBlock(block: Block, id: string, envelope: Envelope): unknown {
  if (block.type === 'text') return { type: 'text', text: block.text, citations: null };
  if (block.type === 'thinking') return { ...block, signature: envelope.signature };
  return {
    type: 'tool_use',
    id,
    name: block.name,
    input: JSON.parse(jsonOf(block)) as unknown,
    caller: { type: 'direct' },
  };
}

function startOf(envelope: Envelope): Readonly<Record<string, unknown>> {
  const { messageId: id, model } = envelope;
  return { id, type: 'message', role: 'assistant', model, container: null, diagnostics: null };
}

function endOf(reply: MessageReply): { stop_reason: string; stop_sequence: null; stop_details: unknown } {
  const hasToolUse = reply.content.some((block) => block.type === 'tool_use');
  const stop_reason = reply.stopReason ?? (hasToolUse ? 'tool_use' : 'end_turn');
  const refused = { type: 'refusal', category: reply.refusalCategory ?? null, explanation: null };
  return { stop_reason, stop_sequence: null, stop_details: stop_reason === 'refusal' ? refused : null };
}

function usageOf({ usage }: Envelope, outputTokens: number): unknown {
  return {
    input_tokens: usage.inputTokens,
    cache_creation_input_tokens: usage.cacheWriteTokens,
    cache_read_input_tokens: usage.cacheReadTokens,
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cacheWriteTokens - usage.cacheWriteHourTokens,
      ephemeral_1h_input_tokens: usage.cacheWriteHourTokens,
    },
    output_tokens: outputTokens,
    output_tokens_details: null,
    server_tool_use: null,
    service_tier: 'standard',
    inference_geo: null,
  };
}
