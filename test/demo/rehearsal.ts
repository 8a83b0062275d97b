import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reply, text, toolUse, type MessageReply, type ModelRequest, type Script } from '../stand-ins/model/index.ts';

/** An issue with its solution, kept beside a fixture repository. */
export interface FixtureTask {
  readonly title: string;
  readonly body: string;
  /** Path → whole content of a right solution, tests included. */
  readonly changes: Readonly<Record<string, string>>;
  /** The same with a mistake that the tests find. */
  readonly wrong: Readonly<Record<string, string>>;
  readonly testFile: string;
  /** What the model hands in; a plain one is made up for a task without. */
  readonly submission?: unknown;
}

export interface Fixture {
  readonly name: string;
  /** The repository's folder. */
  readonly folder: string;
  readonly task: FixtureTask;
  readonly testCommand: string;
}

const testCommands: Readonly<Record<string, string>> = {
  'node-orders': 'npm test',
  'python-inventory': 'python3 -m unittest discover',
  'go-shortener': 'go test ./...',
};

/** A small real repository and the issue that goes with it. */
export function loadFixture(name: string): Fixture {
  const root = join(import.meta.dirname, '../fixtures/repositories');
  const task = JSON.parse(readFileSync(join(root, `${name}.task.json`), 'utf8')) as FixtureTask; // ours, beside the code
  return { name, folder: join(root, name), task, testCommand: testCommands[name] ?? 'make test' };
}

/** How a rehearsed run goes: `honest` gets it right at once, `hasty` claims success over a mistake and has to mend it. */
export type Manner = 'honest' | 'hasty';

/**
 * A model that knows the fixtures' issues by heart and nothing else. It works with the same tools a real one would use, in the real
 * box; for any other issue it says that it is only a rehearsal.
 */
export function rehearse(fixtures: readonly Fixture[], manner: Manner): Script {
  return (request, turn) => {
    const fixture = fixtures.find(({ task }) => asksFor(request, task.title));
    if (!fixture || isAfter(request)) return unknownWish(request);
    const steps = manner === 'hasty' ? hastySteps(fixture) : honestSteps(fixture);
    return steps[turn - 1] ?? submit(fixture);
  };
}

function asksFor(request: ModelRequest, title: string): boolean {
  return JSON.stringify(request.body.messages[0]).includes(JSON.stringify(title).slice(1, -1));
}

function honestSteps(fixture: Fixture): readonly MessageReply[] {
  return [
    look(fixture),
    write(fixture.task.changes, 'Now the change and its tests.'),
    runTests(fixture),
    submit(fixture),
  ];
}

function hastySteps(fixture: Fixture): readonly MessageReply[] {
  const { changes, wrong } = fixture.task;
  const mended = Object.fromEntries(Object.entries(changes).filter(([path, content]) => wrong[path] !== content));
  return [
    look(fixture),
    write(wrong, 'Now the change and its tests.'),
    submit(fixture),
    write(mended, 'The host ran the tests and one fails: my mistake. I will mend it and run them myself this time.'),
    runTests(fixture),
    submit(fixture),
  ];
}

function look({ folder, task }: Fixture): MessageReply {
  const known = Object.keys(task.changes).filter((path) => existsSync(join(folder, path)));
  const tests = toolUse('Grep', { pattern: 'test|Test', output_mode: 'files_with_matches' });
  return reply(
    text('I will read the code this touches first.'),
    ...known.map((path) => toolUse('Read', { file_path: path })),
    tests,
  );
}

function write(changes: Readonly<Record<string, string>>, why: string): MessageReply {
  const writes = Object.entries(changes).map(([path, content]) => toolUse('Write', { file_path: path, content }));
  return reply(text(why), ...writes);
}

function runTests({ testCommand }: Fixture): MessageReply {
  return toolUse('Bash', { command: testCommand, description: "Run the repository's tests" });
}

function submit({ task }: Fixture): MessageReply {
  return toolUse('Submit', task.submission ?? plainSubmission(task));
}

function plainSubmission(task: FixtureTask) {
  return {
    title: task.title.length > 70 ? `${task.title.slice(0, 69)}…` : task.title,
    summary: `${task.title}.\n\nThe change keeps to the repository's own structure: the new behaviour sits beside the code it belongs to, input is validated at the edge, and errors use the format that is there already. Start reading at \`${Object.keys(task.changes)[0] ?? ''}\`.`,
    tests: [
      {
        name: task.testFile,
        proves: 'each point of the issue, the limits of every value, and that what worked before still works',
      },
    ],
    recommendations: [
      {
        to: 'documentation-expert',
        text: 'The README names the new behaviour; an API description, should there be one elsewhere, needs it too.',
      },
      { to: 'performance-engineer', text: 'Data is kept in memory here; behind a database this needs an index.' },
    ],
    checklist: checklist(task.testFile),
  };
}

function checklist(testFile: string) {
  const none = (item: string, evidence: string) => ({ item, state: 'not applicable', evidence });
  return [
    { item: 'Input validation', state: 'done', evidence: `invalid values are refused; see ${testFile}` },
    none('Authentication and authorization', 'the service has none'),
    { item: 'Error handling and logging', state: 'done', evidence: "the service's own error format" },
    none('Database transactions', 'data is kept in memory'),
    { item: 'API documentation', state: 'done', evidence: 'README.md' },
    { item: 'Rate limiting', state: 'open', evidence: 'the service has none' },
    none('CORS configuration', 'no browser client'),
    none('Environment variables', 'no new ones'),
    { item: 'Unit and integration tests', state: 'done', evidence: testFile },
  ];
}

/** What is asked once there is a pull request, or of the code, nobody can know by heart. */
function isAfter(request: ModelRequest): boolean {
  return JSON.stringify(request.body.messages[0]).includes('# The pull request') || !takes(request).includes('tests');
}

/** The fields of what the run hands in. */
function takes({ body }: ModelRequest): readonly string[] {
  const schema = body.tools?.find(({ name }) => name === 'Submit')?.input_schema;
  return Object.keys(schema?.properties ?? {});
}

const rehearsalOnly =
  'this is a rehearsal: the model here knows only its prepared issues by heart. Set ANTHROPIC_API_KEY and start the demo again to have a real model work on it';

function unknownWish(request: ModelRequest): MessageReply {
  const everything = {
    ...{ title: 'Nothing to change', summary: 'No model read this.', commit: 'Nothing to change' },
    ...{ tests: [], recommendations: [], checklist: [], replies: [], nothingToChange: rehearsalOnly },
    ...{ answer: rehearsalOnly, approach: rehearsalOnly, criteria: ['A real model reads this.'], files: [], risks: [] },
    ...{ estimate: { usd: 0, minutes: 1 }, questions: [] },
  };
  const fields = takes(request);
  return toolUse('Submit', Object.fromEntries(Object.entries(everything).filter(([name]) => fields.includes(name))));
}
