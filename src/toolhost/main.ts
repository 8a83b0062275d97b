/** The program inside the box: runs the tools there and answers over its standard streams. Uses nothing but Node. */
import { readFileSync, realpathSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { applyChanges } from './apply.ts';
import { createShell } from './bash.ts';
import { readChanges, type WireChange } from './changes.ts';
import { editTool, writeTool } from './edit.ts';
import type { Place, SeenFiles } from './files.ts';
import { createGit, GitError } from './git.ts';
import { grepTool } from './grep.ts';
import { type Input, quote, RefusedError, ToolError, type ToolReply } from './input.ts';
import { readTool } from './read.ts';
import { readFrames, writeFrame } from './wire.ts';

/** What the host sends. It is ours and not checked again. */
type Request = { readonly id: string } & (
  | { readonly op: 'tool'; readonly name: string; readonly input: Input }
  | { readonly op: 'exec'; readonly command: string; readonly timeoutMs: number }
  | { readonly op: 'changes' }
  | { readonly op: 'apply'; readonly changes: readonly WireChange[] }
  | { readonly op: 'ping' }
);

type Tool = (input: Input) => ToolReply | Promise<ToolReply>;

serve();

/** The first frame says where we are; every other one is a request. */
function serve(): void {
  let perform: Promise<Perform> | undefined;
  readFrames(process.stdin, (frame) => {
    if (perform === undefined) perform = begin(frame as Place);
    else void answer(frame as Request, perform);
  });
}

type Perform = (request: Request) => Promise<unknown>;

async function begin(given: Place): Promise<Perform> {
  const place = withRealPaths(given);
  const shell = createShell(place);
  const git = createGit(place, `${import.meta.dirname}/excludes`);
  const tools = createTools(place, shell.tool);
  const inTurn = createTurns();

  function perform(request: Request): Promise<unknown> {
    switch (request.op) {
      case 'tool':
        return runTool(tools, request.name, request.input);
      case 'exec':
        return shell.exec(request.command, request.timeoutMs);
      case 'changes':
        return inTurn(() => withFreshGit(git.reset, () => readChanges(place, git)));
      case 'apply':
        return inTurn(() => withFreshGit(git.reset, () => applyChanges(place, git, request.changes)));
      case 'ping':
        return Promise.resolve({});
    }
  }

  if (place.proxy !== undefined) await startRelay(place.proxy);
  process.stdin.once('end', () => void shell.end().finally(() => process.exit(0)));
  const evidence = ['status', 'net/dev', 'mountinfo'].map((name) => readFileSync(`/proc/self/${name}`, 'latin1'));
  writeFrame(process.stdout, { id: 'ready', value: evidence });
  return perform;
}

/** The folders are resolved once, so that later comparisons are between real paths. */
function withRealPaths(place: Place): Place {
  return { ...place, root: realpathSync(place.root), temp: realpathSync(place.temp), home: realpathSync(place.home) };
}

function createTools(place: Place, bash: Tool): ReadonlyMap<string, Tool> {
  const seen: SeenFiles = new Map();
  return new Map<string, Tool>([
    ['Bash', bash],
    ['Read', (input) => readTool(place, seen, input)],
    ['Write', (input) => writeTool(place, seen, input)],
    ['Edit', (input) => editTool(place, seen, input)],
    ['Grep', (input) => grepTool(place, input)],
  ]);
}

/** What a tool finds wrong, and what goes wrong in it, are both for the model to read. */
async function runTool(tools: ReadonlyMap<string, Tool>, name: string, input: Input): Promise<ToolReply> {
  try {
    const tool = tools.get(name);
    if (tool === undefined) throw new ToolError(`There is no tool ${quote(name)}.`);
    return await tool(input);
  } catch (error) {
    return { text: error instanceof Error ? error.message : String(error), isError: true };
  }
}

/** One after the other: index and object folder are shared. */
function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
}

/** Our index lies where the agent's programs can damage it: git gets a second try with a new one. After that the tree is at fault. */
async function withFreshGit<T>(reset: () => void, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
  }
  reset();
  return work().catch((error: unknown) => {
    throw error instanceof GitError ? new RefusedError(error.message, { cause: error }) : error;
  });
}

async function answer(request: Request, ready: Promise<Perform>): Promise<void> {
  try {
    const perform = await ready;
    writeFrame(process.stdout, { id: request.id, value: (await perform(request)) ?? {} });
  } catch (error) {
    const kind = error instanceof RefusedError ? 'refused' : 'failed';
    const message = error instanceof Error ? error.message : String(error);
    writeFrame(process.stdout, { id: request.id, error: { kind, message } });
  }
}

/** Listens on the box's own loopback and hands every connection to the allow-list proxy's socket: the only way out there is. */
function startRelay(proxy: { readonly port: number; readonly socket: string }): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (inside) => {
    const outside = connect({ path: proxy.socket, allowHalfOpen: true });
    inside.on('error', () => outside.destroy());
    outside.on('error', () => inside.destroy());
    inside.pipe(outside);
    outside.pipe(inside);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(proxy.port, '127.0.0.1', resolve);
  });
}
