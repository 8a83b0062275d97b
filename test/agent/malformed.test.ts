import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AgentRun } from '../../src/domain/index.ts';
import type { ToolReply } from '../../src/sandbox/index.ts';
import {
  brokenToolUse,
  reply,
  stopped,
  text,
  toolUse,
  truncatedToolUse,
  type MessageReply,
} from '../stand-ins/model/index.ts';
import { aSubmission, createJournal, openBench, openGround, type Bench, type Ground } from './builders.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(() => ground[Symbol.asyncDispose]());

const submit = toolUse('Submit', aSubmission);

/** One call as the model writes it, byte for byte. */
interface Call {
  readonly name: string;
  readonly json: string;
  readonly id?: string;
}

const any = (value: unknown): boolean => typeof value === 'string';
const upTo = (most: number) => (value: unknown) => typeof value === 'string' && value.length <= most;
const path = (value: unknown): boolean => value !== '' && upTo(4096)(value);
const whole = (least: number, most: number) => (value: unknown) =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;

/** What each tool takes, in words of this test's own: a field ends in ? when it may be left out. */
const tools: Readonly<Record<string, Readonly<Record<string, (value: unknown) => boolean>>>> = {
  Bash: {
    command: (value) => value !== '' && upTo(100_000)(value),
    'timeout?': whole(1, 600_000),
    'description?': upTo(500),
  },
  Read: { file_path: path, 'offset?': whole(0, 100_000_000), 'limit?': whole(1, 1_000_000) },
  Write: { file_path: path, content: any },
  Edit: {
    file_path: path,
    old_string: any,
    new_string: any,
    'replace_all?': (value) => typeof value === 'boolean',
  },
};

/** The input that may run, or undefined. */
function rightInput({ name, json, id }: Call, used: ReadonlySet<string>): Record<string, unknown> | undefined {
  const fields = Object.hasOwn(tools, name) ? tools[name] : undefined;
  const input = parse(json);
  if (fields === undefined || input === undefined) return undefined;
  if (id !== undefined && (used.has(id) || !/^[\w-]{1,200}$/.test(id))) return undefined;
  const wanted = Object.entries(fields).map(([field, fits]) => ({ key: field.replace('?', ''), field, fits }));
  const hasStrangers = Object.getOwnPropertyNames(input).some((name) => !wanted.some(({ key }) => key === name));
  const isRight = wanted.every(({ key, field, fits }) => {
    if (!Object.hasOwn(input, key)) return field.endsWith('?');
    return fits(input[key]) && String(input[key]).isWellFormed();
  });
  return isRight && !hasStrangers ? input : undefined;
}

/** The one object that the text is, or undefined. */
function parse(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && !Array.isArray(value) ? ((value ?? undefined) as typeof tools) : undefined;
  } catch {
    return undefined;
  }
}

const goodInput = fc.constantFrom<[string, Record<string, unknown>]>(
  ['Bash', { command: 'true', timeout: 1000 }],
  ['Bash', { command: 'echo "ü👀"\nls', description: 'x' }],
  ['Read', { file_path: 'sum.sh', offset: 0, limit: 1 }],
  ['Write', { file_path: 'a/b', content: '' }],
  ['Write', { file_path: 'a', content: '{"file_path": "b"}\u2028\u0000' }],
  ['Edit', { file_path: 'a', old_string: 'a', new_string: 'b', replace_all: true }],
);
const oddName = fc.constantFrom('', ' ', 'bash', 'Bash ', 'rm -rf', 'toString', '__proto__', 'constructor', 'ü\ud800');
const oddKey = fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', '', 'FILE_PATH', '\udc00', 'env');
const oddId = fc.constantFrom('', 'one', 'one', 'two words', 'ü', 'x'.repeat(201), '__proto__');
const oddText = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom('\ud800', 'a\udfffb', '', '\u0000', '../../etc/passwd', 'x'.repeat(501)) },
  { weight: 1, arbitrary: fc.constant('x'.repeat(4097)) },
);
const oddValue = fc.oneof(
  oddText,
  fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 1e21, [], {}, ['ls'], { __proto__: null, toString: 1 }),
  fc.jsonValue({ maxDepth: 2 }),
);

function nested(levels: number): string {
  return `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
}

/** Writes an object by hand, so that a key __proto__ is one, and a key may be there twice. */
function object(entries: readonly (readonly [string, string])[]): string {
  return `{${entries.map(([key, json]) => `${JSON.stringify(key)}: ${json}`).join(', ')}}`;
}

function entriesOf(input: Record<string, unknown>): [string, string][] {
  return Object.entries(input).map(([key, value]) => [key, JSON.stringify(value)]);
}

const good = goodInput.map(([name, input]): Call => ({ name, json: object(entriesOf(input)) }));

/** A right call, made wrong in one way; a few stay right. Every one is JSON or the beginning of it, so that the SDK reads on. */
const call: fc.Arbitrary<Call> = fc.oneof(
  good,
  fc.tuple(oddName, good).map(([name, { json }]) => ({ name, json })),
  fc.tuple(oddId, good).map(([id, one]) => ({ ...one, id })),
  fc.tuple(goodInput, fc.nat(), oddValue).map(([[name, input], at, value]) => {
    const entries = entriesOf(input);
    const [key] = entries[at % entries.length] ?? ['command'];
    return { name, json: object([...entries, [key, JSON.stringify(value)]]) };
  }),
  fc.tuple(goodInput, fc.nat()).map(([[name, input], at]) => {
    const entries = entriesOf(input);
    return { name, json: object(entries.toSpliced(at % entries.length, 1)) };
  }),
  fc.tuple(goodInput, oddKey, oddValue).map(([[name, input], key, value]) => {
    return { name, json: object([...entriesOf(input), [key, JSON.stringify(value)]]) };
  }),
  fc.tuple(goodInput, fc.integer({ min: 1, max: 40 })).map(([[name, input], levels]) => {
    return { name, json: object([...entriesOf(input), ['command', nested(levels)]]) };
  }),
  fc.tuple(good, fc.nat()).map(([one, at]) => ({ ...one, json: one.json.slice(0, at % one.json.length) })),
  fc
    .tuple(
      goodInput,
      fc.jsonValue({ maxDepth: 1 }).filter((value) => typeof value !== 'number'),
    )
    .map(([[name], value]) => ({ name, json: JSON.stringify(value) })),
);

/** No JSON that could become an object: the SDK reads no further, so this is the last call of its message. */
const garbage = fc
  .tuple(goodInput, fc.constantFrom('{]', '{"a": ls}', 'rm -rf /', '{"command": "ls"}}', "{'a': 1}", '-7', ' '))
  .map(([[name], json]): Call => ({ name, json }));

/** Runs whose tools only note what they were asked to do, one after the other. */
interface Fuzz extends AsyncDisposable {
  readonly bench: Bench;
  /** What the tools of the latest run were asked to do. */
  readonly ran: [string, unknown][];
  start(said: MessageReply): Promise<AgentRun>;
}

async function openFuzz(): Promise<Fuzz> {
  const ran: [string, unknown][] = [];
  let next: MessageReply = submit;
  const bench = await openBench(ground, (request) => (request.turn === 1 ? next : submit));
  const tool = async (name: string, input: unknown): Promise<ToolReply> => {
    ran.push([name, input]);
    return { text: 'ran', isError: false };
  };
  const box = { ...ground.box, tool, changes: async () => [] };
  return {
    bench,
    ran,
    start: (said) => {
      next = said;
      ran.length = 0;
      return bench.start({ box }, { journal: createJournal() });
    },
    [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
  };
}

describe('RL-33: a tool call that is wrong', () => {
  it('never runs, never ends the run and is always answered: 10,000 of them', async () => {
    await using fuzz = await openFuzz();
    const { bench, ran } = fuzz;
    const property = fc.asyncProperty(
      fc.array(call, { minLength: 199, maxLength: 199 }),
      garbage,
      async (most, bad) => {
        const calls = [...most, bad];
        const run = await fuzz.start(reply(...calls.map((one) => brokenToolUse(one.name, one.json, one.id))));
        expect(run.stop).toBe('submitted');
        const used = new Set<string>();
        const right = calls.map((one) => {
          const input = rightInput(one, used);
          if (one.id !== undefined) used.add(one.id);
          return input === undefined ? undefined : [one.name, input];
        });
        const told = bench.told(bench.standIn.requests.length);
        const answers = calls.map((one, at) => [
          one.name,
          one.json.slice(0, 200),
          one.id,
          told[at]?.startsWith('ERROR '),
        ]);
        expect(answers).toEqual(answers.map((one, at) => [...one.slice(0, 3), right[at] === undefined]));
        expect(ran.toSorted(byText)).toEqual(right.filter((one) => one !== undefined).toSorted(byText));
        expect(told).toHaveLength(200);
        expect(Math.max(...told.map((line) => line.length))).toBeLessThan(3_000);
        expect(isSound(bench.standIn.requests.at(-1)?.body)).toBe(true);
        expect(bench.standIn).toMatchObject({ refusals: [], prefixChanges: 0 });
      },
    );
    await fc.assert(property, { numRuns: 50, endOnFailure: true, reporter: failShortly });
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('ends the run when three turns had nothing else, whatever was wrong, and says so', async () => {
    const cut = truncatedToolUse('Write', '{"file_path": "half.sh", "content": "echo');
    const bad = [toolUse('Nope', {}), stopped('max_tokens', cut), brokenToolUse('Bash', '{"command": ls}')];
    await using bench = await openBench(ground, bad);
    expect(await bench.start()).toMatchObject({
      stop: 'no-progress',
      stopDetail: "The agent sent tool calls that can't run 3 times in a row.",
      usage: { turns: 3 },
    });
    expect(bench.standIn.refusals).toEqual([]);
  });

  it('is counted over a restart', async () => {
    await using bench = await openBench(ground, () => toolUse('Nope', {}));
    const killed = new Error('killed');
    const steering = async () => {
      if (bench.standIn.requests.length === 2) throw killed;
      return [];
    };
    await expect(bench.start({}, { steering })).rejects.toBe(killed);
    expect(await bench.start()).toMatchObject({ stop: 'no-progress', usage: { turns: 3 } });
  });

  it.each([
    ['nests deeper than anybody can write down', nested(100_000)],
    ['has a key of a megabyte', `{"${'x'.repeat(1_000_000)}": 1}`],
    ['has ten thousand keys', object(Array.from({ length: 10_000 }, (_, at) => [`k${at}`, '1']))],
    ['is a command of a megabyte', object([['command', `"${'x'.repeat(1_000_000)}"`]])],
  ])('is answered shortly when it %s', async (_, json) => {
    await using bench = await openBench(ground, [brokenToolUse('Bash', json), submit]);
    expect((await bench.start()).stop).toBe('submitted');
    expect(bench.told(2)).toEqual([expect.stringMatching(/^ERROR [^]{1,2500}$/)]);
    expect(bench.standIn.refusals).toEqual([]);
  });

  it('beside half of a character in what is said, is sent back as the API takes it', async () => {
    await using bench = await openBench(ground, [reply(text('Look: \ud83d'), toolUse('Nope', {})), submit]);
    expect((await bench.start()).stop).toBe('submitted');
    expect(isSound(bench.standIn.requests[1]?.body)).toBe(true);
  });
});

/** A counterexample would fill screens; the seed finds it again. */
function failShortly<T>({ failed, seed, errorInstance }: fc.RunDetails<T>): void {
  if (failed)
    throw new Error(`With seed ${seed}: ${errorInstance instanceof Error ? errorInstance.message : ''}`, {
      cause: errorInstance,
    });
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a).localeCompare(JSON.stringify(b));
}

/** The API refuses a body that holds half of a surrogate pair. */
function isSound(body: unknown): boolean {
  let sound = true;
  JSON.parse(JSON.stringify(body), (key, value: unknown) => {
    sound &&= key.isWellFormed() && (typeof value !== 'string' || value.isWellFormed());
    return value;
  });
  return sound;
}
