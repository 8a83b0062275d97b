import { pino, type Logger } from 'pino';
import type { Config } from './config.ts';
import { openLogSink } from './log-sink.ts';

/**
 * The process's log on its standard output. Nothing that happens to whoever reads it, or fails to, holds up the process: lines wait
 * in bounded memory, then are dropped, and once it flows again a warning says how many are missing. `flush` (pino's own, with a
 * callback) calls back when everything so far is written.
 */
export async function createLog({ level, format }: Config['log']): Promise<Logger> {
  const render = format === 'pretty' ? await prettyRenderer() : (line: string) => line;
  const sink = openLogSink((dropped) => {
    log.warn({ dropped }, 'nobody read the log for a while: lines are missing here');
  });
  const destination = {
    write(line: string) {
      sink.write(render(line));
    },
    flush(done: () => void) {
      sink.flush(done);
    },
  };
  const log = pino({ level }, destination);
  return log;
}

/** In this thread: pino's usual way, a thread of its own, has no bound on what waits there. Loaded only where somebody wants it. */
async function prettyRenderer(): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty');
  return prettyFactory({});
}

/** Resolves when the log is written out, or after that many milliseconds. */
export async function flushLog(log: Logger, withinMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, withinMs);
    log.flush(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
