import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  brokenToolUse,
  modelCatalogue,
  reply,
  stopped,
  text,
  thinking,
  toolUse,
  truncatedToolUse,
  type MessageReply,
  type ModelRequest,
} from '../stand-ins/model/index.ts';
import { asText, aSubmission, openBench, openGround, type Ground } from './builders.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground[Symbol.asyncDispose]());

const note = toolUse('Bash', { command: 'date >> notes; true' });
const submit = toolUse('Submit', aSubmission);
const budget = { usd: 5, turns: 50, minutes: 60 };

describe('a limit', () => {
  it.each([
    ['turn-limit', { ...budget, turns: 3 }, 'The agent used all 3 turns of its budget.'],
    ['budget', { ...budget, usd: 0.001 }, 'The agent used up its budget of $0.00.'],
    ['token-limit', { ...budget, tokens: 100 }, 'The agent used its limit of 100 tokens.'],
    ['time-limit', { ...budget, minutes: 4 }, 'The agent worked for 4 minutes, which is its limit.'],
  ])('ends the run with %s before the next call, and keeps what was done', async (stop, limited, detail) => {
    await using bench = await openBench(ground, () => note);
    const clock = () => bench.standIn.requests.length * 90_000;
    const run = await bench.start({ budget: limited }, { now: clock });
    expect(run).toMatchObject({ stop, stopDetail: detail });
    expect(Object.keys(asText(run.changes))).toEqual(['notes']);
    const turns = bench.standIn.requests.length;
    expect(turns).toBeLessThanOrEqual(3);
    expect((await bench.start({ budget: limited }, { now: () => 0 })).stop).toBe(stop);
    expect(bench.standIn.requests).toHaveLength(turns);
  });

  it('is announced once, when four fifths of the turns are used', async () => {
    await using bench = await openBench(ground, () => note);
    await bench.start({ budget: { ...budget, turns: 10 } });
    const notices = bench.standIn.requests.map((_, at) =>
      bench.told(at + 1).filter((line) => line.startsWith('Note from')),
    );
    expect(notices.flat()).toEqual([expect.stringContaining('2 of 10 turns are left')]);
    expect(notices[8]).toHaveLength(1);
  });
});

describe('a call that cannot run', () => {
  it.each<[string, MessageReply, string, number?]>([
    ['an unknown tool', toolUse('Delete', { path: 'x' }), 'There is no tool "Delete"'],
    ['a missing field', toolUse('Edit', { file_path: 'sum.sh', old_string: '-' }), 'new_string'],
    ['a field too many', toolUse('Read', { file_path: 'sum.sh', encoding: 'latin1' }), 'encoding'],
    ['a wrong type', toolUse('Bash', { command: ['ls'] }), 'command'],
    ['a submission with something missing', toolUse('Submit', { title: 'x' }), 'summary'],
    ['a submission beside other calls', reply(toolUse('Read', { file_path: 'sum.sh' }), submit), 'call Submit alone'],
    [
      'a submission before other calls',
      reply(submit, toolUse('Read', { file_path: 'sum.sh' })),
      'call Submit alone',
      0,
    ],
    ['a name the API would not take back', toolUse('no such tool', {}), 'There is no tool "no_such_tool"'],
    [
      'an id that was used before',
      reply(toolUse('Submit', {}, 'one'), toolUse('Submit', {}, 'one')),
      'has the same id',
    ],
    ['arguments that are not JSON', brokenToolUse('Bash', '{"command": ls}'), 'not one complete JSON object'],
  ])('is answered with what is right: %s', async (_, call, advice, at = -1) => {
    await using bench = await openBench(ground, [call, submit]);
    expect((await bench.start()).stop).toBe('submitted');
    expect(bench.told(2).at(at)).toMatch(/^ERROR /);
    expect(bench.told(2).at(at)).toContain(advice);
    expect(bench.standIn.refusals).toEqual([]);
  });

  it('ends the run after three such turns in a row', async () => {
    await using bench = await openBench(ground, () => toolUse('Nope', {}));
    expect(await bench.start()).toMatchObject({ stop: 'no-progress', usage: { turns: 3 } });
  });

  it('is forgiven after a turn in which something ran', async () => {
    const bad = toolUse('Nope', {});
    await using bench = await openBench(ground, [bad, bad, note, bad, bad, submit]);
    expect((await bench.start()).stop).toBe('submitted');
  });
});

describe('a message that was cut off', () => {
  it('runs none of its calls and asks for a smaller input', async () => {
    const whole = toolUse('Bash', { command: 'touch ran' });
    const half = truncatedToolUse('Write', '{"file_path": "half.sh", "content": "echo');
    const cutOff = stopped('max_tokens', whole, half);
    await using bench = await openBench(ground, [cutOff, submit]);
    const run = await bench.start();
    expect(bench.told(2)[0]).toMatch(/^ERROR Not run: your message was cut off .* Send this call again/);
    expect(bench.told(2)[1]).toMatch(/^ERROR .*Send a smaller input/);
    expect(run.changes).toEqual([]);
    expect(bench.standIn.refusals).toEqual([]);
  });

  it('is asked to go on in smaller steps when it had no call', async () => {
    await using bench = await openBench(ground, [stopped('max_tokens', text('I will now')), submit]);
    await bench.start();
    expect(bench.told(2)).toEqual([expect.stringContaining('Go on in smaller steps')]);
  });
});

describe('a context that grows too long', () => {
  const models = modelCatalogue.map((model) => ({ ...model, maxInputTokens: 30_000 }));
  const isSummary = ({ lastText }: ModelRequest) => lastText.includes('no longer fits into one conversation');
  const fill = toolUse('Bash', { command: 'seq 1 4000; echo >> notes' });

  it('is replaced once by a summary of what was done, and the run goes on', async () => {
    let compacted = 0;
    await using bench = await openBench(
      ground,
      (request) => (isSummary(request) && ++compacted > 0 ? submit : reply(thinking('Hm.'), fill)),
      { models },
    );
    const run = await bench.start(
      {},
      { steering: async () => (bench.standIn.requests.length === 1 ? ['Mind the gap.'] : []) },
    );
    expect(run.stop).toBe('submitted');
    expect(compacted).toBe(1);
    const last = bench.standIn.requests.at(-1);
    expect(last?.body.messages).toHaveLength(1);
    expect(last?.lastText).toContain('sum 2 3 should be 5.');
    expect(last?.lastText).toContain('- Bash seq 1 4000; echo >> notes');
    expect(last?.lastText).toContain('- changed or added: notes');
    expect(last?.lastText).toMatch(/# What you were told meanwhile\n\n.*\n.*\nMind the gap\./);
    expect(bench.standIn).toMatchObject({ prefixChanges: 0, refusals: [] });
  });

  it('is the same after a restart', async () => {
    let isCompacted = false;
    const script = (request: ModelRequest) => {
      isCompacted ||= isSummary(request);
      return isCompacted ? toolUse('Read', { file_path: 'sum.sh' }) : fill;
    };
    await using bench = await openBench(ground, script, { models });
    await bench.start({ budget: { ...budget, turns: 8 } });
    expect(bench.journal.kept.filter(({ kind }) => kind === 'compacted')).toHaveLength(1);
    const before = bench.standIn.requests.at(-1)?.body.messages[0];
    await bench.start({ budget: { ...budget, turns: 9 } });
    expect(bench.standIn.requests).toHaveLength(9);
    const after = bench.standIn.requests.at(-1)?.body.messages;
    expect(after?.length).toBeGreaterThan(1);
    expect(JSON.stringify(after?.[0])).toBe(JSON.stringify(before));
    expect(bench.standIn.prefixChanges).toBe(0);
  });

  it('ends the run when not even the summary fits', async () => {
    const tiny = models.map((model) => ({ ...model, maxInputTokens: 4_000 }));
    await using bench = await openBench(ground, [stopped('model_context_window_exceeded', text('I'))], {
      models: tiny,
    });
    const run = await bench.start();
    expect(run.stop).toBe('context-full');
    expect(run.stopDetail).toContain('4000 tokens that claude-sonnet-5-5 takes in');
  });
});

describe('a work tree that cannot be published', () => {
  it('is for the agent to put right, during the work and when it hands in', async () => {
    const second = toolUse('Submit', { ...aSubmission, title: 'Second' });
    const nest = toolUse('Bash', { command: 'echo x > fine; git init -q nested && touch nested/x' });
    await using bench = await openBench(ground, [nest, submit, toolUse('Bash', { command: 'rm -r nested' }), second]);
    const run = await bench.start();
    expect(bench.told(2).at(-1)).toContain("can't be published as it is");
    expect(bench.told(3)[0]).toMatch(/^ERROR Note from the host: the work tree can't be published/);
    expect(run).toMatchObject({ stop: 'submitted', submission: { title: 'Second' } });
    expect(Object.keys(asText(run.changes))).toEqual(['fine']);
  });
});
