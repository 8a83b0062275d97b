import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Box } from '../../src/sandbox/index.ts';
import { fault, modelCatalogue, reply, text, thinking, toolUse, type ModelRequest } from '../stand-ins/model/index.ts';
import { aSubmission, openBench, openGround, type Bench, type Ground } from './builders.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground[Symbol.asyncDispose]());

const submit = toolUse('Submit', aSubmission);
const read = toolUse('Read', { file_path: 'sum.sh' });
const tooLong = fault(400, { message: 'prompt is too long: 210000 tokens > 200000 maximum' });
const windowOf = (maxInputTokens: number) => modelCatalogue.map((model) => ({ ...model, maxInputTokens }));
const isSummary = ({ lastText }: ModelRequest) => lastText.includes('no longer fits into one conversation');

/** The real box, whose tools say the texts given, one after the other. */
function saying(box: Box, texts: readonly string[]): Box {
  const left = [...texts];
  return { ...box, tool: async () => ({ text: left.shift() ?? 'nothing', isError: false }) };
}

function compactions({ journal }: Bench): number {
  return journal.kept.filter(({ kind }) => kind === 'compacted').length;
}

describe('RL-35: a transcript that no longer fits', () => {
  const outputs = Array.from({ length: 100 }, (_, at) => `output ${at + 1}. ${'x'.repeat(80_000)}`);
  const flood = reply(thinking('Hm.'), ...outputs.map(() => read));

  it('with two million tokens is compacted, older output first, and goes on', async () => {
    const script = [flood, reply(thinking('So.'), read), submit];
    await using bench = await openBench(ground, script, { models: windowOf(1_000_000) });
    const run = await bench.start({ box: saying(ground.box, outputs) });
    expect(run).toMatchObject({ stop: 'submitted', usage: { turns: 3 } });
    const results = bench.journal.kept.find(({ kind }) => kind === 'user');
    expect(JSON.stringify(results).length / 4).toBeGreaterThan(2_000_000);
    expect(compactions(bench)).toBe(1);
    const [, next] = bench.standIn.requests;
    expect(next?.bytes).toBeLessThan(200_000);
    expect(next?.lastText).toContain('output 100.');
    expect(next?.lastText).not.toContain('output 1.');
    expect(next?.lastText).toContain('sum 2 3 should be 5.');
    expect(bench.standIn).toMatchObject({ prefixChanges: 0, refusals: [] });
  });

  it('is compacted once, whether the process dies before or after that', async () => {
    await using bench = await openBench(ground, [flood, submit], { models: windowOf(1_000_000) });
    const killed = new Error('killed');
    for (const deadly of ['user', 'compacted']) {
      const append = async (kind: string, data: unknown) => {
        await bench.journal.append(kind, data);
        if (kind === deadly) throw killed;
      };
      const again = bench.start({ box: saying(ground.box, outputs) }, { journal: { ...bench.journal, append } });
      await expect(again).rejects.toBe(killed);
    }
    expect((await bench.start()).stop).toBe('submitted');
    expect(compactions(bench)).toBe(1);
    expect(bench.standIn.requests.map(isSummary)).toEqual([false, true]);
    expect(bench.standIn).toMatchObject({ prefixChanges: 0, refusals: [] });
  });

  it('by the count of the API alone, which we took for shorter, is compacted and asked again', async () => {
    await using bench = await openBench(ground, [read, submit], { models: windowOf(30_000) });
    const run = await bench.start({ box: saying(ground.box, ['漢'.repeat(36_000)]) });
    expect(run.stop).toBe('submitted');
    expect(bench.standIn.refusals).toMatchObject([
      { status: 400, message: expect.stringMatching(/^prompt is too long/) as string },
    ]);
    expect(bench.standIn.requests.map(isSummary)).toEqual([false, true]);
    expect(compactions(bench)).toBe(1);
  });

  it.each([
    ['400', tooLong],
    ['413', fault(413)],
  ])(
    'by a %s of the API is compacted once and asked again once, then the run ends and says why',
    async (_, refused) => {
      const script = ({ number }: ModelRequest) => (number === 1 ? read : refused);
      await using bench = await openBench(ground, script);
      const run = await bench.start();
      expect(run).toMatchObject({
        stop: 'context-full',
        stopDetail: 'The work no longer fits into the 1000000 tokens that claude-sonnet-5-5 takes in.',
        usage: { turns: 1 },
      });
      expect(bench.standIn.requests.map(isSummary)).toEqual([false, false, true]);
      expect(compactions(bench)).toBe(1);
      expect(await bench.start()).toMatchObject({ stop: 'context-full' });
      expect(compactions(bench)).toBe(1);
    },
  );

  it('before anything was done has nothing that could be left out', async () => {
    await using bench = await openBench(ground, () => tooLong);
    expect(await bench.start()).toMatchObject({ stop: 'context-full', changes: [] });
    expect(bench.standIn.requests).toHaveLength(1);
  });

  it('goes on as often as it has to', async () => {
    const script = ({ number }: ModelRequest) => {
      if (number === 9) return submit;
      return number % 2 === 0 ? tooLong : reply(thinking('Hm.'), text('More.'), read);
    };
    await using bench = await openBench(ground, script);
    expect(await bench.start()).toMatchObject({ stop: 'submitted', usage: { turns: 5 } });
    expect(compactions(bench)).toBe(4);
    expect(bench.standIn).toMatchObject({ prefixChanges: 0, refusals: [] });
  });

  it('because people said so much keeps the newest of that', async () => {
    const said = Array.from({ length: 40 }, (_, at) => `Remark ${at + 1}. ${'y'.repeat(7_000)}`);
    await using bench = await openBench(ground, [read, submit], { models: windowOf(60_000) });
    const run = await bench.start(
      {},
      { steering: async () => (bench.standIn.requests.length === 0 ? [] : said.splice(0)) },
    );
    expect(run.stop).toBe('submitted');
    const told = bench.standIn.requests.at(-1)?.lastText;
    expect(told).toContain('(35 earlier messages were left out.)');
    expect(told).toContain('Remark 40.');
    expect(told).not.toContain('Remark 1.');
  });
});
