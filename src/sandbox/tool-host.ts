import { randomUUID } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';
import { z } from 'zod';
import { BotError } from '../domain/index.ts';
import { type BoxProcess, type PreparedLaunch, readHindrance, startBoxProcess } from '../isolation/index.ts';
import { checkEvidence } from './evidence.ts';

/** A running tool host, spoken to over its standard streams. */
export interface ToolHost {
  /** Sends a request and waits for its answer. Throws BotError `box-lost`, `aborted` or `change-set-refused`; a box that lets the time pass is ended. */
  call(request: Readonly<Record<string, unknown>>, deadlineMs: number): Promise<unknown>;
  /** The process that everything in the box descends from. */
  firstPid(): number | undefined;
  /** Ends the box for a reason that all its callers hear. */
  lose(error: BotError): void;
  /** Ends every process of the box; resolves when they are gone. */
  close(): Promise<void>;
}

/** What the box may send. It is untrusted: anything else ends it. */
const Answer = z.object({
  id: z.string().max(100),
  value: z.unknown().optional(),
  error: z.object({ kind: z.enum(['refused', 'failed']), message: z.string() }).optional(),
});
type Answer = z.infer<typeof Answer>;

const startMs = 20_000;
const maxMessage = 2000;

/** Starts the program and waits until its tool host is ready. Throws BotError `box-unavailable` with what the program said, or `aborted`. */
export async function startToolHost(
  { launch, place, traits, advise = readHindrance }: PreparedLaunch,
  signal: AbortSignal,
): Promise<ToolHost> {
  if (signal.aborted) throw new BotError('aborted', 'The job was stopped before its box opened.');
  const host = connect(startBoxProcess(launch), place, signal);
  try {
    const evidence = await host.ready;
    if (traits !== undefined) checkEvidence(evidence, traits);
    return host;
  } catch (error) {
    await host.close();
    if (error instanceof BotError && ['aborted', 'box-unavailable'].includes(error.code)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const advice = advise(reason);
    const said = advice === undefined ? reason : `${advice}\n(${reason})`;
    throw new BotError('box-unavailable', `No box could be opened. ${said}`, { cause: error });
  }
}

function connect(
  running: BoxProcess,
  place: unknown,
  signal: AbortSignal,
): ToolHost & { readonly ready: Promise<unknown> } {
  const pending = createPending(lose);
  let lost: BotError | undefined;

  function lose(error: BotError): void {
    lost ??= error;
    pending.rejectAll(lost);
    void running.end();
  }

  function onAbort(): void {
    lose(new BotError('aborted', 'The job was stopped; its box is closed.'));
  }

  function onFrame(frame: unknown): void {
    const answer = Answer.safeParse(frame);
    if (answer.success) pending.settle(answer.data);
    else lose(new BotError('box-lost', 'The box sent something that is not an answer.'));
  }

  const ready = pending.wait('ready', startMs);
  writeFrame(running.input, place);
  signal.addEventListener('abort', onAbort, { once: true });
  readFrames(running.output, {
    onFrame,
    onBroken: (reason) => {
      lose(new BotError('box-lost', `The box broke the protocol: ${reason}.`));
    },
  });
  void running.ended.then((how) => {
    signal.removeEventListener('abort', onAbort);
    lose(new BotError('box-lost', `The box ended (${how}).`));
  });

  return {
    ready,
    lose,
    firstPid: () => running.firstPid(),
    call: (request, deadlineMs) => {
      if (lost !== undefined) return Promise.reject(lost);
      const id = randomUUID();
      const answer = pending.wait(id, deadlineMs);
      writeFrame(running.input, { ...request, id });
      return answer;
    },
    close: async () => {
      lose(new BotError('box-lost', 'The box is closed.'));
      await running.end();
    },
  };
}

interface Pending {
  wait(id: string, deadlineMs: number): Promise<unknown>;
  settle(answer: Answer): void;
  rejectAll(error: BotError): void;
}

interface Waiting {
  readonly timer: NodeJS.Timeout;
  resolve(value: unknown): void;
  reject(error: BotError): void;
}

/** The calls in flight. Answers to calls we didn't make are ignored. */
function createPending(onLate: (error: BotError) => void): Pending {
  const waiting = new Map<string, Waiting>();

  function take(id: string): Waiting | undefined {
    const entry = waiting.get(id);
    waiting.delete(id);
    clearTimeout(entry?.timer);
    return entry;
  }

  return {
    wait: (id, deadlineMs) =>
      new Promise((resolve, reject) => {
        const late = new BotError('box-lost', `The box did not answer within ${deadlineMs} ms.`);
        waiting.set(id, { timer: setTimeout(onLate, deadlineMs, late), resolve, reject });
      }),
    settle: (answer) => {
      const entry = take(answer.id);
      if (answer.error === undefined) entry?.resolve(answer.value);
      else entry?.reject(toError(answer.error));
    },
    rejectAll: (error) => {
      for (const id of [...waiting.keys()]) take(id)?.reject(error);
    },
  };
}

function toError(error: { kind: 'refused' | 'failed'; message: string }): BotError {
  const message = error.message.replace(/\p{Cc}+/gu, ' ').slice(0, maxMessage);
  if (error.kind === 'refused') return new BotError('change-set-refused', message);
  return new BotError('box-lost', `The tool host failed: ${message}`);
}

/** Larger frames are a broken or hostile box. */
const maxFrameBytes = 64 * 1024 * 1024;
const headerBytes = 4;

/** Writes one frame: four bytes of length (big endian), then JSON in UTF-8. The tool host's wire.ts is its twin. */
function writeFrame(stream: Writable, value: unknown): void {
  const body = Buffer.from(JSON.stringify(value));
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32BE(body.length);
  stream.write(header);
  stream.write(body);
}

interface FrameHandlers {
  onFrame(frame: unknown): void;
  /** The peer broke the format; nothing is read after it. */
  onBroken(reason: string): void;
}

/** Hands over each frame's JSON as it becomes complete, and never holds more than one frame of the largest allowed size. */
function readFrames(stream: Readable, handlers: FrameHandlers): void {
  let chunks: Buffer[] = [];
  let held = 0;
  let wanted = headerBytes;
  function onData(chunk: Buffer): void {
    chunks.push(chunk);
    held += chunk.length;
    if (held < wanted) return;
    try {
      const rest = takeFrames(Buffer.concat(chunks), handlers);
      chunks = [rest.bytes];
      held = rest.bytes.length;
      wanted = rest.wanted;
    } catch (error) {
      stream.off('data', onData);
      stream.resume();
      handlers.onBroken(error instanceof Error ? error.message : String(error));
    }
  }
  stream.on('data', onData);
}

function takeFrames(bytes: Buffer, handlers: FrameHandlers): { bytes: Buffer; wanted: number } {
  let at = 0;
  while (bytes.length - at >= headerBytes) {
    const length = bytes.readUInt32BE(at);
    if (length > maxFrameBytes) throw new Error(`a frame of ${length} bytes, more than ${maxFrameBytes}`);
    const end = at + headerBytes + length;
    if (bytes.length < end) return { bytes: bytes.subarray(at), wanted: headerBytes + length };
    handlers.onFrame(JSON.parse(bytes.toString('utf8', at + headerBytes, end)));
    at = end;
  }
  return { bytes: bytes.subarray(at), wanted: headerBytes };
}
