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

describe('D9: characters that nobody sees in a file', () => {
  const make = (text: string) => toolUse('Bash', { command: `printf '${text}' > hidden.txt` });
  const look = toolUse('Read', { file_path: 'hidden.txt' });
  const edit = (from: string, to: string) =>
    toolUse('Edit', { file_path: 'hidden.txt', old_string: from, new_string: to });

  it('are spelled out to the model, which edits the file exactly by that spelling', async () => {
    const turns = [
      make('a\\xe2\\x80\\x8bb \\xf3\\xa0\\x81\\x81 \\xf0\\x9f\\x91\\xa9\\xe2\\x80\\x8d\\xf0\\x9f\\x91\\xa7\\n'),
      look,
      edit('a\\u{200B}b \\u{E0041}', 'a\\u{200B}c'),
    ];
    await using bench = await openBench(ground, [...turns, submit]);
    const run = await bench.start();
    expect(bench.told(3)[0]).toContain('a\\u{200B}b \\u{E0041} 👩‍👧');
    expect(bench.told(4)[0]).toContain('replaced once');
    expect(asText(run.changes)).toEqual({ 'hidden.txt': 'a\u200bc 👩‍👧\n' });
  });

  it('are no reason to change what a file itself spells that way, or to do what cannot be done', async () => {
    const turns = [make('a\\\\u{200B}b\\n'), look, edit('\\u{200B}b', '\\u{200B}c'), edit('x\\u{200B}y', 'z')];
    await using bench = await openBench(ground, [...turns, submit]);
    const run = await bench.start();
    expect(asText(run.changes)).toEqual({ 'hidden.txt': 'a\\u{200B}c\n' });
    expect(bench.told(5)[0]).toContain('old_string is not in hidden.txt');
  });
});
