import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  brokenToolUse,
  empty,
  hang,
  paused,
  refusal,
  reply,
  startModel,
  stopped,
  text,
  thinking,
  toolUse,
  truncatedToolUse,
} from '../stand-ins/model/index.ts';
import type { MessageReply } from '../stand-ins/model/index.ts';
import { ask, openDoor, question } from './ask.ts';

describe('a turn', () => {
  it('returns every block whole, with the stop reason and the model that answered', async () => {
    const said = reply(thinking('Let me see.'), text('I look. 👀'), toolUse('Bash', { command: 'ls' }, 'toolu_1'));
    await using standIn = await startModel([said]);
    const answer = await ask(standIn);
    expect(answer).toMatchObject({ stopReason: 'tool_use', model: 'claude-opus-5-5' });
    expect(answer.content).toMatchObject([
      { type: 'thinking', thinking: 'Let me see.' },
      { type: 'text', text: 'I look. 👀' },
      { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: { command: 'ls' } },
    ]);
  });

  it.each<[string, MessageReply, number]>([
    ['end_turn', text('Done.'), 1],
    ['end_turn', empty(), 0],
    ['max_tokens', stopped('max_tokens', text('and th')), 1],
    ['refusal', refusal('cyber', text('I')), 1],
    ['refusal', refusal(), 0],
    ['pause_turn', paused(text('Wait.')), 1],
    ['model_context_window_exceeded', stopped('model_context_window_exceeded', text('and')), 1],
  ])('passes the stop reason %s through', async (stopReason, said, blocks) => {
    await using standIn = await startModel([said]);
    const answer = await ask(standIn);
    expect(answer.stopReason).toBe(stopReason);
    expect(answer.content).toHaveLength(blocks);
  });

  it('goes on with a paused turn that is sent back as it came', async () => {
    await using standIn = await startModel([paused(thinking('Hm.'), text('Wait.')), text('Done.')]);
    const { model } = openDoor(standIn);
    const first = await model.turn(question());
    const messages = [...question().messages, { role: 'assistant' as const, content: [...first.content] }];
    const second = await model.turn(question({ messages }));
    expect(second.content).toMatchObject([{ text: 'Done.' }]);
    expect(standIn.refusals).toEqual([]);
  });

  it('sends no field that the API refuses, and says who we are', async () => {
    await using standIn = await startModel([text('Hi.')]);
    await ask(standIn);
    expect(standIn.refusals).toEqual([]);
    expect(standIn.requests[0]?.headers).toMatchObject({
      'user-agent': 'backend-developer',
      'x-stainless-retry-count': '0',
    });
  });

  it('is stopped by its signal while the answer streams, and leaves nothing listening', async () => {
    await using standIn = await startModel((request) => (request.number < 3 ? text('ok') : hang(text('and then it'))));
    const { model, waits } = openDoor(standIn);
    const stop = new AbortController();
    await model.turn(question({ signal: stop.signal }));
    await model.turn(question({ signal: stop.signal }));
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
    const answer = model.turn(question({ signal: stop.signal }));
    await standIn.received(3);
    stop.abort();
    await expect(answer).rejects.toMatchObject({ name: 'BotError', code: 'aborted' });
    expect(waits).toEqual([]);
  });

  it('asks nothing when it is stopped before it begins', async () => {
    await using standIn = await startModel([text('never')]);
    await expect(ask(standIn, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
    expect(standIn.requests).toEqual([]);
  });

  it('does not repeat a request that could not even be built', async () => {
    await using standIn = await startModel([text('never')]);
    const { model, waits } = openDoor(standIn);
    const input = { count: 1n };
    const messages = [
      { role: 'assistant' as const, content: [{ type: 'tool_use' as const, id: 'a', name: 'Bash', input }] },
    ];
    await expect(model.turn(question({ messages }))).rejects.toMatchObject({ code: 'bug' });
    expect(waits).toEqual([]);
  });
});

describe('the cost of a turn', () => {
  it.each([
    ['claude-opus-5-5', 5, 25],
    ['claude-sonnet-5-5', 3, 15],
    ['claude-haiku-5-5', 1, 5],
  ])(
    'of %s is $%d a million tokens in, $%d out, more for writing the cache and a tenth for reading it',
    async (id, input, output) => {
      await using standIn = await startModel(() => text('x'.repeat(400)));
      const { model } = openDoor(standIn);
      const system = 'x'.repeat(8000);
      const first = await model.turn(question({ model: id, system }));
      const second = await model.turn(question({ model: id, system, messages: [{ role: 'user', content: 'More' }] }));
      expect(first.usage.cacheWriteTokens).toBeGreaterThan(2000);
      expect(second.usage.cacheReadTokens).toBeGreaterThan(2000);
      for (const { usage } of [first, second]) {
        const tokensIn = usage.inputTokens + 1.25 * usage.cacheWriteTokens + 0.1 * usage.cacheReadTokens;
        expect(usage.usd).toBeCloseTo((tokensIn * input + usage.outputTokens * output) / 1e6, 12);
      }
      expect(first.usage.outputTokens).toBe(100);
    },
  );
});

describe('a tool use whose arguments are not one whole JSON object', () => {
  it.each<[string, MessageReply, string]>([
    ['cut in a string', truncatedToolUse('Write', '{"file_path": "a", "content": "hel'), 'max_tokens'],
    ['cut after a field', truncatedToolUse('Write', '{"file_path": "a"'), 'max_tokens'],
    ['cut in a name', truncatedToolUse('Write', '{"file_path": "a", "cont'), 'max_tokens'],
    ['cut before anything', truncatedToolUse('Write', ''), 'max_tokens'],
    ['malformed', brokenToolUse('Write', '{"file_path": "a",, }'), 'tool_use'],
    ['followed by more', brokenToolUse('Write', '{"file_path": "a"} and'), 'tool_use'],
    ['no JSON at all', brokenToolUse('Write', 'file_path=a'), 'tool_use'],
    ['a list', brokenToolUse('Write', '["a"]'), 'tool_use'],
    ['null', brokenToolUse('Write', 'null'), 'tool_use'],
  ])('%s comes without input, beside the whole ones', async (_, broken, stopReason) => {
    const said = { ...reply(text('Two.'), toolUse('Read', { file_path: 'b' }), broken), ...stopOf(broken) };
    await using standIn = await startModel([said]);
    const answer = await ask(standIn);
    expect(answer.stopReason).toBe(stopReason);
    expect(answer.content).toMatchObject([
      { type: 'text', text: 'Two.' },
      { type: 'tool_use', name: 'Read', input: { file_path: 'b' } },
      { type: 'tool_use', name: 'Write', input: undefined },
    ]);
    expect(answer.usage.usd).toBeGreaterThan(0);
    expect(standIn.requests).toHaveLength(1);
  });

  it('never turns into other arguments, wherever it is cut', async () => {
    const whole = { file_path: 'a "b" \\ ü\u{1f44b}', content: 'x\ny', n: [1.5e3, true, null], o: { k: '' } };
    const json = JSON.stringify(whole);
    await using standIn = await startModel((request) =>
      truncatedToolUse('Write', json.slice(0, Number(request.lastText))),
    );
    const { model } = openDoor(standIn);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: json.length }), async (length) => {
        const answer = await model.turn(question({ messages: [{ role: 'user', content: String(length) }] }));
        expect(answer.content).toMatchObject([{ input: length === json.length ? whole : undefined }]);
      }),
      { numRuns: 60 },
    );
  });

  it('without arguments is an empty object when the answer is complete', async () => {
    await using standIn = await startModel([brokenToolUse('Status', '')]);
    expect((await ask(standIn)).content).toMatchObject([{ name: 'Status', input: {} }]);
  });

  it('can be sent back, also after a trip through JSON, with the same bytes', async () => {
    await using standIn = await startModel([truncatedToolUse('Write', '{"a'), text('Again.'), text('Again.')]);
    const { model } = openDoor(standIn);
    const first = await model.turn(question());
    const use = first.content.find((block) => block.type === 'tool_use');
    const results = [{ type: 'tool_result' as const, tool_use_id: use?.id ?? '', content: 'cut off', is_error: true }];
    for (const content of [first.content, JSON.parse(JSON.stringify(first.content)) as typeof first.content]) {
      const answer = { role: 'assistant' as const, content: [...content] };
      await model.turn(question({ messages: [...question().messages, answer, { role: 'user', content: results }] }));
    }
    expect(standIn.refusals).toEqual([]);
    expect(standIn.requests.map((request) => request.delivery)).toEqual([1, 1, 2]);
  });
});

function stopOf(said: MessageReply): Partial<MessageReply> {
  return said.stopReason === undefined ? {} : { stopReason: said.stopReason };
}
