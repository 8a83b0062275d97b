import { describe, expect, it } from 'vitest';
import type { MessageParam, ToolUseBlock } from '../../src/model/index.ts';
import { reply, startModel, text, thinking, toolUse } from '../stand-ins/model/index.ts';
import type { ModelStandIn } from '../stand-ins/model/index.ts';
import { openDoor, question } from './ask.ts';

const tools = ['Bash', 'Read', 'Grep'].map((name) => ({
  name,
  description: `${name} does what ${name} does.`,
  input_schema: { type: 'object' as const, properties: { path: { type: 'string' } } },
}));

/** A run of that many turns with that many tool uses in each; now and then somebody says something in between. */
async function converse(standIn: ModelStandIn, turns: number, more: { system?: string } = {}): Promise<void> {
  const { model } = openDoor(standIn);
  const messages: MessageParam[] = [{ role: 'user', content: 'x'.repeat(2000) }];
  for (let turn = 1; turn <= turns; turn++) {
    const answer = await model.turn(question({ system: 'y'.repeat(6000), tools, messages: [...messages], ...more }));
    // Half of the turns go through JSON, as they do after a restart.
    const content =
      turn % 2 === 0 ? [...answer.content] : (JSON.parse(JSON.stringify(answer.content)) as typeof answer.content);
    messages.push({ role: 'assistant', content: [...content] }, { role: 'user', content: resultsOf(content, turn) });
  }
}

function resultsOf(content: readonly { type: string }[], turn: number): Exclude<MessageParam['content'], string> {
  const uses = content.filter((block): block is ToolUseBlock => block.type === 'tool_use');
  const results = uses.map((use) => ({ type: 'tool_result' as const, tool_use_id: use.id, content: 'z'.repeat(300) }));
  return turn % 5 === 0 ? [...results, { type: 'text', text: 'Please hurry.' }] : results;
}

function uses(count: number): ReturnType<typeof reply> {
  const many = Array.from({ length: count }, (_, at) => toolUse('Read', { path: `file-${at}`, deep: { b: 1, a: 2 } }));
  return reply(thinking('What next?'), text('I read.'), ...many);
}

describe('prompt caching', () => {
  it.each([1, 3, 12, 40])('pays for every token of a run once, with %i tool uses in a turn', async (count) => {
    await using standIn = await startModel(() => uses(count));
    await converse(standIn, 12);
    const last = standIn.usages.at(-1);
    const whole = (last?.inputTokens ?? 0) + (last?.cacheReadTokens ?? 0) + (last?.cacheWriteTokens ?? 0);
    expect(standIn.usage.inputTokens + standIn.usage.cacheWriteTokens).toBe(whole);
    expect(standIn.refusals).toEqual([]);
    expect(standIn.prefixChanges).toBe(0);
  });

  it('shares system prompt and tools between runs', async () => {
    await using standIn = await startModel(() => text('Done.'));
    const { model } = openDoor(standIn);
    for (const content of ['one', 'two'])
      await model.turn(question({ system: 'y'.repeat(6000), tools, messages: [{ role: 'user', content }] }));
    expect(standIn.usages[1]?.cacheReadTokens).toBeGreaterThan(1500);
  });

  it('works with a blank system prompt, and without tools', async () => {
    await using standIn = await startModel(() => uses(2));
    await converse(standIn, 3, { system: ' ' });
    expect(standIn.refusals).toEqual([]);
    expect(standIn.requests[0]?.body.system).toBeUndefined();
    await openDoor(standIn).model.turn(question());
    expect(standIn.requests.at(-1)?.body.tools).toBeUndefined();
  });

  it('writes a later instruction as what it is, a message of its own', async () => {
    await using standIn = await startModel(() => text('Done.'));
    const messages: MessageParam[] = [
      { role: 'user', content: 'Hello' },
      { role: 'system', content: 'The budget is nearly used up.' },
    ];
    await openDoor(standIn).model.turn(question({ messages }));
    expect(standIn.refusals).toEqual([]);
    expect(standIn.requests[0]?.body.messages.map((message) => message.role)).toEqual(['user', 'system']);
  });
});
