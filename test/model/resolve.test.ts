import { describe, expect, it } from 'vitest';
import { createModel } from '../../src/model/index.ts';
import type { Provider } from '../../src/model/index.ts';
import { fault, modelCatalogue, startModel, text } from '../stand-ins/model/index.ts';
import { ask, openDoor, question } from './ask.ts';

const wanted: readonly (readonly [string, string, RegExp | undefined])[] = [
  ['opus', 'claude-opus-5-5', undefined],
  ['sonnet', 'claude-sonnet-5-5', undefined],
  ['haiku', 'claude-haiku-5-5', undefined],
  ['inherit', 'claude-opus-5-5', undefined],
  ['', 'claude-opus-5-5', undefined],
  [' opus ', 'claude-opus-5-5', undefined],
  ['claude-opus-5-5', 'claude-opus-5-5', undefined],
  ['claude-opus-4-8', 'claude-opus-4-8', undefined],
  ['claude-haiku-4-5', 'claude-haiku-4-5-20251001', undefined],
  [
    'claude-sonnet-4-20250514',
    'claude-sonnet-5-5',
    /claude-sonnet-4-20250514 has been retired; claude-sonnet-5-5 is used/,
  ],
  ['claude-sonnet-4-5', 'claude-sonnet-4-5-20250929', /deprecated and retires on 2026-11-30/],
  ['claude-3-haiku-20240307', 'claude-haiku-5-5', /claude-3-haiku-20240307 is not a model we know; claude-haiku-5-5/],
  ['gpt-9', 'claude-opus-5-5', /gpt-9 is not a model we know; claude-opus-5-5 is used instead/],
];

describe('a model is resolved', () => {
  it.each(wanted)('"%s" is %s, from the list of the API', async (name, id, note) => {
    await using standIn = await startModel([text('hi')]);
    const resolved = await openDoor(standIn).model.resolve(name);
    const listed = modelCatalogue.find((model) => model.id === id);
    expect(resolved).toMatchObject({ id, contextWindow: listed?.maxInputTokens, maxOutputTokens: listed?.maxTokens });
    expect(resolved.note ?? '').toMatch(note ?? /^$/);
    expect((await ask(standIn, { model: resolved.id })).content).toMatchObject([{ text: 'hi' }]);
  });

  it.each(wanted)('"%s" is %s, from our table when the list fails', async (name, id, note) => {
    await using standIn = await startModel([], { modelsFault: fault(500) });
    const resolved = await openDoor(standIn).model.resolve(name);
    expect(resolved).toMatchObject({ id, contextWindow: 200_000, maxOutputTokens: 64_000 });
    expect(resolved.note ?? '').toMatch(note ?? /^$/);
  });

  it('to one that appeared after we were written', async () => {
    const [first] = modelCatalogue;
    if (first === undefined) throw new Error('The catalogue is empty.');
    const newer = { ...first, id: 'claude-opus-6', line: 'opus' as const, createdAt: '2027-03-01T00:00:00Z' };
    await using standIn = await startModel([], { models: [newer, ...modelCatalogue] });
    expect(await openDoor(standIn).model.resolve('opus')).toMatchObject({ id: 'claude-opus-6' });
  });

  it('and one without a known price is counted at the dearest, which the note says', async () => {
    const [first] = modelCatalogue;
    if (first === undefined) throw new Error('The catalogue is empty.');
    const strange = { ...first, id: 'claude-novel-1', line: 'fable' as const };
    await using standIn = await startModel([text('x'.repeat(4000))], { models: [strange] });
    const { model } = openDoor(standIn);
    expect((await model.resolve('claude-novel-1')).note).toContain('no price for claude-novel-1');
    const { usage } = await model.turn(question({ model: 'claude-novel-1' }));
    expect(usage.usd).toBeCloseTo((usage.inputTokens * 25 + 1000 * 125) / 1e6, 12);
  });

  it('with one look at the list an hour, or every five minutes while it fails', async () => {
    const clock = { time: 0 };
    for (const [options, lifetime] of [
      [{}, 3_600_000],
      [{ modelsFault: fault(529) }, 300_000],
    ] as const) {
      await using standIn = await startModel([], options);
      const { model } = openDoor(standIn, { now: () => clock.time });
      await model.resolve('opus');
      clock.time += lifetime - 1;
      await model.resolve('sonnet');
      expect(standIn.listings).toBe(1);
      clock.time += 1;
      await model.resolve('sonnet');
      expect(standIn.listings).toBe(2);
    }
  });
});

describe('a platform', () => {
  it.each<[Provider, string]>([
    ['bedrock', '@anthropic-ai/bedrock-sdk'],
    ['vertex', '@anthropic-ai/vertex-sdk'],
    ['foundry', '@anthropic-ai/foundry-sdk'],
  ])('%s names the package it needs when that is missing', async (provider, name) => {
    const model = createModel({ provider });
    const missing = { code: 'config-invalid', message: expect.stringContaining(`npm install ${name}`) as unknown };
    await expect(model.turn(question())).rejects.toMatchObject(missing);
    await expect(model.resolve('opus')).rejects.toMatchObject(missing);
  });

  it.each([undefined, '', ' '])('anthropic needs a key: %j is none', async (apiKey) => {
    const missing = { code: 'config-invalid', message: expect.stringContaining('ANTHROPIC_API_KEY') as unknown };
    await expect(createModel({ apiKey }).resolve('opus')).rejects.toMatchObject(missing);
  });
});
