import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createInterception } from '../intercept.ts';
import type { Hook } from '../intercept.ts';
import { countPrompt, createPromptCache } from './cache.ts';
import type { RequestUsage } from './cache.ts';
import { listModels, modelCatalogue } from './models.ts';
import type { ModelEntry } from './models.ts';
import { misplacedThinking, thinkingSignatures, watchPrefixes } from './prefix.ts';
import { fault } from './reply.ts';
import type { Block, Fault, MessageReply, Reply, Script } from './reply.ts';
import { blocksOf, textOf } from './request.ts';
import { commonHeaders, refuse, requestId, send } from './send.ts';
import type { ModelRequest, RequestBody } from './request.ts';
import { jsonOf, renderMessage, writeStream } from './stream.ts';
import type { Envelope } from './stream.ts';
import { readBody } from './validate.ts';

export interface ModelOptions {
  /** The only key that is let in; made up unless given. */
  readonly apiKey?: string;
  /** Milliseconds; decides when cache entries expire. */
  readonly now?: () => number;
  readonly models?: readonly ModelEntry[];
  /** How `GET /v1/models` fails, if it does. */
  readonly modelsFault?: Fault;
}

/** A request that was answered with an error, whether it was the client's fault or planted. */
export interface Refusal {
  readonly status: number;
  readonly type: string;
  readonly message: string;
}

export interface ModelStandIn extends AsyncDisposable {
  /** Base URL for the client, without a path. */
  readonly url: string;
  readonly apiKey: string;
  /** Valid requests in order of arrival, those answered with a fault included. */
  readonly requests: readonly ModelRequest[];
  /** Tokens of all answers, as they were billed. */
  readonly usage: RequestUsage & { readonly outputTokens: number };
  /** Tokens of each answered request. */
  readonly usages: readonly (RequestUsage & { readonly outputTokens: number })[];
  /** Requests that the API would have refused, with the reason: a mistake of the client, never planted. */
  readonly refusals: readonly Refusal[];
  /** Requests whose system prompt, tools or earlier messages differ from earlier ones of the same conversation. */
  readonly prefixChanges: number;
  /** How often the list of models was asked for. */
  readonly listings: number;
  /**
   * Awaited for every valid request: before the answer starts; in the middle of a streamed answer (half of its bytes, or
   * `afterBytes`, have been sent); and when all has been sent but the answer has not ended, so that the client can't take it for
   * whole yet. A hook that throws `cutConnection` cuts the connection. Returns a function that ends it.
   */
  intercept(hook: Hook<ModelRequest, ModelPhase>, options?: { readonly afterBytes?: number }): () => void;
  /** Resolves when that many valid requests have arrived. */
  received(count: number): Promise<void>;
}

export type ModelPhase = 'before' | 'midstream' | 'after';

const largestBody = 32 * 1024 * 1024;
const version = '2026-10-21';

/** Starts the API on a free loopback port. Disposing of it closes every connection, hanging ones too. */
export async function startModel(script: Script, options: ModelOptions = {}): Promise<ModelStandIn> {
  const state = createState(options);
  const server = createServer((request, response) => {
    void answer(request, response, { script, state }).catch((error: unknown) => {
      if (!response.headersSent) refuse(response, fault(500, { message: String(error) }));
      else response.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The stand-in has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    apiKey: state.apiKey,
    requests: state.requests,
    usages: state.usages,
    refusals: state.refusals,
    get usage() {
      return state.usages.reduce(addUsage, noUsage);
    },
    get prefixChanges() {
      return state.prefixChanges;
    },
    get listings() {
      return state.listings;
    },
    intercept(hook, { afterBytes } = {}) {
      state.afterBytes = afterBytes;
      return state.hooks.add(hook);
    },
    async received(count) {
      while (state.requests.length < count) await new Promise<void>((resolve) => state.waiting.push(resolve));
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

type State = ReturnType<typeof createState>;
type Billed = RequestUsage & { readonly outputTokens: number };

function createState(options: ModelOptions) {
  return {
    apiKey: options.apiKey ?? `sk-ant-stand-in-${randomBytes(12).toString('hex')}`,
    models: options.models ?? modelCatalogue,
    modelsFault: options.modelsFault,
    cache: createPromptCache(options.now ?? Date.now),
    prefixes: watchPrefixes(),
    requests: [] as ModelRequest[],
    usages: [] as Billed[],
    refusals: [] as Refusal[],
    deliveries: new Map<string, number>(),
    waiting: [] as (() => void)[],
    hooks: createInterception<ModelRequest, ModelPhase>(),
    afterBytes: undefined as number | undefined,
    /** What paused turns said, to know them again. */
    paused: new Set<string>(),
    prefixChanges: 0,
    listings: 0,
    toolUses: 0,
  };
}

const noUsage: Billed = {
  inputTokens: 0,
  cacheWriteTokens: 0,
  cacheReadTokens: 0,
  cacheWriteHourTokens: 0,
  outputTokens: 0,
};

function addUsage(sum: Billed, one: Billed): Billed {
  return {
    inputTokens: sum.inputTokens + one.inputTokens,
    cacheWriteTokens: sum.cacheWriteTokens + one.cacheWriteTokens,
    cacheReadTokens: sum.cacheReadTokens + one.cacheReadTokens,
    cacheWriteHourTokens: sum.cacheWriteHourTokens + one.cacheWriteHourTokens,
    outputTokens: sum.outputTokens + one.outputTokens,
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { script, state }: { script: Script; state: State },
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://stand-in');
  const bytes = await readAll(request);
  const wrong = wrongWithCall(request, url, state);
  if (wrong !== undefined) {
    refuseMistake(response, wrong, state);
  } else if (url.pathname === '/v1/models') {
    state.listings += 1;
    if (state.modelsFault === undefined) send(response, 200, listModels(state.models, url.searchParams));
    else refuse(response, state.modelsFault);
  } else if (bytes === undefined) {
    refuseMistake(response, fault(413), state);
  } else {
    await answerMessages(request, response, { script, state, bytes });
  }
}

/** The whole body, or undefined when it is too large; it is read to the end either way, so that the client hears the answer. */
async function readAll(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= largestBody) chunks.push(chunk);
  }
  return size <= largestBody ? Buffer.concat(chunks) : undefined;
}

function wrongWithCall(request: IncomingMessage, url: URL, state: State): Fault | undefined {
  const endpoints: Readonly<Record<string, string>> = { '/v1/messages': 'POST', '/v1/models': 'GET' };
  const method = endpoints[url.pathname];
  if (method === undefined) return fault(404);
  if (request.method !== method)
    return fault(405, { errorType: 'invalid_request_error', message: 'Method Not Allowed' });
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  if ((bearer ?? request.headers['x-api-key']) !== state.apiKey) return fault(401);
  if (request.headers['anthropic-version'] === undefined)
    return fault(400, { message: 'anthropic-version: header is required' });
  if (request.headers['anthropic-version'] !== version)
    return fault(400, { message: `anthropic-version: this stand-in speaks ${version} only` });
  return undefined;
}

async function answerMessages(
  request: IncomingMessage,
  response: ServerResponse,
  { script, state, bytes }: { script: Script; state: State; bytes: Buffer },
): Promise<void> {
  const read = readRequest(bytes, state);
  if ('wrong' in read) {
    refuseMistake(response, read.wrong, state);
    return;
  }
  const recorded = record(request, bytes, read.body, state);
  if (!(await state.hooks.reach(recorded, 'before'))) {
    response.destroy();
    return;
  }
  const said = await replyOf(script, recorded);
  if (said.type === 'fault') await refuseAsTold(response, said, { recorded, state });
  else if (said.type === 'message') await sendMessage(response, { said, recorded, state });
}

async function refuseAsTold(
  response: ServerResponse,
  said: Fault,
  { recorded, state }: { recorded: ModelRequest; state: State },
): Promise<void> {
  if (await state.hooks.reach(recorded, 'after')) refuse(response, said);
  else response.destroy();
}

function readRequest(bytes: Buffer, state: State): { body: RequestBody } | { wrong: Fault } {
  const json = parse(bytes);
  if (json === undefined) return { wrong: fault(400, { message: 'The request body is not valid JSON' }) };
  const read = readBody(json);
  if ('wrong' in read) return { wrong: fault(400, { message: read.wrong }) };
  const { body } = read;
  const model = state.models.find((one) => one.id === body.model);
  if (model === undefined || model.lifecycle === 'retired')
    return { wrong: fault(404, { message: `model: ${body.model}` }) };
  const tooMuch = beyondModel(body, model) ?? misplacedThinking(body) ?? prefilled(body, state);
  return tooMuch === undefined ? { body } : { wrong: fault(400, { message: tooMuch }) };
}

/** Answers of the model come back unchanged and are followed by a user message, except a turn the API paused. */
function prefilled(body: RequestBody, state: State): string | undefined {
  const last = body.messages.at(-1);
  if (last?.role !== 'assistant' || state.paused.has(gist(last.content))) return undefined;
  return 'This model does not support assistant message prefill. The conversation must end with a user message.';
}

function gist(content: RequestBody['messages'][number]['content']): string {
  return JSON.stringify(blocksOf(content).map((block) => [block.type, 'text' in block ? block.text : '']));
}

function beyondModel(body: RequestBody, model: ModelEntry): string | undefined {
  if (body.max_tokens > model.maxTokens)
    return `max_tokens: ${body.max_tokens} > ${model.maxTokens}, which is the maximum allowed number of output tokens for ${model.id}`;
  const tokens = countPrompt(body);
  return tokens > model.maxInputTokens
    ? `prompt is too long: ${tokens} tokens > ${model.maxInputTokens} maximum`
    : undefined;
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

function record(request: IncomingMessage, bytes: Buffer, body: RequestBody, state: State): ModelRequest {
  if (state.prefixes.changed(body)) state.prefixChanges += 1;
  const hash = createHash('sha256').update(bytes).digest('hex');
  const delivery = (state.deliveries.get(hash) ?? 0) + 1;
  state.deliveries.set(hash, delivery);
  const recorded: ModelRequest = {
    number: state.requests.length + 1,
    turn: body.messages.filter((message) => message.role === 'assistant').length + 1,
    delivery,
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
    body,
    bytes: bytes.length,
    lastText: textOf(body.messages.at(-1)),
  };
  state.requests.push(recorded);
  for (const resolve of state.waiting.splice(0)) resolve();
  return recorded;
}

async function replyOf(script: Script, request: ModelRequest): Promise<Reply> {
  if (typeof script === 'function') return script(request, request.turn);
  const said = script[request.number - 1];
  return said ?? fault(400, { message: `The script has no reply for request ${request.number}.` });
}

async function sendMessage(
  response: ServerResponse,
  { said, recorded, state }: { said: MessageReply; recorded: ModelRequest; state: State },
): Promise<void> {
  const { body } = recorded;
  const usage = state.cache.account(body);
  const toolUseIds = said.content.flatMap((block) => (block.type === 'tool_use' ? [block.id ?? newId(state)] : []));
  state.prefixes.issued(body, toolUseIds);
  if (said.stopReason === 'pause_turn')
    state.paused.add(JSON.stringify(said.content.map((block) => [block.type, 'text' in block ? block.text : ''])));
  const outputTokens = countOutput(said);
  const envelope = {
    messageId: `msg_${randomBytes(12).toString('hex')}`,
    requestId: requestId(),
    model: body.model,
    usage,
    outputTokens,
    signature: thinkingSignatures(body).at(-1) ?? '',
    toolUseIds,
  };
  const headers = { ...commonHeaders(envelope.requestId) };
  if (said.interruption?.at === 'headers') {
    if (said.interruption.how !== 'silence') response.socket?.resetAndDestroy();
    return;
  }
  if (said.interruption === undefined) state.usages.push({ ...usage, outputTokens });
  if (body.stream !== true) {
    if (!(await state.hooks.reach(recorded, 'after'))) response.destroy();
    else send(response, 200, renderMessage(said, envelope), headers);
    return;
  }
  await streamMessage(response, { said, recorded, state, envelope, headers });
}

interface Answered {
  readonly said: MessageReply;
  readonly recorded: ModelRequest;
  readonly state: State;
  readonly envelope: Envelope;
  readonly headers: Readonly<Record<string, string>>;
}

async function streamMessage(response: ServerResponse, answered: Answered): Promise<void> {
  const { said, recorded, state, envelope, headers } = answered;
  response.writeHead(200, {
    ...headers,
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
  });
  const reach = (phase: 'midstream' | 'after') => state.hooks.reach(recorded, phase);
  const pauses = state.hooks.isOn() ? { afterBytes: state.afterBytes, reach } : undefined;
  await writeStream(response, { reply: said, envelope, pauses });
}

function countOutput({ content }: MessageReply): number {
  return Math.max(1, Math.ceil(content.reduce((sum, block) => sum + sizeOf(block), 0) / 4));
}

function newId(state: State): string {
  state.toolUses += 1;
  return `toolu_${String(state.toolUses).padStart(4, '0')}${randomBytes(8).toString('hex')}`;
}

function sizeOf(block: Block): number {
  if (block.type === 'text') return Buffer.byteLength(block.text);
  if (block.type === 'thinking') return Buffer.byteLength(block.thinking);
  return Buffer.byteLength(block.name) + Buffer.byteLength(jsonOf(block));
}

function refuseMistake(response: ServerResponse, wrong: Fault, state: State): void {
  state.refusals.push({ status: wrong.status, type: wrong.errorType, message: wrong.message });
  refuse(response, wrong);
}
