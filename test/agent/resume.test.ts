import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentRunInput } from '../../src/agent/index.ts';
import { BotError } from '../../src/domain/index.ts';
import type { Journal } from '../../src/store/index.ts';
import { fault, reply, text, thinking, toolUse } from '../stand-ins/model/index.ts';
import { asText, aSubmission, openBench, openGround, restoreFiles, type Bench, type Ground } from './builders.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground[Symbol.asyncDispose]());

const read = toolUse('Read', { file_path: 'sum.sh' });
const edit = toolUse('Bash', { command: 'sed -i s/-/+/ sum.sh' });
const submit = toolUse('Submit', aSubmission);
const killed = new Error('killed');

/** A journal that dies at its n-th append of that kind: after it was written, as a process that is killed right then. */
function dying(journal: Journal, kind: string, nth: number): Journal {
  let seen = 0;
  const dieAt = (name: string) => {
    if (name === kind && ++seen === nth) throw killed;
  };
  return {
    ...journal,
    append: async (name, data) => {
      await journal.append(name, data);
      dieAt(name);
    },
    saveChanges: async (changes) => {
      await journal.saveChanges(changes);
      dieAt('changes');
    },
    once: async (name, produce) => {
      const value = await journal.once(name, produce);
      dieAt(name);
      return value;
    },
  };
}

async function killAt(bench: Bench, kind: string, nth: number, input?: Partial<AgentRunInput>): Promise<void> {
  await expect(bench.start(input, { journal: dying(bench.journal, kind, nth) })).rejects.toBe(killed);
}

describe('a run that was killed', () => {
  it('reports calls without a result as interrupted and goes on, when its last entry is the model’s message', async () => {
    await using bench = await openBench(ground, [reply(thinking('Hm.'), read, edit), submit]);
    await killAt(bench, 'assistant', 1);
    const run = await bench.start();
    expect(run.stop).toBe('submitted');
    expect(bench.told(2)).toHaveLength(2);
    expect(bench.told(2)[0]).toMatch(/^ERROR The service was restarted before this call gave a result/);
    expect(run.changes).toEqual([]);
    expect(bench.standIn).toMatchObject({ prefixChanges: 0, refusals: [] });
    expect(run.usage.turns).toBe(2);
  });

  it('may still change the files that it has read, in the new box that it goes on in', async () => {
    const write = toolUse('Write', { file_path: 'sum.sh', content: 'sum() { echo $(($1 + $2)); }\n' });
    await using bench = await openBench(ground, [read, write, submit]);
    await killAt(bench, 'user', 1);
    await using other = await openGround();
    const run = await bench.start({ box: other.box });
    expect(bench.told(3)[0]).not.toMatch(/^ERROR/);
    expect(Object.keys(asText(run.changes))).toEqual(['sum.sh']);
  });

  it('asks for the next turn with the same bytes, when its last entry is the results', async () => {
    await using bench = await openBench(ground, [reply(thinking('Hm.'), read), edit, submit]);
    await killAt(bench, 'user', 2);
    const run = await bench.start();
    expect(asText(run.changes)).toEqual({ 'sum.sh': 'sum() { echo $(($1 + $2)); }\n' });
    expect(bench.standIn.requests).toHaveLength(3);
    expect(bench.standIn).toMatchObject({ prefixChanges: 0, refusals: [] });
  });

  it('reports an edit whose state was saved and whose result was not as interrupted', async () => {
    await using bench = await openBench(ground, [edit, submit]);
    await killAt(bench, 'changes', 1);
    const run = await bench.start();
    expect(bench.told(2)[0]).toContain('look at the work tree');
    expect(Object.keys(asText(run.changes))).toEqual(['sum.sh']);
  });

  it('takes a recorded submission without asking the model, when the state of the work tree was not recorded yet', async () => {
    await using bench = await openBench(ground, [edit, submit]);
    await killAt(bench, 'assistant', 2);
    const run = await bench.start();
    expect(run).toMatchObject({ stop: 'submitted', submission: { title: aSubmission.title } });
    expect(Object.keys(asText(run.changes))).toEqual(['sum.sh']);
    expect(bench.standIn.requests).toHaveLength(2);
  });

  it('keeps the prompt it began with, even when issue or definition have changed since', async () => {
    await using bench = await openBench(ground, [reply(thinking('Hm.'), read), submit]);
    await killAt(bench, 'user', 1);
    await bench.start({ prompt: { system: 'Other.', task: 'Other.', delimiter: 'fedcba9876543210' } });
    expect(bench.standIn).toMatchObject({ prefixChanges: 0, refusals: [] });
    expect(bench.standIn.requests[1]?.body.messages[0]).toEqual(bench.standIn.requests[0]?.body.messages[0]);
  });

  it('adds up turns, money and minutes over its restarts', async () => {
    await using bench = await openBench(ground, [read, read, submit]);
    let clock = 0;
    const now = () => (clock += 60_000);
    await expect(bench.start({}, { journal: dying(bench.journal, 'user', 1), now })).rejects.toBe(killed);
    clock += 24 * 3_600_000;
    const run = await bench.start({}, { now });
    expect(run.usage.turns).toBe(3);
    expect(run.usage.durationMs).toBeGreaterThan(2 * 60_000);
    expect(run.usage.durationMs).toBeLessThan(3_600_000);
    expect(run.usage.usd).toBeCloseTo(
      bench.spent.reduce((sum, usd) => sum + usd, 0),
      10,
    );
  });

  it('goes on after the model was unavailable, with nothing repeated', async () => {
    await using bench = await openBench(ground, [edit, fault(401), submit]);
    await expect(bench.start()).rejects.toMatchObject({ code: 'model-rejected' });
    const run = await bench.start();
    expect(run.usage.turns).toBe(2);
    expect(bench.standIn.prefixChanges).toBe(0);
  });
});

describe('an attempt', () => {
  it('tells the agent what verification found as the answer to its Submit call', async () => {
    await using bench = await openBench(ground, [submit, edit, toolUse('Submit', { ...aSubmission, title: 'Second' })]);
    await bench.start();
    const second = await bench.start({ attempt: 2, feedback: 'test: exit code 1\n1 is not 5' });
    expect(second.submission?.title).toBe('Second');
    expect(bench.told(2)[0]).toContain('1 is not 5\n</data-abcdef0123456789>');
    expect(bench.told(2)[0]).not.toMatch(/^ERROR/);
    expect(second.usage.turns).toBe(3);
    expect(bench.standIn).toMatchObject({ prefixChanges: 0, refusals: [] });
  });

  it('is returned as it was handed in, without asking the model, however far the job has come since', async () => {
    await using bench = await openBench(ground, [submit, edit, toolUse('Submit', { ...aSubmission, title: 'Second' })]);
    const first = await bench.start();
    const second = await bench.start({ attempt: 2, feedback: 'red' });
    await restoreFiles(ground.checkout.tree);
    expect(await bench.start()).toEqual(first);
    expect(await bench.start({ attempt: 2, feedback: 'red' })).toEqual(second);
    expect(first.changes).toEqual([]);
    expect(Object.keys(asText(second.changes))).toEqual(['sum.sh']);
    expect(bench.standIn.requests).toHaveLength(3);
  });

  it('hears the feedback once, when it was killed right after that was recorded', async () => {
    await using bench = await openBench(ground, [submit, submit]);
    await bench.start();
    await killAt(bench, 'user', 1, { attempt: 2, feedback: 'red' });
    await bench.start({ attempt: 2, feedback: 'red' });
    expect(bench.told(2)).toHaveLength(1);
    expect(bench.standIn.refusals).toEqual([]);
  });

  it('without the one before it is a mistake of the caller', async () => {
    await using bench = await openBench(ground, [submit]);
    await expect(bench.start({ attempt: 3 })).rejects.toThrow('Attempt 3 was asked for after 0 submissions');
  });
});

describe('a run that is stopped', () => {
  it('throws aborted before the next turn and keeps what was recorded', async () => {
    await using bench = await openBench(ground, [edit, text('never')]);
    const controller = new AbortController();
    const steering = async () => {
      if (bench.standIn.requests.length > 0) controller.abort();
      return [];
    };
    const stopped = bench.start({ signal: controller.signal }, { steering });
    await expect(stopped).rejects.toSatisfy((error) => error instanceof BotError && error.code === 'aborted');
    expect(bench.journal.kept.map(({ kind }) => kind)).toEqual(['assistant', 'changes', 'user']);
    expect(await bench.journal.latestChanges()).toHaveLength(1);
  });

  it('passes on that the box was lost', async () => {
    await using bench = await openBench(ground, [reply(read, edit)]);
    const lost = new BotError('box-lost', 'gone');
    const box = { ...ground.box, tool: () => Promise.reject(lost) };
    await expect(bench.start({ box })).rejects.toBe(lost);
    expect(bench.journal.kept.map(({ kind }) => kind)).toEqual(['assistant']);
  });
});
