import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ModelError, createModel, retryPolicy } from '../../src/model/index.ts';
import { cut, errorAfter, fault, hang, reply, startModel, text, thinking, toolUse } from '../stand-ins/model/index.ts';
import type { Reply } from '../stand-ins/model/index.ts';
import { openDoor, question } from './ask.ts';

const answer = reply(thinking('Let me look.'), text('I look now.'), toolUse('Bash', { command: 'ls -la' }, 'toolu_1'));
const whole = [
  { type: 'thinking', thinking: 'Let me look.' },
  { type: 'text', text: 'I look now.' },
  { type: 'tool_use', id: 'toolu_1', input: { command: 'ls -la' } },
];

const tooLong = 'prompt is too long: 1000001 tokens > 1000000 maximum';
const invalid = 'invalid_request_error';

describe('a call that fails for a while is repeated', () => {
  it.each<[string, Reply, number]>([
    ['429 without retry-after', fault(429), 1000],
    ['429 with retry-after in seconds', fault(429, { retryAfter: 7 }), 7000],
    [
      '429 with retry-after as a date, counted from the answer’s own',
      fault(429, { retryAfter: 'Mon, 23 Nov 2026 14:00:30 GMT', headers: { date: 'Mon, 23 Nov 2026 14:00:00 GMT' } }),
      30_000,
    ],
    ['429 with a retry-after that has passed', fault(429, { retryAfter: 'Sun, 22 Nov 2020 14:00:30 GMT' }), 1000],
    ['429 with a retry-after of nothing', fault(429, { retryAfter: 0, retryAfterMs: 0 }), 1000],
    ['429 at the longest wait that is sat out', fault(429, { retryAfter: 120 }), 120_000],
    ['429 with retry-after in milliseconds', fault(429, { retryAfterMs: 250 }), 250],
    ['429 with a retry-after that makes no sense', fault(429, { retryAfter: 'soon' }), 1000],
    ['429 at a ramp limit', fault(429, { errorCode: 'ramp_limit_exceeded', retryAfter: 2 }), 2000],
    ['529', fault(529), 1000],
    ['529 with retry-after', fault(529, { retryAfter: 3 }), 3000],
    ['500', fault(500), 1000],
    ['502 of a proxy', fault(502), 1000],
    ['503', fault(503, { errorType: 'api_error' }), 1000],
    ['504', fault(504), 1000],
    ['a reset before the answer', cut(answer, 'headers'), 1000],
    ['a reset right at the start', cut(answer, 'start'), 1000],
    ['a reset in a thought', cut(answer, 'thinking'), 1000],
    ['a reset in a text', cut(answer, 'text'), 1000],
    ['a reset in a tool name', cut(answer, 'tool name'), 1000],
    ['a reset in arguments', cut(answer, 'arguments'), 1000],
    ['a reset before the stop', cut(answer, 'stop'), 1000],
    ['an early end in a text', cut(answer, 'text', 'end'), 1000],
    ['an early end in a tool name', cut(answer, 'tool name', 'end'), 1000],
    ['an early end in arguments', cut(answer, 'arguments', 'end'), 1000],
    ['an early end before the stop', cut(answer, 'stop', 'end'), 1000],
    ['an overload after the answer began', errorAfter(answer, 'text'), 1000],
    ['a server error after the answer began', errorAfter(answer, 'arguments', 'api_error', 'Internal'), 1000],
    ['a rate limit after the answer began', errorAfter(answer, 'text', 'rate_limit_error', 'Slow down'), 1000],
  ])('RL-30, RL-31, RL-32: %s', async (_, planted, delay) => {
    await using standIn = await startModel([planted, answer]);
    const { model, waits } = openDoor(standIn, { now: () => Date.parse('2026-11-23T12:00:00Z') });
    const said = await model.turn(question());
    expect(said.content).toMatchObject(whole);
    expect(said.content).toHaveLength(whole.length);
    expect(waits).toEqual([delay]);
    expect(standIn.requests.map((request) => request.delivery)).toEqual([1, 2]);
  });

  it.each<[string, Reply]>([
    ['never answers', hang()],
    ['falls silent in a text', hang(answer, 'text')],
    ['falls silent in arguments', hang(answer, 'arguments')],
  ])('RL-31: an answer that %s', async (_, planted) => {
    await using standIn = await startModel((request) => (request.number === 1 ? planted : answer));
    const { model } = openDoor(standIn, { timeouts: { answerMs: 300, silenceMs: 300, wholeMs: 60_000 } });
    expect((await model.turn(question())).content).toMatchObject(whole);
    expect(standIn.requests.length).toBeGreaterThan(1);
  });

  it('with longer and longer delays, until the attempts are used up', async () => {
    await using standIn = await startModel(() => fault(529));
    const { model, waits } = openDoor(standIn);
    await expect(model.turn(question())).rejects.toMatchObject({ code: 'model-unavailable', reason: 'overloaded' });
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000]);
    expect(standIn.requests).toHaveLength(retryPolicy.attempts);
  });

  it('with delays that differ from job to job, but never shorter than the API asks for', async () => {
    await using standIn = await startModel([fault(529), fault(429, { retryAfter: 10 }), text('ok')]);
    const { model, waits } = openDoor(standIn, { random: () => 1 });
    await model.turn(question());
    expect(waits).toEqual([750, 10_250]);
  });

  it('until its signal says stop, also while it waits', async () => {
    await using standIn = await startModel(() => fault(529));
    const stop = new AbortController();
    const { model } = openDoor(standIn, {
      wait: async (_, signal) => {
        stop.abort();
        signal.throwIfAborted();
      },
    });
    await expect(model.turn(question({ signal: stop.signal }))).rejects.toMatchObject({ code: 'aborted' });
    expect(standIn.requests).toHaveLength(1);
  });

  it('and really waits when nothing else is given', async () => {
    await using standIn = await startModel([fault(429, { retryAfterMs: 1 }), text('ok')]);
    const model = createModel({ apiKey: standIn.apiKey, baseUrl: standIn.url });
    expect((await model.turn(question())).content).toMatchObject([{ text: 'ok' }]);
  });
});

describe('a call that fails for good is not repeated', () => {
  it.each<[string, Reply, string, string]>([
    ['429 with a wait of an hour', fault(429, { retryAfter: 3600 }), 'model-unavailable', 'rate-limited'],
    ['529 that says not to', fault(529, { headers: { 'x-should-retry': 'false' } }), 'model-unavailable', 'overloaded'],
    ['400', fault(400), 'model-rejected', 'invalid'],
    ['401', fault(401), 'model-rejected', 'key'],
    ['403', fault(403), 'model-rejected', 'key'],
    ['404', fault(404), 'model-rejected', 'not-found'],
    ['413', fault(413), 'model-rejected', 'too-large'],
    ['a prompt that is too long', fault(400, { message: tooLong }), 'model-rejected', 'too-large'],
    ['a prompt too long by its code', fault(400, { errorCode: 'prompt_too_long' }), 'model-rejected', 'too-large'],
    ['a prompt found too long late', errorAfter(answer, 'start', invalid, tooLong), 'model-rejected', 'too-large'],
    ['words that say nothing of the status', fault(403, { message: tooLong }), 'model-rejected', 'key'],
    ['418', fault(418, { errorType: 'teapot_error' }), 'model-rejected', 'invalid'],
    [
      'an invalid request after the answer began',
      errorAfter(answer, 'text', invalid, 'no'),
      'model-rejected',
      'invalid',
    ],
  ])('%s', async (_, planted, code, reason) => {
    await using standIn = await startModel([planted]);
    const { model, waits } = openDoor(standIn);
    const error: unknown = await model.turn(question()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ModelError);
    expect(error).toMatchObject({ name: 'BotError', code, reason, cause: expect.anything() as unknown });
    expect(waits).toEqual([]);
    expect(standIn.requests).toHaveLength(1);
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(standIn.apiKey);
  });

  it('nor is a wrong key, and the error says which setting is wrong', async () => {
    await using standIn = await startModel([text('never')]);
    const { model, waits } = openDoor(standIn, { apiKey: 'sk-ant-wrong' });
    const error: unknown = await model.turn(question()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'model-rejected', reason: 'key' });
    expect(String(error)).toContain('ANTHROPIC_API_KEY');
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('sk-ant-wrong');
    expect(waits).toEqual([]);
  });
});
