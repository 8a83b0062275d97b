import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from 'vitest';
import {
  brokenToolUse,
  cut,
  errorAfter,
  fault,
  paused,
  refusal,
  reply,
  startModel,
  stopped,
  text,
  thinking,
  toolUse,
  truncatedToolUse,
} from './model/index.ts';
import { plain, post, user } from './model/wire.ts';
import type { ModelStandIn, Script } from './model/index.ts';

describe('the stand-in answers as the API does', () => {
  it('streams every event in order, with usage at both ends', async () => {
    await using model = await startModel([
      reply(thinking('let me see'), text('I look.'), toolUse('Bash', { command: 'ls' })),
    ]);
    const response = await post(model, { ...plain, stream: true });
    const events = (await response.text()).split('\n\n').filter((event) => event !== '');
    const names = events.map((event) => /^event: (\w+)\ndata: /.exec(event)?.[1]);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(names.filter((name, at) => name !== names[at - 1])).toEqual([
      'message_start',
      'content_block_start',
      'ping',
      'content_block_delta',
      'content_block_stop',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
    expect(events.filter((event) => event.includes('input_json_delta')).length).toBeGreaterThan(2);
    expect(events[0]).toMatch(/"usage":\{"input_tokens":\d+.*"output_tokens":1,/);
    expect(events.at(-2)).toMatch(/"stop_reason":"tool_use".*"output_tokens":\d+/);
  });

  it.each<[string, Script, Partial<Anthropic.Message>]>([
    [
      'a text',
      [text('Grüße 👋')],
      { stop_reason: 'end_turn', content: [{ type: 'text', text: 'Grüße 👋', citations: null }] },
    ],
    [
      'a tool use',
      [toolUse('Bash', { a: [1, { b: 'ü' }] }, 'toolu_1')],
      {
        stop_reason: 'tool_use',
        content: [
          { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: { a: [1, { b: 'ü' }] }, caller: { type: 'direct' } },
        ],
      },
    ],
    [
      'a refusal',
      [refusal('cyber')],
      { stop_reason: 'refusal', content: [], stop_details: { type: 'refusal', category: 'cyber', explanation: null } },
    ],
    [
      'a full context',
      [stopped('model_context_window_exceeded', text('and so'))],
      { stop_reason: 'model_context_window_exceeded' },
    ],
    ['a paused turn', [paused(text('wait'))], { stop_reason: 'pause_turn' }],
  ])('the official client reads %s, streamed or not', async (_, script, expected) => {
    for (const read of [streamed, whole]) {
      await using model = await startModel(script);
      expect(await read(model)).toMatchObject(expected);
    }
  });

  it('takes back a paused turn and thinking that stayed where it was', async () => {
    await using model = await startModel([paused(thinking('hm'), text('wait')), text('done')]);
    const first = await whole(model);
    const response = await post(model, { ...plain, messages: [user, { role: 'assistant', content: first.content }] });
    expect(response.status).toBe(200);
    const moved = { ...plain, system: 'new', messages: [user, { role: 'assistant', content: first.content }] };
    expect((await post(model, moved)).status).toBe(400);
  });

  it.each([
    [429, 'rate_limit_error', fault(429, { retryAfter: 3 })],
    [429, 'rate_limit_error', fault(429, { errorCode: 'enforced_spend_limit_reached' })],
    [529, 'overloaded_error', fault(529)],
    [500, 'api_error', fault(500)],
  ])('plants the status %i as %s', async (status, type, planted) => {
    await using model = await startModel([planted]);
    const response = await post(model, plain);
    expect(response.status).toBe(status);
    expect(Object.fromEntries(response.headers)).toMatchObject(planted.headers);
    expect(response.headers.get('anthropic-ratelimit-requests-limit')).not.toBeNull();
    expect(await response.json()).toMatchObject({ type: 'error', error: { type } });
    expect(model.refusals).toEqual([]);
  });

  it.each([
    ['reset in a text', cut(text('a longer text'), 'text')],
    ['reset in a tool name', cut(toolUse('Bash', {}), 'tool name')],
    ['reset in arguments', cut(toolUse('Bash', { command: 'ls -la' }), 'arguments')],
    ['ended before the stop', cut(text('a longer text'), 'stop', 'end')],
    ['an error event', errorAfter(text('a longer text'), 'text')],
    ['arguments that are not JSON', brokenToolUse('Bash', '{"a": nonsense}')],
  ])('the official client gives up on %s', async (_, planted) => {
    await using model = await startModel([planted]);
    await expect(streamed(model)).rejects.toThrow(Anthropic.AnthropicError);
  });

  it('hands the official client half of truncated arguments, which is why our door checks them', async () => {
    await using model = await startModel([truncatedToolUse('Write', '{"file_path": "a", "content": "hel')]);
    expect((await streamed(model)).content).toMatchObject([{ input: { file_path: 'a' } }]);
  });

  it('lists models with their lifecycle, retired ones only when asked', async () => {
    await using model = await startModel([]);
    const client = new Anthropic({ apiKey: model.apiKey, baseURL: model.url });
    const usual = await client.models.list();
    const retired = await client.models.list({ lifecycle: ['retired'] });
    expect(usual.data.map((one) => one.lifecycle)).not.toContain('retired');
    expect(retired.data).toMatchObject([{ id: 'claude-sonnet-4-20250514', lifecycle: 'retired', line: 'sonnet' }]);
    const ids: string[] = [];
    for await (const one of client.models.list({ limit: 2 })) ids.push(one.id);
    expect(ids).toEqual(usual.data.map((one) => one.id));
  });
});

function clientOf(model: ModelStandIn): Anthropic {
  return new Anthropic({ apiKey: model.apiKey, baseURL: model.url, maxRetries: 0 });
}

const question = { model: 'claude-opus-5-5', max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hello' }] };

async function streamed(model: ModelStandIn): Promise<Anthropic.Message> {
  return clientOf(model).messages.stream(question).finalMessage();
}

async function whole(model: ModelStandIn): Promise<Anthropic.Message> {
  return clientOf(model).messages.create(question);
}
