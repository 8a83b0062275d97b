import { pino, type Logger } from 'pino';
import type { Config } from './config.ts';
import type { LeakScan } from './leaks/index.ts';
import { openLogSink } from './log-sink.ts';

/**
 * The process's log on its standard output. Nothing that happens to whoever reads it, or fails to, holds up the process: lines wait
 * in bounded memory, then are dropped, and once it flows again a warning says how many are missing. `flush` (pino's own, with a
 * callback) calls back when everything so far is written.
 */
export async function createLog({ level, format }: Config['log'], leaks?: LeakScan): Promise<Logger> {
  const render = format === 'pretty' ? await prettyRenderer() : (line: string) => line;
  const clean = (line: string) => withoutControls(leaks?.redact(line) ?? line);
  const sink = openLogSink((dropped) => {
    log.warn({ dropped }, 'nobody read the log for a while: lines are missing here');
  });
  const destination = {
    write(line: string) {
      sink.write(clean(render(shortened(line))));
    },
    flush(done: () => void) {
      sink.flush(done);
    },
  };
  const log = pino({ level }, destination);
  return log;
}

/** Longer lines, in characters, are none that anybody reads. */
const longestLine = 32_768;

function shortened(line: string): string {
  if (line.length <= longestLine) return line;
  const level = Number(/"level":(\d+)/.exec(line)?.[1] ?? 40);
  const start = line.slice(0, longestLine / 8).toWellFormed();
  return `${JSON.stringify({ level, time: Date.now(), length: line.length, start, msg: 'a line was too long for the log' })}\n`;
}

/** A line of the log is one line and text: whatever else is in it could move a terminal's cursor, or forge another line. */
function withoutControls(line: string): string {
  return line.replace(/(?!\n)[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** In this thread: pino's usual way, a thread of its own, has no bound on what waits there. Loaded only where somebody wants it. Without colours: an escape in the log is somebody else's. */
async function prettyRenderer(): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty');
  const render = prettyFactory({ colorize: false });
  return (line) => indented(render(line));
}

/** Only what we say begins at the margin: a line break within a text must not begin another line of the log. */
function indented(lines: string): string {
  return lines.replace(/\r?\n(?=[^\n])/g, '\n    ');
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
