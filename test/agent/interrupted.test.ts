import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentRunInput } from '../../src/agent/index.ts';
import { BotError } from '../../src/domain/index.ts';
import { retryPolicy } from '../../src/model/index.ts';
import { createSandbox } from '../../src/sandbox/index.ts';
import {
  cut,
  errorAfter,
  fault,
  hang,
  reply,
  text,
  thinking,
  toolUse,
  type Fault,
  type ModelRequest,
  type Place,
  type Reply,
} from '../stand-ins/model/index.ts';
import { asText, aSubmission, openBench, openGround, type Bench, type Ground } from './builders.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground[Symbol.asyncDispose]());

const submit = toolUse('Submit', aSubmission);
const note = toolUse('Bash', { command: 'echo done >> notes' });
const read = toolUse('Read', { file_path: 'sum.sh' });

/** Replies that are used up one for each request that gets an answer; while `outage` is set, nothing else is said. */
function withOutages(replies: readonly Reply[]) {
  const left = [...replies];
  const state: { outage: Fault | undefined } = { outage: undefined };
  return { state, script: (): Reply => state.outage ?? left.shift() ?? submit };
}

/** How often the model was told a text, in the latest request. */
function timesTold({ standIn }: Bench, words: string): number {
  return JSON.stringify(standIn.requests.at(-1)?.body.messages).split(words).length - 1;
}

/** What the model had read before its latest answer has to stay as it was, byte for byte. */
function isSameRequest(a: ModelRequest | undefined, b: ModelRequest | undefined): boolean {
  return a !== undefined && JSON.stringify(a.body) === JSON.stringify(b?.body);
}

describe('RL-31: a run that an outage interrupted', () => {
  it.each<[string, Reply[], Partial<AgentRunInput>, string]>([
    ['after the results of a turn', [reply(thinking('Hm.'), note)], {}, '"tool_result"'],
    ['after what a person said', [reply(thinking('Hm.'), read)], {}, 'Mind the gap.'],
    ['after a reminder', [reply(thinking('Hm.'), text('I am done.'))], {}, 'ends only with Submit'],
    [
      'after a notice',
      [note, note, note, note],
      { budget: { usd: 5, turns: 5, minutes: 60 } },
      '1 of 5 turns are left',
    ],
    ['before its first turn', [], {}, 'sum 2 3 should be 5.'],
  ])('%s goes on with the same bytes, and is told nothing twice', async (_, first, input, words) => {
    const { state, script } = withOutages(first);
    const before = first.length;
    await using bench = await openBench(ground, script);
    const steering = async () => {
      const isDue = bench.standIn.requests.length >= before;
      if (isDue && state.outage === undefined) state.outage = fault(529);
      // Whoever tells it may not have got to note that: a new process hears it again.
      return isDue && words === 'Mind the gap.' ? [words] : [];
    };
    const interrupted = bench.start(input, { steering });
    await expect(interrupted).rejects.toMatchObject({ code: 'model-unavailable', isOutage: true });
    await expect(bench.start(input, { steering })).rejects.toMatchObject({ code: 'model-unavailable' });
    expect(bench.standIn.requests).toHaveLength(before + 2 * retryPolicy.attempts);
    state.outage = undefined;
    const run = await bench.start(input, { steering: once(words === 'Mind the gap.' ? [words] : []) });
    expect(run).toMatchObject({ stop: 'submitted', usage: { turns: before + 1 } });
    expect(isSameRequest(bench.standIn.requests.at(-1), bench.standIn.requests[before])).toBe(true);
    expect(bench.standIn.requests.at(-1)?.delivery).toBe(2 * retryPolicy.attempts + 1);
    expect(timesTold(bench, words)).toBe(1);
    expect(bench.spent).toHaveLength(before + 1);
    expect(bench.standIn).toMatchObject({ prefixChanges: 0, refusals: [] });
  });

  it('after a finding of the verification is told it once', async () => {
    const { state, script } = withOutages([submit]);
    await using bench = await openBench(ground, script);
    await bench.start();
    state.outage = fault(500);
    const second = { attempt: 2, feedback: '1 is not 5' };
    for (let times = 0; times < 2; times++)
      await expect(bench.start(second)).rejects.toMatchObject({ code: 'model-unavailable' });
    state.outage = undefined;
    expect((await bench.start(second)).stop).toBe('submitted');
    expect(timesTold(bench, '1 is not 5')).toBe(1);
    expect(bench.standIn).toMatchObject({ prefixChanges: 0, refusals: [] });
  });

  it('has done everything once, however often that happens', async () => {
    const { state, script } = withOutages([reply(thinking('Hm.'), note), reply(thinking('So.'), note), note, submit]);
    await using bench = await openBench(ground, script);
    let asked = 0;
    const steering = async () => {
      // Every turn but the last is cut short once, at the moment it would begin.
      state.outage = asked++ % 2 === 0 && asked < 8 ? fault(503, { errorType: 'api_error' }) : undefined;
      return [];
    };
    for (let turn = 0; turn < 4; turn++)
      await expect(bench.start({}, { steering })).rejects.toMatchObject({ code: 'model-unavailable' });
    const run = await bench.start({}, { steering });
    expect(run).toMatchObject({ stop: 'submitted', usage: { turns: 4 } });
    expect(asText(run.changes)).toEqual({ notes: 'done\ndone\ndone\n' });
    expect(run.usage.usd).toBeCloseTo(sum(bench.spent), 12);
    expect(bench.spent).toHaveLength(4);
    expect(bench.standIn.prefixChanges).toBe(0);
  });

  it.each([
    ['RL-30: at a rate limit that lasts', fault(429, { retryAfter: 900 }), 'model-unavailable', 900_000],
    ['RL-34: at its spend limit', fault(402), 'model-spend-limit', undefined],
  ])('%s says so, and when to come back', async (_, outage, code, wait) => {
    const { state, script } = withOutages([note]);
    await using bench = await openBench(ground, script);
    const steering = async () => {
      state.outage = bench.standIn.requests.length === 1 ? outage : undefined;
      return [];
    };
    const error: unknown = await bench.start({}, { steering }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, isOutage: true });
    const retryAt = error instanceof BotError ? error.retryAt : undefined;
    expect(retryAt === undefined).toBe(wait === undefined);
    expect(bench.standIn.requests).toHaveLength(2);
    expect((await bench.start({}, { steering })).stop).toBe('submitted');
    expect(bench.standIn.requests[2]?.delivery).toBe(2);
  });
});

describe('RL-32: a message that was cut', () => {
  const said = reply(thinking('Let me note it.'), text('I note it.'), note, note);
  it.each<[string, Reply]>([
    ...(['start', 'thinking', 'text', 'tool name', 'arguments', 'stop'] satisfies Place[]).flatMap(
      (at): [string, Reply][] => [
        [`by a reset at: ${at}`, cut(said, at)],
        [`by an early end at: ${at}`, cut(said, at, 'end')],
        [`by an error at: ${at}`, errorAfter(said, at)],
      ],
    ),
  ])('%s runs nothing, is recorded and paid for once', async (_, broken) => {
    await using bench = await openBench(ground, [broken, said, submit]);
    const run = await bench.start();
    expect(asText(run.changes)).toEqual({ notes: 'done\ndone\n' });
    expect(bench.journal.kept.filter(({ kind }) => kind === 'assistant')).toHaveLength(2);
    expect(bench.spent).toHaveLength(2);
    expect(run.usage.outputTokens).toBe(bench.standIn.usage.outputTokens);
    expect(run.usage.usd).toBeCloseTo(sum(bench.spent), 12);
    expect(bench.standIn).toMatchObject({ prefixChanges: 0, refusals: [] });
  });
});

describe('a run that somebody stops', () => {
  const stopped = new BotError('stopped', 'Stopped by @mona.');

  it('while the model speaks ends with that reason, and asks nothing more', async () => {
    await using bench = await openBench(ground, () => hang(reply(text('And then'), note), 'arguments'));
    const stop = new AbortController();
    const run = bench.start({ signal: stop.signal });
    await bench.standIn.received(1);
    stop.abort(stopped);
    await expect(run).rejects.toBe(stopped);
    expect(bench.standIn.requests).toHaveLength(1);
    expect(bench.journal.kept).toEqual([]);
  });

  it('while a tool runs ends with that reason; no other call begins, and what ran is called interrupted later', async () => {
    const calls = [toolUse('Bash', { command: 'echo begun > begun; sleep 600' }), note];
    await using bench = await openBench(ground, [reply(...calls), submit]);
    const stop = new AbortController();
    const sandbox = createSandbox({ kind: 'bubblewrap', nodePath: process.execPath });
    await using box = await sandbox.open({ checkout: ground.checkout, signal: stop.signal });
    const begun: string[] = [];
    const tool: typeof box.tool = (name, input) => {
      begun.push(name);
      return box.tool(name, input);
    };
    const run = bench.start({ signal: stop.signal, box: { ...box, tool } });
    await expect.poll(() => readFile(join(ground.checkout.tree, 'begun'), 'utf8').catch(() => '')).toBe('begun\n');
    stop.abort(stopped);
    await expect(run).rejects.toBe(stopped);
    expect(begun).toEqual(['Bash']);
    expect(bench.journal.kept.map(({ kind }) => kind)).toEqual(['assistant']);
    await bench.start();
    expect(bench.told(2)).toEqual([
      expect.stringMatching(/^ERROR The service was/),
      expect.stringMatching(/^ERROR The/),
    ]);
  });

  it('while GitHub is asked what people said ends with that reason, not with what GitHub’s client made of it', async () => {
    await using bench = await openBench(ground, [submit]);
    const stop = new AbortController();
    const steering = () => {
      stop.abort(stopped);
      return Promise.reject(new BotError('github-unavailable', 'The call was cut short.'));
    };
    await expect(bench.start({ signal: stop.signal }, { steering })).rejects.toBe(stopped);
  });

  it('without a reason of ours ends as aborted', async () => {
    await using bench = await openBench(ground, [submit]);
    const why = new Error('SIGTERM');
    const run = bench.start({ signal: AbortSignal.abort(why) });
    await expect(run).rejects.toMatchObject({ code: 'aborted', cause: why });
    expect(bench.standIn.requests).toEqual([]);
  });
});

describe('a tool call without a result', () => {
  const killed = new Error('killed');
  const calls = reply(
    thinking('Hm.'),
    toolUse('Bash', { command: 'echo x >> x' }, 'one'),
    toolUse('Read', { file_path: 'x' }, 'two'),
  );

  /** Starts the run in a process that is killed when it writes this down: before, or right after. */
  async function dieAt(bench: Bench, deadly: string, when: 'before' | 'after'): Promise<void> {
    const append = async (kind: string, data: unknown) => {
      if (kind === deadly && when === 'before') throw killed;
      await bench.journal.append(kind, data);
      if (kind === deadly) throw killed;
    };
    await expect(bench.start({}, { journal: { ...bench.journal, append } })).rejects.toBe(killed);
  }

  it.each<[string, ('before' | 'after')[]]>([
    ['once', []],
    ['twice before that was written down', ['before', 'before']],
    ['again right after that was written down', ['after']],
    ['before and after', ['before', 'after']],
  ])('is reported as interrupted exactly once, when the process dies %s', async (_, deaths) => {
    await using bench = await openBench(ground, [calls, submit]);
    await dieAt(bench, 'assistant', 'after');
    for (const when of deaths) await dieAt(bench, 'user', when);
    const run = await bench.start();
    expect(run).toMatchObject({ stop: 'submitted', changes: [] });
    expect(bench.told(2)).toHaveLength(2);
    expect(timesTold(bench, 'The service was restarted before this call gave a result')).toBe(2);
    expect(bench.standIn.requests).toHaveLength(2);
    expect(bench.standIn).toMatchObject({ prefixChanges: 0, refusals: [] });
  });

  it('is reported again when the model repeated it and the process died again', async () => {
    const again = reply(thinking('Again.'), toolUse('Bash', { command: 'echo x >> x' }));
    await using bench = await openBench(ground, [calls, again, submit]);
    await dieAt(bench, 'assistant', 'after');
    await dieAt(bench, 'assistant', 'after');
    await bench.start();
    expect(bench.told(3)).toEqual([expect.stringMatching(/^ERROR The service was restarted/)]);
    expect(timesTold(bench, 'The service was restarted')).toBe(3);
    expect(bench.standIn).toMatchObject({ prefixChanges: 0, refusals: [] });
  });

  it('is told from one beside it whose result was recorded', async () => {
    await using bench = await openBench(ground, [calls, submit]);
    await dieAt(bench, 'assistant', 'after');
    const content = [{ type: 'tool_result', tool_use_id: 'one', content: 'It ran.' }];
    await bench.journal.append('user', { why: 'results', content, durationMs: 0, invalid: false });
    await dieAt(bench, 'user', 'after');
    expect((await bench.start()).stop).toBe('submitted');
    expect(bench.told(2)).toEqual(['It ran.', expect.stringMatching(/^ERROR The service was restarted/)]);
    expect(bench.standIn).toMatchObject({ prefixChanges: 0, refusals: [] });
  });
});

function once(texts: readonly string[]): () => Promise<readonly string[]> {
  const waiting = [texts];
  return async () => waiting.shift() ?? [];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
