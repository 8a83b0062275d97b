import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import type { InnerHold, Word } from './wire.ts';

/** One running app process. */
export interface AppProcess {
  readonly pid: number;
  /** Where it takes deliveries. */
  readonly url: string;
  /** Replaces where it holds. */
  holdAt(holds: readonly InnerHold[]): void;
  /** Collects its garbage; it says what is left. */
  collect(): void;
  signal(name: NodeJS.Signals): void;
  /** `kill -9`; resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code and the milliseconds it took. What has not ended after a minute is killed: no exit code then. */
  stop(): Promise<{ readonly code: number | null; readonly ms: number }>;
  readonly isAlive: () => boolean;
}

export interface Start {
  readonly environment: Readonly<Record<string, string>>;
  readonly holds?: readonly InnerHold[];
  /** File for what it logs. */
  readonly log: string;
  readonly hear: (word: Word) => void;
}

/** Twice what a supervisor waits, in milliseconds. */
const stopMs = 60_000;

const program = join(import.meta.dirname, 'child/main.ts');

/** Starts an app process and waits until it takes deliveries and jobs. Rejects with what it said when it does not. */
export async function startProcess({ environment, holds = [], log, hear }: Start): Promise<AppProcess> {
  const output = createWriteStream(log, { flags: 'a' });
  const child = fork(program, {
    env: environmentOf(environment, holds),
    silent: true,
    execArgv: ['--max-semi-space-size=4'],
  });
  child.stdout?.pipe(output, { end: false });
  child.stderr?.pipe(output, { end: false });
  const exited = once(child, 'exit').then(() => {
    output.end();
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.on('message', (message) => {
      const word = message as Word; // child/main.ts says nothing else
      hear(word);
      if (word.type === 'ready') resolve(word.url);
      if (word.type === 'failed') reject(new Error(`The app did not start: ${word.message}`));
    });
    child.once('exit', (code, signal) => {
      reject(new Error(`The app ended at its start (${String(code ?? signal)}); see ${log}.`));
    });
  });
  return running(child, { url, exited });
}

function running(child: ChildProcess, { url, exited }: { url: string; exited: Promise<void> }): AppProcess {
  const isAlive = () => child.exitCode === null && child.signalCode === null;
  return {
    pid: child.pid ?? 0,
    url,
    isAlive,
    holdAt: (holds) => {
      child.send({ type: 'orders', holds });
    },
    collect: () => {
      child.send({ type: 'collect' });
    },
    signal: (name) => {
      child.kill(name);
    },
    kill: async () => {
      if (isAlive()) child.kill('SIGKILL');
      await exited;
    },
    stop: async () => {
      const startedAt = performance.now();
      if (isAlive()) child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), stopMs);
      await exited;
      clearTimeout(late);
      return { code: child.exitCode, ms: performance.now() - startedAt };
    },
  };
}

function environmentOf(environment: Start['environment'], holds: readonly InnerHold[]): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    NODE_ENV: 'test',
    NO_COLOR: '1',
    ...environment,
    FAULTS_ORDERS: JSON.stringify(holds),
  };
}
