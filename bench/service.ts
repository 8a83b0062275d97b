import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { readCpu } from './procfs.ts';

/** The product as an operator starts it: `node src/main.ts`. */
export interface Service extends AsyncDisposable {
  readonly url: string;
  readonly webhookUrl: string;
  readonly pid: number;
  /** From the start of the process until `/readyz` answered 200. */
  readonly readyMs: number;
  /** CPU of the process until then. */
  readonly readyCpuMs: number;
  /** Ends it as an operator would, or as a power cut would. */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** As `npm start` does. */
const asStarted = ['--max-semi-space-size=4'];
const source = join(import.meta.dirname, '../src/main.ts');

/** Starts the service with nothing in its environment but these variables. Throws with its last words when it ends instead. */
export async function startService(
  variables: Readonly<Record<string, string>> & { readonly DATA_DIR: string },
  nodeArguments: readonly string[] = asStarted,
): Promise<Service> {
  const port = await freePort();
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...nodeArguments, source], {
    cwd: variables.DATA_DIR,
    env: { PATH: process.env['PATH'], HOME: variables.DATA_DIR, LOG_FORMAT: 'json', ...variables, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  while (!(await isReady(url))) {
    if (child.exitCode !== null) throw new Error(`The service did not start: ${said}`);
    await sleep(5);
  }
  const pid = child.pid ?? 0;
  const stop = async (signal: 'SIGTERM' | 'SIGKILL') => {
    child.kill(signal);
    await ended;
  };
  return {
    url,
    webhookUrl: `${url}/api/github/webhooks`,
    pid,
    readyMs: performance.now() - startedAt,
    readyCpuMs: readCpu(pid),
    stop,
    [Symbol.asyncDispose]: () => stop('SIGKILL'),
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`)).status === 200;
  } catch {
    return false; // nothing listens yet
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server's address is never a string
  server.close();
  await once(server, 'close');
  return port;
}
