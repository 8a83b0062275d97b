import { describe, expect, it } from 'vitest';
import { startModel, text } from './index.ts';
import { plain, post, user } from './wire.ts';

const bash = { name: 'Bash', description: 'Runs a command', input_schema: { type: 'object', properties: {} } };
const asks = {
  role: 'assistant',
  content: [
    { type: 'tool_use', id: 'toolu_a', name: 'Bash', input: {} },
    { type: 'tool_use', id: 'toolu_b', name: 'Bash', input: {} },
  ],
};

function result(id: string, more: object = {}): object {
  return { type: 'tool_result', tool_use_id: id, content: 'done', ...more };
}

function says(...content: readonly object[]): object {
  return { role: 'user', content };
}

function conversation(...messages: readonly object[]): object {
  return { ...plain, tools: [bash], messages: [user, ...messages] };
}

const marked = { type: 'text', text: 'x', cache_control: { type: 'ephemeral' } };

describe('the stand-in refuses what the API refuses', () => {
  it.each<[string, unknown, RegExp]>([
    ['a body that is not JSON', '{"model":', /not valid JSON/],
    ['no model', { ...plain, model: undefined }, /^model: Field required/],
    ['no max_tokens', { ...plain, max_tokens: undefined }, /^max_tokens: Field required/],
    ['max_tokens of zero', { ...plain, max_tokens: 0 }, /^max_tokens: Input should be gr/],
    ['max_tokens beyond the model', { ...plain, max_tokens: 128_001 }, /128001 > 128000/],
    ['temperature', { ...plain, temperature: 0 }, /^temperature: Extra inputs/],
    ['top_p', { ...plain, top_p: 1 }, /^top_p: Extra inputs are not permitted/],
    ['top_k', { ...plain, top_k: 5 }, /^top_k: Extra inputs are not permitted/],
    ['an unknown field', { ...plain, seed: 1 }, /^seed: Extra inputs are not permitted/],
    ['an unknown field inside', { ...plain, messages: [{ ...user, name: 'x' }] }, /^messages\.0\.name: Extra/],
    ['no messages', { ...plain, messages: [] }, /^messages:/],
    [
      'an assistant first',
      { ...plain, messages: [{ role: 'assistant', content: 'x' }] },
      /first message must use the "user" role/,
    ],
    ['an unknown role', { ...plain, messages: [{ role: 'tool', content: 'x' }] }, /^messages\.0\.role:/],
    ['an unknown block', { ...plain, messages: [says({ type: 'video' })] }, /^messages\.0\.content/],
    [
      'a text block without text',
      { ...plain, messages: [says({ type: 'text' })] },
      /^messages\.0\.content\.0\.text: Field required/,
    ],
    ['a blank text', { ...plain, messages: [says({ type: 'text', text: ' \n' })] }, /non-whitespace/],
    ['a blank string', { ...plain, messages: [{ role: 'user', content: '' }] }, /non-whitespace/],
    ['a blank system block', { ...plain, system: [{ type: 'text', text: '' }] }, /^system\.0/],
    [
      'an empty earlier answer',
      { ...plain, messages: [user, { role: 'assistant', content: [] }, user] },
      /non-empty content/,
    ],
    ['a prefilled answer', { ...plain, messages: [user, { role: 'assistant', content: 'Sure' }] }, /prefill/],
    [
      'a tool result in an answer',
      conversation({ role: 'assistant', content: [result('toolu_a')] }, user),
      /not allowed in assistant messages/,
    ],
    [
      'an image in an answer',
      conversation({ role: 'assistant', content: [{ type: 'image', source: { type: 'base64' } }] }, user),
      /`image` blocks are not allowed/,
    ],
    ['a tool use by the user', conversation(says(asks.content[0] ?? {})), /not allowed in user messages/],
    [
      'a tool use without input',
      conversation({ role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'Bash' }] }, says(result('a'))),
      /input: Field required/,
    ],
    [
      'a tool use with a list as input',
      conversation(
        { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'Bash', input: [] }] },
        says(result('a')),
      ),
      /input:/,
    ],
    [
      'an unanswered tool use',
      conversation(asks, says(result('toolu_a'))),
      /without `tool_result` blocks immediately after: toolu_b/,
    ],
    ['no message after a tool use', conversation(asks), /without `tool_result`/],
    [
      'a result after a text',
      conversation(asks, says(result('toolu_a'), { type: 'text', text: 'and' }, result('toolu_b'))),
      /without `tool_result`.*toolu_b/,
    ],
    [
      'two results of one use',
      conversation(asks, says(result('toolu_a'), result('toolu_b'), result('toolu_b'))),
      /single result/,
    ],
    ['a result nobody asked for', conversation(says(result('toolu_z'))), /unexpected `tool_use_id`.*toolu_z/],
    [
      'a result answered one message late',
      conversation(asks, says(result('toolu_a'), result('toolu_b')), says(result('toolu_a'))),
      /unexpected/,
    ],
    [
      'one id used twice',
      conversation(asks, says(result('toolu_a'), result('toolu_b')), asks, says(result('toolu_a'), result('toolu_b'))),
      /ids must be unique/,
    ],
    [
      'an error result that says nothing',
      conversation(asks, says(result('toolu_a', { content: '', is_error: true }), result('toolu_b'))),
      /`is_error`/,
    ],
    [
      'a tool name with a space',
      { ...plain, tools: [{ ...bash, name: 'a b' }] },
      /^tools\.0\.name: String should match/,
    ],
    ['two tools of one name', { ...plain, tools: [bash, bash] }, /Tool names must be unique/],
    [
      'a tool schema that is not an object',
      { ...plain, tools: [{ ...bash, input_schema: { type: 'string' } }] },
      /^tools\.0\.input_schema\.type/,
    ],
    [
      'a tool choice without tools',
      { ...plain, tool_choice: { type: 'any' } },
      /only be specified while providing tools/,
    ],
    [
      'a choice of a tool that is not there',
      { ...plain, tools: [bash], tool_choice: { type: 'tool', name: 'Read' } },
      /'Read' not found/,
    ],
    [
      'five breakpoints',
      { ...plain, messages: [says(marked, marked, marked, marked, marked)] },
      /maximum of 4 blocks.*Found 5/,
    ],
    [
      'four breakpoints and the automatic one',
      { ...plain, cache_control: { type: 'ephemeral' }, messages: [says(marked, marked, marked, marked)] },
      /Found 5/,
    ],
    [
      'a breakpoint on thinking',
      conversation(
        {
          role: 'assistant',
          content: [{ type: 'thinking', thinking: 'x', signature: 'y', cache_control: { type: 'ephemeral' } }],
        },
        user,
      ),
      /cache_control: Extra inputs/,
    ],
    [
      'a thinking block it never signed',
      conversation({ role: 'assistant', content: [{ type: 'thinking', thinking: 'x', signature: 'y' }] }, user),
      /Invalid `signature`/,
    ],
  ])('%s', async (_, body, message) => {
    await using model = await startModel([text('never')]);
    const response = await post(model, body);
    const answer = (await response.json()) as {
      type: string;
      error: { type: string; message: string };
      request_id: string;
    };
    expect(answer.error.message).toMatch(message);
    expect({ status: response.status, type: answer.error.type }).toEqual({
      status: 400,
      type: 'invalid_request_error',
    });
    expect(answer.request_id).toBe(response.headers.get('request-id'));
    expect(model.refusals).toEqual([{ status: 400, type: 'invalid_request_error', message: answer.error.message }]);
    expect(model.requests).toEqual([]);
  });

  it.each(['gpt-9', 'claude-sonnet-4-20250514'])('the unknown or retired model %s', async (id) => {
    await using model = await startModel([text('never')]);
    const response = await post(model, { ...plain, model: id });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { type: 'not_found_error', message: `model: ${id}` } });
  });

  it('a body over 32 MB', async () => {
    await using model = await startModel([text('never')]);
    const response = await post(model, {
      ...plain,
      messages: [{ role: 'user', content: 'x'.repeat(33 * 1024 * 1024) }],
    });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ error: { type: 'request_too_large' } });
  });

  it('a prompt beyond the context window', async () => {
    await using model = await startModel([text('never')]);
    const body = { ...plain, model: 'claude-sonnet-4-6', messages: [{ role: 'user', content: 'x'.repeat(900_000) }] };
    const response = await post(model, body);
    expect(response.status).toBe(400);
    expect(model.refusals[0]?.message).toMatch(/^prompt is too long: \d+ tokens > 200000 maximum/);
  });

  it.each([
    ['no key', { authorization: '' }, 401],
    ['a wrong key', { authorization: 'Bearer wrong' }, 401],
    ['no version', { 'anthropic-version': '' }, 400],
    ['an old version', { 'anthropic-version': '2023-06-01' }, 400],
  ])('%s', async (_, headers, status) => {
    await using model = await startModel([text('never')]);
    const response = await post(model, plain, headers);
    expect(response.status).toBe(status);
  });

  it('lets a key in as x-api-key too', async () => {
    await using model = await startModel([text('hi')]);
    const response = await post(model, plain, { authorization: '', 'x-api-key': model.apiKey });
    expect(response.status).toBe(200);
  });
});
