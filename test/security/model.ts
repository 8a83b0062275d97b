import { readReply, runToolTurn } from '../../src/agent/tool-turn.ts';
import type { ContentBlock, TurnReply } from '../../src/model/index.ts';
import { toolNames, type ToolName } from '../../src/sandbox/index.ts';
import { pureClass, type Case } from './case.ts';

/** One message of a model that may be anything: `input` undefined is how the door hands over arguments that were not one JSON object. */
interface Message {
  readonly uses: readonly { readonly name: string; readonly input: unknown; readonly id?: string }[];
  readonly isCut?: boolean;
  readonly offered?: readonly ToolName[];
  readonly used?: readonly string[];
}

/** Runs a message against a box that only notes what it was asked to do. */
async function run({ uses, isCut = false, offered = toolNames, used = [] }: Message): Promise<readonly string[]> {
  const ran: string[] = [];
  const tool = async (name: ToolName, input: unknown) => {
    ran.push(`${name} ${JSON.stringify(input)}`);
    return { text: 'ran', isError: false };
  };
  const content = uses.map(({ name, input, id }, at): ContentBlock => {
    return { type: 'tool_use', id: id ?? `toolu_${at}`, name, input, caller: { type: 'direct' } };
  });
  const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, usd: 0 };
  const stopReason: TurnReply['stopReason'] = isCut ? 'max_tokens' : 'tool_use';
  const read = readReply({ content, stopReason, usage, model: 'a' }, new Set(used));
  const sound = read.content.flatMap((block) => (block.type === 'tool_use' ? [block] : []));
  const { signal } = new AbortController();
  await runToolTurn({ uses: sound, faults: read.faults, offered, deliverable: 'work', box: { tool }, signal });
  return ran;
}

/** What a loop without checks does: whatever has a name and something like arguments runs. */
function runNaively({ uses }: Message): boolean {
  return uses.some(({ name }) => typeof name === 'string');
}

function nested(levels: number): unknown {
  return levels === 0 ? 1 : { a: nested(levels - 1) };
}

const write = { name: 'Write', input: { file_path: 'a', content: 'half' } };
const bash = { name: 'Bash', input: { command: 'touch canary' } };

/** Messages of which nothing may run. */
const nothing: readonly (readonly [name: string, message: Message])[] = [
  ['a tool that is not there', { uses: [{ name: 'Exec', input: { command: 'id' } }] }],
  ['a tool in other letters', { uses: [{ ...bash, name: 'bash' }] }],
  ['a tool with a space', { uses: [{ ...bash, name: 'Bash ' }] }],
  ['a tool by a prototype’s name', { uses: [{ ...bash, name: 'constructor' }] }],
  ['a tool named __proto__', { uses: [{ ...bash, name: '__proto__' }] }],
  ['a tool without a name', { uses: [{ ...bash, name: '' }] }],
  ['a tool that this agent was not given', { uses: [bash], offered: ['Read', 'Grep'] }],
  ['a write by a reviewer', { uses: [write], offered: ['Read', 'Grep'] }],
  ['a submission beside another call', { uses: [{ name: 'Submit', input: {} }] }],
  ['a key too many', { uses: [{ name: 'Bash', input: { command: 'id', env: { A: 'b' } } }] }],
  ['a key of another tool', { uses: [{ name: 'Read', input: { file_path: 'a', content: 'b' } }] }],
  ['a key in other letters', { uses: [{ name: 'Bash', input: { Command: 'id' } }] }],
  ['a flag that Grep lacks', { uses: [{ name: 'Grep', input: { pattern: 'a', '--pre': 'sh' } }] }],
  ['a missing key', { uses: [{ name: 'Write', input: { file_path: 'a' } }] }],
  ['no arguments', { uses: [{ name: 'Bash', input: {} }] }],
  ['a command that is a list', { uses: [{ name: 'Bash', input: { command: ['id'] } }] }],
  ['a command that is a number', { uses: [{ name: 'Bash', input: { command: 1 } }] }],
  ['an empty command', { uses: [{ name: 'Bash', input: { command: '' } }] }],
  ['a command too long', { uses: [{ name: 'Bash', input: { command: 'x'.repeat(100_001) } }] }],
  ['a time limit that is none', { uses: [{ name: 'Bash', input: { command: 'id', timeout: 0 } }] }],
  ['a time limit of a day', { uses: [{ name: 'Bash', input: { command: 'id', timeout: 86_400_000 } }] }],
  ['a time limit that is text', { uses: [{ name: 'Bash', input: { command: 'id', timeout: '1' } }] }],
  ['an endless time limit', { uses: [{ name: 'Bash', input: { command: 'id', timeout: Infinity } }] }],
  ['a negative offset', { uses: [{ name: 'Read', input: { file_path: 'a', offset: -1 } }] }],
  ['a path too long', { uses: [{ name: 'Read', input: { file_path: 'x'.repeat(4097) } }] }],
  ['an empty path', { uses: [{ name: 'Read', input: { file_path: '' } }] }],
  ['arguments that are a list', { uses: [{ name: 'Bash', input: ['id'] }] }],
  ['arguments that are text', { uses: [{ name: 'Bash', input: '{"command": "id"}' }] }],
  ['arguments that are null', { uses: [{ name: 'Bash', input: null }] }],
  ['half of its arguments', { uses: [{ name: 'Write', input: undefined }] }],
  ['arguments without end', { uses: [{ name: 'Bash', input: nested(40) }] }],
  [
    'a key __proto__',
    { uses: [{ name: 'Bash', input: JSON.parse('{"command": "id", "__proto__": {"timeout": 1}}') }] },
  ],
  ['half of a character', { uses: [{ name: 'Bash', input: { command: 'echo \ud800' } }] }],
  ['a message that was cut off', { uses: [write], isCut: true }],
  ['a call before the one that was cut off', { uses: [bash, write], isCut: true }],
  ['an id that was used before', { uses: [{ ...bash, id: 'toolu_old' }], used: ['toolu_old'] }],
  ['an id that is no id', { uses: [{ ...bash, id: 'a b' }] }],
  ['an id too long', { uses: [{ ...bash, id: 'x'.repeat(201) }] }],
  ['an empty id', { uses: [{ ...bash, id: '' }] }],
];

const cases: readonly Case[] = nothing.map(([name, message]) => ({
  id: 'D34',
  name,
  baseline: () => runNaively(message),
  attack: async () => (await run(message)).length > 0,
  twin: async () => (await run({ uses: [bash, write] })).length === 2,
}));

/** One id twice: only the first call may run. */
const twice: Case = {
  id: 'D34',
  name: 'one id for two calls',
  baseline: () => runNaively({ uses: [bash, write] }),
  attack: async () =>
    (
      await run({
        uses: [
          { ...bash, id: 'a' },
          { ...write, id: 'a' },
        ],
      })
    ).length > 1,
  twin: async () =>
    (
      await run({
        uses: [
          { ...bash, id: 'a' },
          { ...write, id: 'b' },
        ],
      })
    ).length === 2,
};

export const model = pureClass('model', [...cases, twice]);
