import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Box } from '../../src/sandbox/index.ts';
import { reply, toolUse, type MessageReply } from '../stand-ins/model/index.ts';
import { asText, aSubmission, openBench, openGround, type Ground } from './builders.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground[Symbol.asyncDispose]());

const submit = toolUse('Submit', aSubmission);
const read = toolUse('Read', { file_path: 'sum.sh' });
const write = (content: string) => toolUse('Write', { file_path: 'new.txt', content });

/** The real box, whose calls begin only when as many others are waiting as `together` says: it hangs when they never do. */
function meeting(box: Box, together: number): Box {
  const waiting: (() => void)[] = [];
  return {
    ...box,
    tool: async (name, input) => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        if (waiting.length === together) for (const go of waiting.splice(0)) go();
      });
      return box.tool(name, input);
    },
  };
}

describe('the calls of one turn', () => {
  it.each<[string, MessageReply[]]>([
    ['several reads', [read, toolUse('Grep', { pattern: 'sum' }), read]],
    ['a command and the reads behind it', [toolUse('Bash', { command: 'true' }), read, read]],
  ])('run side by side: %s', async (_, calls) => {
    await using bench = await openBench(ground, [reply(...calls), submit]);
    const run = await bench.start({ box: meeting(ground.box, 3) });
    expect(run.stop).toBe('submitted');
    expect(bench.told(2)).toHaveLength(3);
  });

  it('have their results in the order of the calls, whichever ends first', async () => {
    const commands = ['sleep 0.3; echo slow', 'echo quick'].map((command) => toolUse('Bash', { command }));
    await using bench = await openBench(ground, [reply(...commands, read), submit]);
    await bench.start();
    expect(bench.told(2)).toEqual([
      expect.stringMatching(/^slow/),
      expect.stringMatching(/^quick/),
      expect.stringContaining('sum()'),
    ]);
  });

  it('keep their order as far as they may change files, and a read sees the writes before it', async () => {
    const look = toolUse('Read', { file_path: 'new.txt' });
    const calls = [
      toolUse('Bash', { command: 'sleep 0.2; echo first > new.txt' }),
      toolUse('Bash', { command: 'cat new.txt' }),
      look,
    ];
    await using bench = await openBench(ground, [reply(write('zero'), look, ...calls), submit]);
    const run = await bench.start();
    expect(bench.told(2)[1]).toContain('zero');
    expect(bench.told(2)[3]).toMatch(/^first/);
    expect(asText(run.changes)).toEqual({ 'new.txt': 'first\n' });
  });

  it('begin a read only when the writes before it have ended', async () => {
    const log: string[] = [];
    const tool: Box['tool'] = async (name, input) => {
      log.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      const answer = await ground.box.tool(name, input);
      log.push(`${name} ends`);
      return answer;
    };
    await using bench = await openBench(ground, [reply(write('x'), read), submit]);
    await bench.start({ box: { ...ground.box, tool } });
    expect(log).toEqual(['Write begins', 'Write ends', 'Read begins', 'Read ends']);
  });

  it('let a file be read and edited in one turn', async () => {
    const edit = toolUse('Edit', { file_path: 'sum.sh', old_string: '-', new_string: '+' });
    await using bench = await openBench(ground, [reply(read, edit), submit]);
    expect(Object.keys(asText((await bench.start()).changes))).toEqual(['sum.sh']);
  });

  it('run without those that cannot', async () => {
    await using bench = await openBench(ground, [reply(toolUse('Nope', {}), write('x'), submit), submit]);
    const run = await bench.start();
    expect(bench.told(2).map((line) => line.startsWith('ERROR'))).toEqual([true, false, true]);
    expect(Object.keys(asText(run.changes))).toEqual(['new.txt']);
  });

  it('save the work tree before their results are recorded, and only when something may have changed it', async () => {
    await using bench = await openBench(ground, [read, write('x'), submit]);
    await bench.start();
    const kinds = bench.journal.kept.map(({ kind }) => kind);
    expect(kinds).toEqual(['assistant', 'user', 'assistant', 'changes', 'user', 'assistant', 'changes']);
  });
});
