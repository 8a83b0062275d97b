import { describe, expect, it } from 'vitest';
import { startModel, text, toolUse } from './index.ts';
import type { ModelStandIn, RequestUsage } from './index.ts';
import { plain, post, user } from './wire.ts';

const minute = 60_000;
const mark = { cache_control: { type: 'ephemeral' } };
const hour = { cache_control: { type: 'ephemeral', ttl: '1h' } };
/** About 1,250 tokens: long enough to be cached. */
const long = 'x'.repeat(5000);

function block(value: string, more: object = {}): object {
  return { type: 'text', text: value, ...more };
}

function asked(...content: readonly object[]): object {
  return { ...plain, messages: [{ role: 'user', content }] };
}

/** Answers everything; its clock stands still unless a test moves it. */
async function startClocked(clock = { time: 0 }): Promise<ModelStandIn> {
  return startModel(() => text('ok'), { now: () => clock.time });
}

async function usagesOf(model: ModelStandIn, ...bodies: readonly object[]): Promise<readonly RequestUsage[]> {
  for (const body of bodies) expect((await post(model, body)).status).toBe(200);
  return model.usages;
}

describe('the cache of the stand-in', () => {
  it('writes at a breakpoint, reads the same prefix back and counts every token once', async () => {
    await using model = await startClocked();
    const [first, second] = await usagesOf(
      model,
      asked(block(long, mark), block('one')),
      asked(block(long), block('one'), block('two', mark)),
    );
    expect(first?.cacheReadTokens).toBe(0);
    expect(first?.cacheWriteTokens).toBeGreaterThan(1024);
    expect(first?.inputTokens).toBeGreaterThan(0);
    expect(second?.cacheReadTokens).toBe(first?.cacheWriteTokens);
    expect(second?.inputTokens).toBe(0);
  });

  it.each<[string, object, object]>([
    ['the text before the breakpoint differs', asked(block(long, mark)), asked(block(`${long}y`, mark))],
    ['the system prompt differs', asked(block(long, mark)), { ...asked(block(long, mark)), system: 'Be brief.' }],
    ['the model differs', asked(block(long, mark)), { ...asked(block(long, mark)), model: 'claude-sonnet-5-5' }],
    ['there is no breakpoint', asked(block(long)), asked(block(long, mark))],
    ['the prefix is shorter than 1,024 tokens', asked(block('x', mark)), asked(block('x', mark))],
  ])('finds nothing when %s', async (_, before, after) => {
    await using model = await startClocked();
    const [, second] = await usagesOf(model, before, after);
    expect(second?.cacheReadTokens).toBe(0);
  });

  it.each([
    [20, true],
    [21, false],
  ])('looks back from a breakpoint: an entry %i blocks before it is found: %s', async (distance, isFound) => {
    await using model = await startClocked();
    const between = Array.from({ length: distance - 1 }, (_unused, at) => block(`block ${at}`));
    const [, second] = await usagesOf(
      model,
      asked(block(long, mark)),
      asked(block(long), ...between, block('end', mark)),
    );
    expect((second?.cacheReadTokens ?? 0) > 0).toBe(isFound);
  });

  it.each([
    ['5 minutes', mark, 5 * minute - 1, true],
    ['5 minutes', mark, 5 * minute, false],
    ['an hour', hour, 60 * minute - 1, true],
    ['an hour', hour, 60 * minute, false],
  ])('keeps an entry for %s', async (_, control, later, isFound) => {
    const clock = { time: 0 };
    await using model = await startClocked(clock);
    await usagesOf(model, asked(block(long, control)));
    clock.time += later;
    const [, second] = await usagesOf(model, asked(block(long, control)));
    expect((second?.cacheReadTokens ?? 0) > 0).toBe(isFound);
  });

  it('keeps an entry longer every time it is read', async () => {
    const clock = { time: 0 };
    await using model = await startClocked(clock);
    const body = asked(block(long, mark));
    await usagesOf(model, body);
    clock.time += 4 * minute;
    await usagesOf(model, body);
    clock.time += 4 * minute;
    const usages = await usagesOf(model, body);
    expect(usages[2]?.cacheReadTokens).toBe(usages[0]?.cacheWriteTokens);
  });

  it('takes the automatic breakpoint as one on the last block', async () => {
    await using model = await startClocked();
    const [first, second] = await usagesOf(
      model,
      { ...asked(block(long)), ...mark },
      { ...asked(block(long), block('more')), ...mark },
    );
    expect(first?.inputTokens).toBe(0);
    expect(second?.cacheReadTokens).toBe(first?.cacheWriteTokens);
  });
});

describe('the stand-in counts changed prefixes', () => {
  const use = { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: { a: 1, b: 2 } };
  const result = { type: 'tool_result', tool_use_id: 'toolu_1', content: 'done' };
  const bash = { name: 'Bash', input_schema: { type: 'object' } };
  function second(task: object, answer: object, more: object = {}): object {
    const messages = [task, { role: 'assistant', content: [answer] }, { role: 'user', content: [result] }];
    return { ...plain, system: 'Be brief.', tools: [bash], messages, ...more };
  }

  it.each<[string, object, number]>([
    ['nothing', second(user, use), 0],
    ['only breakpoints', second({ role: 'user', content: [block('Hello', mark)] }, use), 0],
    ['the task', second({ role: 'user', content: 'Hello!' }, use), 1],
    ['the system prompt', second(user, use, { system: 'Be long.' }), 1],
    ['the tools', second(user, use, { tools: [{ ...bash, description: 'new' }] }), 1],
  ])('when %s changed', async (_, body, changes) => {
    await using model = await startModel([toolUse('Bash', {}, 'toolu_1'), text('done')]);
    await usagesOf(model, { ...plain, system: 'Be brief.', tools: [bash] }, body);
    expect(model.prefixChanges).toBe(changes);
  });

  it('when the order of the keys of an earlier tool input changed', async () => {
    await using model = await startModel(() => text('done'));
    await usagesOf(model, second(user, use), second(user, { ...use, input: { b: 2, a: 1 } }));
    expect(model.prefixChanges).toBe(1);
  });

  it('but not when a request is sent again, or an earlier one after a crash', async () => {
    await using model = await startModel([toolUse('Bash', {}, 'toolu_1'), text('a'), text('a'), text('b')]);
    const first = { ...plain, system: 'Be brief.', tools: [bash] };
    await usagesOf(model, first, second(user, use), second(user, use), first);
    expect(model.prefixChanges).toBe(0);
    expect(model.requests.map((request) => [request.turn, request.delivery])).toEqual([
      [1, 1],
      [2, 1],
      [2, 2],
      [1, 2],
    ]);
  });
});
