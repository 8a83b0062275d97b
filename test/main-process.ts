import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

export const mainFile = join(import.meta.dirname, '../src/main.ts');

/** A process of ours as its supervisor sees it. */
export interface Process extends AsyncDisposable {
  readonly child: ChildProcess;
  /** Resolves once the standard output contains the text; rejects when the process ends first. */
  says(text: string): Promise<void>;
  /** Everything on the standard output, as lines; from the first call on it is read. */
  readonly output: () => readonly string[];
  /** How it ended, and everything it said on its standard error. */
  readonly end: Promise<{ readonly code: number | null; readonly signal: string | null; readonly stderr: string }>;
}

export interface ProcessOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Put before the command, to run it in other surroundings. */
  readonly wrapper?: readonly string[];
  /** Nobody reads its standard output until `output` is called. */
  readonly unread?: boolean;
}

/** Starts Node on a file of ours with nothing in its environment but these variables; killed at the end of its scope. */
export function startProcess(args: readonly string[], options: ProcessOptions = {}): Process {
  const [command = '', ...rest] = [...(options.wrapper ?? []), process.execPath, ...args];
  const env = { PATH: process.env['PATH'], HOME: '/nonexistent', NODE_ENV: 'test', ...options.environment };
  const child = spawn(command, rest, { env, stdio: 'pipe' });
  const said = { stdout: '', stderr: '' };
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  const listen = () => {
    if (child.stdout.listenerCount('data') === 0)
      child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  };
  if (!options.unread) listen();
  const end = once(child, 'exit').then(([code, signal]: readonly (number | string | null)[]) => ({
    code: code as number | null, // Node's documented arguments of `exit`
    signal: signal as string | null,
    get stderr() {
      return said.stderr;
    },
  }));
  return {
    child,
    end,
    output: () => {
      listen();
      return said.stdout.split('\n').filter((line) => line !== '');
    },
    async says(text) {
      listen();
      while (!said.stdout.includes(text)) {
        const heard = once(child.stdout, 'data').then(() => 'more' as const);
        if ((await Promise.race([heard, end])) !== 'more' && !said.stdout.includes(text))
          throw new Error(`It ended without saying ${text}: ${said.stderr}`);
      }
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await end;
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server's address is never a string
  server.close();
  await once(server, 'close');
  return port;
}
