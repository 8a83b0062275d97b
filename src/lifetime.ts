import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { flushLog } from './log.ts';

/** What the process runs. */
export interface Running {
  stop(): Promise<void>;
  /** What is being stopped just now, for the person who wonders why that takes so long. */
  stopping?(): string | undefined;
}

export interface LifetimeOptions {
  /** Still starting, perhaps: then it is stopped as soon as it has started. */
  readonly app: Promise<Running>;
  readonly log: Logger;
  /** How long ending in order may take, in milliseconds. Supervisors are used to kill after thirty seconds. */
  readonly deadlineMs?: number;
}

/** A signal that comes twice within this time, in milliseconds, is one: at ^C the terminal sends it to us, and npm passes on its own. */
const echoMs = 1_000;

/** For the log's last lines, in milliseconds. */
const lastWordsMs = 500;

/**
 * Sees to the end of the process. SIGTERM and SIGINT stop the app in order, exit code 0; a second one ends it at once. An error that
 * nobody caught is logged and stops the app in the same way, because its jobs have to be handed back, exit code 1. What takes longer
 * than the deadline is named in the log and the process ends as failed.
 */
export function superviseProcess({ app, log, deadlineMs = 29_000 }: LifetimeOptions): void {
  let since: number | undefined;
  let exitCode = 0;

  function begin(): void {
    if (since !== undefined) return;
    since = performance.now();
    const stage = { name: 'the start' };
    setTimeout(() => void giveUp(stage, { app, log, deadlineMs }), deadlineMs);
    void endInOrder(stage, { app, log }).then((isStopped) => process.exit(isStopped ? exitCode : 1));
  }

  for (const signal of signals) {
    process.on(signal, () => {
      if (since !== undefined && performance.now() - since > echoMs) endNow(signal);
      if (since === undefined) log.info({ signal }, 'stopping');
      begin();
    });
  }
  for (const origin of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(origin, (error: unknown) => {
      exitCode = 1;
      log.fatal({ err: error, origin }, 'unexpected error: the process hands its jobs back and ends');
      begin();
    });
  }
}

const signals = ['SIGTERM', 'SIGINT'] as const;

/** How far the end has come. */
interface Stage {
  name: string;
  running?: Running;
}

/** Whether the app stopped without an error. */
async function endInOrder(stage: Stage, { app, log }: Pick<LifetimeOptions, 'app' | 'log'>): Promise<boolean> {
  const stopped = await stopApp(stage, app).then(
    () => true,
    (error: unknown) => {
      log.error({ err: error }, 'not everything stopped in order');
      return false;
    },
  );
  stage.name = 'file or name server requests of the system';
  await flushLog(log, lastWordsMs);
  // `process.exit` waits for the threads that do such requests, and a hanging disk or name server would make it wait for ever.
  while (process.getActiveResourcesInfo().some(isInThread)) await sleep(50);
  return stopped;
}

/** An app that does not even start says so itself. */
async function stopApp(stage: Stage, app: Promise<Running>): Promise<void> {
  const running = await app.catch(() => undefined);
  stage.name = 'the app';
  if (running) stage.running = running;
  await running?.stop();
  delete stage.running;
}

function isInThread(resource: string): boolean {
  return /^(FSReq|FileHandle|GetAddrInfo|GetNameInfo)/.test(resource);
}

async function giveUp({ name, running }: Stage, { log, deadlineMs }: Required<LifetimeOptions>): Promise<void> {
  const hung = running?.stopping?.() ?? name;
  log.fatal({ hung, afterMs: deadlineMs }, 'not stopped in time, the process is ended as it is');
  await flushLog(log, lastWordsMs);
  await sleep(50); // the log's own write is over only after it has said so
  if (process.getActiveResourcesInfo().some(isInThread)) process.kill(process.pid, 'SIGKILL');
  process.exit(1);
}

/** As if we had never listened for it: the system ends the process, and whoever started it sees by which signal. */
function endNow(signal: NodeJS.Signals): void {
  for (const each of signals) process.removeAllListeners(each);
  process.kill(process.pid, signal);
}
