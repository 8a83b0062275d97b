import { constants, openSync, write } from 'node:fs';
import { isatty } from 'node:tty';

/** Where lines go, without anybody ever waiting for them to get there. */
export interface LogSink {
  write(line: string): void;
  /** Calls back once when nothing waits any more. */
  flush(done: () => void): void;
}

/** What may wait while nobody reads, in bytes; once it is full, lines are dropped until half of it is free again. */
const mostWaiting = 1_048_576;

/** What is handed to the system at once, in bytes. */
const mostAtOnce = 65_536;

/** How long a reader that takes nothing is left alone, in milliseconds. */
const pauseMs = 50;

/**
 * Writes lines to the standard output, whatever it is. What finds no room, or cannot be written at all, is dropped line by line and
 * counted; `tell` hears the count as soon as lines get through again.
 */
export function openLogSink(tell: (dropped: number) => void): LogSink {
  const fd = openOutput();
  const lines: string[] = [];
  const waiters: (() => void)[] = [];
  let size = 0;
  let dropped = 0;
  let isFull = false;
  let isWriting = false;

  function writeNext(): void {
    if (isWriting) return;
    const batch = lines.splice(0, countUpTo(mostAtOnce, lines));
    if (batch.length === 0) {
      for (const done of waiters.splice(0)) done();
      return;
    }
    isWriting = true;
    const bytes = Buffer.from(batch.join(''));
    writeAll(fd, bytes, (error) => {
      isWriting = false;
      size -= bytes.length;
      if (size <= mostWaiting / 2) isFull = false;
      if (error) dropped += batch.length;
      else if (!isFull && dropped > 0) tellDropped();
      writeNext();
    });
  }

  /** Only after a write that worked: `tell` comes back here with a line of its own. */
  function tellDropped(): void {
    const count = dropped;
    dropped = 0;
    tell(count);
  }

  return {
    write(line) {
      const length = Buffer.byteLength(line);
      isFull ||= size + length > mostWaiting;
      if (isFull) {
        dropped += 1;
        return;
      }
      lines.push(line);
      size += length;
      writeNext();
    },
    flush(done) {
      waiters.push(done);
      writeNext();
    },
  };
}

/**
 * The standard output such that a write to it never waits: a waiting one would hold one of the few threads that do this process's
 * file work, and keep the process from ending. Node makes pipes and sockets so by opening `process.stdout`. A terminal, which ^S
 * stops, is opened once more, because the shell and others write to the one we were given.
 */
function openOutput(): number {
  if (!isatty(1)) return process.stdout.fd;
  try {
    return openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return 1; // somebody else's terminal: better one that may wait than none
  }
}

/** How many of the first lines are that many bytes together; at least one where there is one. */
function countUpTo(most: number, lines: readonly string[]): number {
  let bytes = 0;
  const end = lines.findIndex((line) => (bytes += Buffer.byteLength(line)) > most);
  return end === -1 ? lines.length : Math.max(end, 1);
}

function writeAll(fd: number, bytes: Buffer, done: (error?: Error) => void): void {
  write(fd, bytes, (error, written) => {
    if (error?.code === 'EAGAIN') setTimeout(writeAll, pauseMs, fd, bytes, done).unref();
    else if (error) done(error);
    else if (written < bytes.length) writeAll(fd, bytes.subarray(written), done);
    else done();
  });
}
