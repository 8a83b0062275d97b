import { fork } from 'node:child_process';
import { join } from 'node:path';

/** A program of `bench/processes` in a process of its own, so that its work is not counted with what is measured. */
export interface Child extends AsyncDisposable {
  /** Sends a command and resolves with the answer of the program's handler of that name. */
  ask(command: string, input?: unknown): Promise<unknown>;
}

interface Question {
  readonly id: number;
  readonly command: string;
  readonly input: unknown;
}

interface Answer {
  readonly id: number;
  readonly output?: unknown;
  readonly error?: string;
}

/** Starts `bench/processes/<name>.ts`. Disposing it ends the process. */
export function startChild(name: string, nodeArguments: readonly string[] = []): Child {
  const file = join(import.meta.dirname, 'processes', `${name}.ts`);
  const child = fork(file, { execArgv: [...nodeArguments], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const ended = Promise.withResolvers<undefined>();
  let lastId = 0;
  child.on('message', (message) => {
    const { id, output, error } = message as Answer; // sent by `serveCommands` below
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.resolve(output);
    else asked?.reject(new Error(`${name}: ${error}`));
  });
  child.on('exit', (code) => {
    for (const asked of waiting.values()) asked.reject(new Error(`${name} ended with ${code}.`));
    ended.resolve(undefined);
  });
  return {
    ask(command, input) {
      const asked = Promise.withResolvers<unknown>();
      waiting.set((lastId += 1), asked);
      child.send({ id: lastId, command, input } satisfies Question);
      return asked.promise;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended.promise;
    },
  };
}

export type Command = (input: never) => unknown;

/** The other side: answers each command with what its handler returns, until the starter is gone. */
export function serveCommands(handlers: Readonly<Record<string, Command>>): void {
  process.on('disconnect', () => process.exit(0));
  process.on('message', (message) => {
    const { id, command, input } = message as Question; // sent by `ask` above
    run(handlers[command], input).then(
      (output) => process.send?.({ id, output } satisfies Answer),
      (error: unknown) => process.send?.({ id, error: String(error) } satisfies Answer),
    );
  });
}

/** Command and input belong together by the name they were sent under. */
async function run(handler: Command | undefined, input: unknown): Promise<unknown> {
  if (handler === undefined) throw new Error('There is no such command.');
  return handler(input as never);
}
