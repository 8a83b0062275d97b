import { isUtf8 } from 'node:buffer';
import { closeSync } from 'node:fs';
import { type OpenFile, openRegular, type Place, readBytes, type SeenFiles, stampOf } from './files.ts';
import { checkFields, type Input, readNumber, readString, ToolError, type ToolReply } from './input.ts';

const defaultLines = 2000;
const maxLineCharacters = 2000;
const maxReplyCharacters = 80_000;
const maxFileBytes = 64 * 1024 * 1024;
const newline = 10;

/** The lines of a text file, numbered. Marks the file as seen. */
export function readTool(place: Place, seen: SeenFiles, input: Input): ToolReply {
  checkFields(input, ['file_path', 'offset', 'limit']);
  const given = readString(input, 'file_path');
  const first = readNumber(input, 'offset', { least: 0, most: 1_000_000_000 }) ?? 1;
  const limit = readNumber(input, 'limit', { least: 1, most: 1_000_000 }) ?? defaultLines;
  const file = openRegular(place, given);
  try {
    const bytes = readText(file, given);
    const text = renderLines(bytes, { first: Math.max(first, 1), limit, given });
    seen.set(file.path, stampOf(file.stat));
    return { text, isError: false };
  } finally {
    closeSync(file.descriptor);
  }
}

/** Whether git and editors would call it binary: a NUL among the first bytes. */
export function isBinary(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 8000).includes(0);
}

/** `     7\ttext`, as `cat -n` prints it. */
export function numberLine(number: number, text: string): string {
  return `${String(number).padStart(6)}\t${text}`;
}

/** Where each line begins, with the end of the last one as one more entry. */
export function lineStarts(bytes: Buffer): number[] {
  const starts = [0];
  for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, at + 1)) starts.push(at + 1);
  if (starts.at(-1) !== bytes.length) starts.push(bytes.length);
  return starts;
}

function readText(file: OpenFile, given: string): Buffer {
  const size = Number(file.stat.size);
  if (size > maxFileBytes) {
    throw new ToolError(
      `${given} holds ${size} bytes; at most ${maxFileBytes} can be read. Use Grep, or sed -n in Bash.`,
    );
  }
  const bytes = readBytes(file.descriptor, 0, size);
  if (isBinary(bytes)) throw new ToolError(`${given} is a binary file of ${bytes.length} bytes.`);
  return bytes;
}

function renderLines(bytes: Buffer, wanted: { first: number; limit: number; given: string }): string {
  if (bytes.length === 0) return `[${wanted.given} is empty.]`;
  const starts = lineStarts(bytes);
  const total = starts.length - 1;
  if (wanted.first > total)
    throw new ToolError(`${wanted.given} has ${total} lines; offset ${wanted.first} is behind its end.`);
  const lines: string[] = [];
  let characters = 0;
  let next = wanted.first;
  for (; next <= total && lines.length < wanted.limit && characters < maxReplyCharacters; next += 1) {
    const line = numberLine(next, readLine(bytes.subarray(starts[next - 1], starts[next])));
    lines.push(line);
    characters += line.length;
  }
  return [...lines, ...notes(bytes, { next, total })].join('\n');
}

function readLine(bytes: Buffer): string {
  const end = bytes.at(-1) === newline ? bytes.length - 1 : bytes.length;
  const text = new TextDecoder().decode(bytes.subarray(0, end)).replace(/\r$/, '');
  if (text.length <= maxLineCharacters) return text;
  return `${text.slice(0, maxLineCharacters)} [… ${text.length - maxLineCharacters} more characters in this line]`;
}

function notes(bytes: Buffer, shown: { next: number; total: number }): string[] {
  const found: string[] = [];
  if (shown.next <= shown.total)
    found.push(`[Lines ${shown.next} to ${shown.total} are not shown: read on with offset ${shown.next}.]`);
  if (bytes.includes('\r\n')) found.push('[Line endings are CRLF.]');
  if (!isUtf8(bytes)) found.push('[Not all bytes are UTF-8; those that are not are shown as \uFFFD.]');
  return found;
}
