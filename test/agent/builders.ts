import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { buildPrompt, runAgent } from '../../src/agent/index.ts';
import type { AgentDeps, AgentRunInput, Task } from '../../src/agent/index.ts';
import type { AgentRun, ChangeSet, Checkout, JobProgress } from '../../src/domain/index.ts';
import { createModel } from '../../src/model/index.ts';
import { createSandbox, type Box } from '../../src/sandbox/index.ts';
import type { Journal, JournalEntry } from '../../src/store/index.ts';
import type { AgentDefinition } from '../../src/team/index.ts';
import { startModel, type ModelOptions, type ModelStandIn, type Script } from '../stand-ins/model/index.ts';

const run = promisify(execFile);

/** What the agent finds: a function with a mistake in it, and a test that does not see it. */
export const files: Readonly<Record<string, string>> = {
  'sum.sh': 'sum() { echo $(($1 - $2)); }\n',
  'test.sh': '. ./sum.sh\n[ "$(sum 0 0)" = 0 ] && echo ok\n',
};

/** A repository with one commit, its git directory outside the work tree, as a box takes it. */
export async function aCheckout(root: string): Promise<Checkout> {
  const tree = join(root, 'tree');
  await mkdir(tree);
  await restoreFiles(tree);
  const git = (...args: string[]) =>
    run('git', ['-C', tree, '-c', 'user.name=T', '-c', 'user.email=t@example.com', ...args]);
  await git('init', '-q', '-b', 'main');
  await git('add', '.');
  await git('commit', '-q', '-m', 'Add sum');
  const gitDir = join(root, 'git');
  await rename(join(tree, '.git'), gitDir);
  const home = join(root, 'home');
  await mkdir(home);
  return { tree, gitDir, objects: join(gitDir, 'objects'), home };
}

/** Makes the work tree hold the base commit's files and nothing else. */
export async function restoreFiles(tree: string): Promise<void> {
  const strangers = (await readdir(tree)).filter((name) => name !== '.git');
  await Promise.all(strangers.map((name) => rm(join(tree, name), { recursive: true })));
  await Promise.all(Object.entries(files).map(([path, text]) => writeFile(join(tree, path), text)));
}

export const aTask: Task = {
  issue: { number: 7, title: 'sum subtracts', body: 'sum 2 3 should be 5.', author: 'mona' },
  comments: [],
  instruction: '',
  instructions: [],
  peculiarities: [],
  checks: [{ name: 'test', command: 'sh test.sh' }],
  commitSubjects: ['Add sum'],
  baseline: [],
};

/** An issue, and nothing else that a prompt is made of. */
export const emptyTask: Task = {
  issue: { number: 7, title: 'Orders', body: 'Page them.', author: 'mona' },
  comments: [],
  instruction: '',
  instructions: [],
  peculiarities: [],
  checks: [],
  commitSubjects: [],
  baseline: [],
};

export const aDefinition: AgentDefinition = {
  name: 'tester',
  description: 'Tries the loop',
  tools: ['Bash', 'Read', 'Write', 'Edit', 'Grep'],
  model: 'sonnet',
  prompt: 'You are a tester.',
};

/** Long enough to be cached, so that a changed prefix would also cost. */
export const aPrompt = buildPrompt({
  definition: aDefinition,
  knowledge: '- Be careful.\n'.repeat(400),
  task: aTask,
  delimiter: 'abcdef0123456789',
});

export const aSubmission = {
  title: 'Add instead of subtracting',
  summary: 'sum used minus.',
  tests: [{ name: 'test.sh', proves: '2 and 3 are 5' }],
  recommendations: [{ to: 'qa-engineer', text: 'Try negative numbers.' }],
  checklist: [{ item: 'Unit and integration tests', state: 'done' as const, evidence: 'test.sh' }],
};

/** The contract of the store's journal, in memory; what goes in and out is JSON. */
export function createJournal(): Journal & { readonly kept: JournalEntry[] } {
  const kept: JournalEntry[] = [];
  const named = new Map<string, string>();
  let changes: ChangeSet = [];
  const add = (kind: string, data: unknown) => {
    kept.push({ seq: kept.length + 1, kind, data: JSON.parse(JSON.stringify(data)), at: new Date(0).toISOString() });
  };
  return {
    kept,
    once: async (name, produce) => {
      const before = named.get(name);
      const text = before ?? JSON.stringify(await produce());
      named.set(name, text);
      return JSON.parse(text) as Awaited<ReturnType<typeof produce>>;
    },
    append: async (kind, data) => {
      add(kind, data);
    },
    entries: async (...kinds) => kept.filter(({ kind }) => kinds.length === 0 || kinds.includes(kind)),
    saveChanges: async (now) => {
      changes = now;
      add(
        'changes',
        now.map(({ path, type }) => ({ path, type })),
      );
    },
    latestChanges: async () => changes,
  };
}

/** A repository in a box, shared by the tests of a file: each test begins with the base commit's files. */
export interface Ground extends AsyncDisposable {
  readonly box: Box;
  readonly checkout: Checkout;
}

export async function openGround(): Promise<Ground> {
  const root = await mkdtemp(join(tmpdir(), 'agent-'));
  const checkout = await aCheckout(root);
  const sandbox = createSandbox({ kind: 'bubblewrap', nodePath: process.execPath });
  const box = await sandbox.open({ checkout, signal: new AbortController().signal });
  return {
    box,
    checkout,
    [Symbol.asyncDispose]: async () => {
      await box[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** A run with everything real but the model behind the wire. */
export interface Bench extends AsyncDisposable {
  readonly standIn: ModelStandIn;
  readonly journal: ReturnType<typeof createJournal>;
  readonly progress: JobProgress[];
  /** US dollars per call. */
  readonly spent: number[];
  /** Starts the run, or takes it up again from the same journal. */
  start(input?: Partial<AgentRunInput>, deps?: Partial<AgentDeps>): Promise<AgentRun>;
  /** The tool results and texts of the last message of the n-th request, from 1; results that are errors begin with ERROR. */
  told(request: number): readonly string[];
}

export async function openBench({ box, checkout }: Ground, script: Script, options: ModelOptions = {}): Promise<Bench> {
  await restoreFiles(checkout.tree);
  const standIn = await startModel(script, options);
  const journal = createJournal();
  const progress: JobProgress[] = [];
  const spent: number[] = [];
  const deps: AgentDeps = {
    model: createModel({ apiKey: standIn.apiKey, baseUrl: standIn.url, wait: async () => undefined }),
    journal,
    report: (item) => progress.push(item),
    spent: (usd) => {
      spent.push(usd);
    },
    steering: async () => [],
    now: () => 0,
  };
  const { signal } = new AbortController();
  const input: AgentRunInput = {
    ...{ prompt: aPrompt, definition: aDefinition, box, attempt: 1, wantedModel: 'sonnet', signal },
    budget: { usd: 5, turns: 50, minutes: 60 },
  };
  return {
    ...{ standIn, journal, progress, spent },
    start: (more, otherDeps) => runAgent({ ...input, ...more }, { ...deps, ...otherDeps }),
    told: (request) => toldIn(standIn, request),
    [Symbol.asyncDispose]: () => standIn[Symbol.asyncDispose](),
  };
}

function toldIn(standIn: ModelStandIn, request: number): readonly string[] {
  const content = standIn.requests[request - 1]?.body.messages.at(-1)?.content ?? [];
  if (typeof content === 'string') return [content];
  return content.map((block) => {
    if (block.type === 'text') return block.text;
    if (block.type !== 'tool_result') return block.type;
    return `${block.is_error === true ? 'ERROR ' : ''}${typeof block.content === 'string' ? block.content : ''}`;
  });
}

/** The work tree's changes as path and text. */
export function asText(changes: ChangeSet): Record<string, string> {
  return Object.fromEntries(
    changes.map((change) => [change.path, change.type === 'put' ? Buffer.from(change.bytes).toString() : '(deleted)']),
  );
}
