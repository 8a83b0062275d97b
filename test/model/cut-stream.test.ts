import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { retryPolicy, type Model, type TurnReply } from '../../src/model/index.ts';
import { reply, text, thinking, toolUse } from '../stand-ins/model/index.ts';
import { openDoor, question } from './ask.ts';
import { recordStream, startReplay, type Break, type Replay } from './replay.ts';

const said = reply(thinking('Hm.'), text('Ö👀'), toolUse('Bash', { command: 'rm é' }));

let stream: Buffer;
let replay: Replay;
let model: Model;
let whole: TurnReply;

beforeAll(async () => {
  stream = await recordStream(said);
  replay = await startReplay(stream);
  model = openDoor(replay, { timeouts: { answerMs: 60_000, silenceMs: 200, wholeMs: 60_000 } }).model;
  whole = await model.turn(question());
});
afterAll(() => replay[Symbol.asyncDispose]());

/** Where an event ends, counted in bytes; the last one is the end of the answer. */
function ends(): number[] {
  const found: number[] = [];
  for (let at = stream.indexOf('\n\n'); at >= 0; at = stream.indexOf('\n\n', at + 2)) found.push(at + 2);
  return found;
}

/** Breaks the first answers, asks, and says how often that took asking. */
async function askBroken(...broken: readonly Break[]): Promise<number> {
  const before = replay.asked();
  replay.breaks.push(...broken);
  const answer = await model.turn(question());
  // Content, stop reason and what it cost: all of the one whole answer, nothing of the broken one.
  expect(answer, JSON.stringify(broken)).toEqual(whole);
  return replay.asked() - before;
}

describe('RL-32: an answer that is cut', () => {
  it('is said as it was meant when nothing is cut', () => {
    expect(whole.content).toMatchObject([
      { type: 'thinking', thinking: 'Hm.' },
      { type: 'text', text: 'Ö👀' },
      { type: 'tool_use', name: 'Bash', input: { command: 'rm é' } },
    ]);
    expect(whole).toMatchObject({ stopReason: 'tool_use', usage: { outputTokens: expect.any(Number) as number } });
    expect(ends().at(-1)).toBe(stream.length);
  });

  it.each([
    ['ended as if it were complete, at every byte', 'end', 1],
    ['reset, at every seventh byte', 'reset', 7],
  ] as const)('%s, is asked for again and leaves no trace', async (_, how, step) => {
    const cuts = Array.from({ length: Math.ceil(stream.length / step) }, (_, at): Break => ({ bytes: at * step, how }));
    // As many in a row as are sat out, which halves the number of answers this takes.
    const most = retryPolicy.attempts - 1;
    for (let at = 0; at < cuts.length; at += most) {
      const some = cuts.slice(at, at + most);
      expect(await askBroken(...some), JSON.stringify(some)).toBe(some.length + 1);
    }
  });

  it.each(['end', 'reset', 'silence'] as const)(
    'after its last byte, by %s, is whole and paid for once',
    async (how) => {
      expect(await askBroken({ bytes: stream.length, how })).toBe(1);
    },
  );

  it('by an error between any two events, is asked for again', async () => {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
    const then = `event: error\ndata: ${JSON.stringify(error)}\n\n`;
    for (const bytes of [0, ...ends().slice(0, -1)]) expect(await askBroken({ bytes, then, how: 'end' })).toBe(2);
  });

  it('by an event that is no JSON, is asked for again, in the middle of arguments too', async () => {
    const then = 'event: content_block_delta\ndata: {"type": "content_blo\n\n';
    for (const bytes of ends().slice(0, -1)) expect(await askBroken({ bytes, then, how: 'end' })).toBe(2);
  });

  it.each([
    ['before it began', (): number => 0],
    ['in an event', (): number => (ends()[2] ?? 0) + 9],
    ['between two', (): number => ends()[4] ?? 0],
    ['before its last event', (): number => ends().at(-2) ?? 0],
  ])('by silence %s, is asked for again', async (_, bytes) => {
    expect(await askBroken({ bytes: bytes(), how: 'silence' })).toBe(2);
  });

  it('by pings without end, is asked for again', async () => {
    const before = replay.asked();
    replay.breaks.push({ bytes: ends()[2] ?? 0, how: 'pings' });
    const { model: hasty } = openDoor(replay, { timeouts: { answerMs: 60_000, silenceMs: 60_000, wholeMs: 300 } });
    expect(await hasty.turn(question())).toEqual(whole);
    expect(replay.asked() - before).toBe(2);
  });
});
