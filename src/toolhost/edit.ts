import { closeSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Place, SeenFiles } from './files.ts';
import { checkSeen, codeOf, display, locate, markSeen, mostSimilar, openRegular, readBytes } from './files.ts';
import { replaceFile, statOf } from './files.ts';
import { checkFields, type Input, readBoolean, readString, ToolError, type ToolReply } from './input.ts';
import { isBinary, lineStarts, numberLine } from './read.ts';

const maxFileBytes = 10 * 1024 * 1024;
const shownAround = 3;
const maxShownLines = 60;

/** Creates a file or replaces its whole content. */
export function writeTool(place: Place, seen: SeenFiles, input: Input): ToolReply {
  checkFields(input, ['file_path', 'content']);
  const given = readString(input, 'file_path');
  const bytes = Buffer.from(readString(input, 'content'));
  if (bytes.length > maxFileBytes) throw new ToolError(`The content is longer than ${maxFileBytes} bytes.`);
  const path = locate(place, given);
  const existing = statOf(path);
  if (existing !== undefined && !existing.isFile()) throw new ToolError(`${given} is not a regular file.`);
  if (existing !== undefined) checkSeen(seen, path, given);
  write(path, { bytes, mode: existing?.mode ?? 0o644, given });
  markSeen(seen, path);
  const verb = existing === undefined ? 'Created' : 'Replaced';
  return { text: `${verb} ${display(place, path)} (${lineStarts(bytes).length - 1} lines).`, isError: false };
}

/**
 * Replaces an exact piece of text. Works on bytes, so whatever it doesn't match stays as it is, in any encoding.
 * In a file whose lines all end in CRLF, the model's line ends mean CRLF.
 */
export function editTool(place: Place, seen: SeenFiles, input: Input): ToolReply {
  checkFields(input, ['file_path', 'old_string', 'new_string', 'replace_all']);
  const given = readString(input, 'file_path');
  const old = readString(input, 'old_string');
  const fresh = readString(input, 'new_string');
  const all = readBoolean(input, 'replace_all', false);
  if (old === '') throw new ToolError('old_string is empty. To create a file or replace all of it, use Write.');
  if (old === fresh) throw new ToolError('old_string and new_string are the same; nothing would change.');
  const { path, bytes, mode } = loadForEdit(place, seen, given);
  const wanted = matchLineEnds(bytes, old, fresh);
  const places = findAll(bytes, wanted.old);
  if (places.length === 0) throw new ToolError(notFound(bytes, old, given));
  if (places.length > 1 && !all) throw new ToolError(foundOften(bytes, places, given));
  const edited = splice(bytes, places, wanted);
  if (edited.length > maxFileBytes) throw new ToolError(`${given} would become longer than ${maxFileBytes} bytes.`);
  write(path, { bytes: edited, mode, given });
  markSeen(seen, path);
  const count = places.length === 1 ? 'once' : `${places.length} times`;
  const shown = showAround(edited, { start: places[0] ?? 0, length: wanted.fresh.length });
  return { text: `Edited ${display(place, path)} (replaced ${count}).\n${shown}`, isError: false };
}

function write(path: string, file: { bytes: Uint8Array; mode: number; given: string }): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    replaceFile(path, file.bytes, file.mode & 0o777);
  } catch (error) {
    throw new ToolError(`${file.given} can't be written: ${codeOf(error)}.`, { cause: error });
  }
}

function loadForEdit(place: Place, seen: SeenFiles, given: string): { path: string; bytes: Buffer; mode: number } {
  const { path, descriptor, stat } = openRegular(place, given);
  try {
    checkSeen(seen, path, given);
    if (stat.size > maxFileBytes)
      throw new ToolError(`${given} is longer than ${maxFileBytes} bytes; edit it with a command in Bash.`);
    const bytes = readBytes(descriptor, 0, Number(stat.size));
    if (isBinary(bytes)) throw new ToolError(`${given} is a binary file; Edit changes text only.`);
    return { path, bytes, mode: Number(stat.mode) };
  } finally {
    closeSync(descriptor);
  }
}

interface Wanted {
  readonly old: Buffer;
  readonly fresh: Buffer;
}

/** As given where that matches a file with mixed line ends; with CRLF where the file has them and the model left them out. */
function matchLineEnds(bytes: Buffer, old: string, fresh: string): Wanted {
  const asGiven = { old: Buffer.from(old), fresh: Buffer.from(fresh) };
  if (!bytes.includes('\r\n')) return asGiven;
  const [oldCrlf = '', freshCrlf = ''] = [old, fresh].map((text) => text.replace(/\r?\n/g, '\r\n'));
  const withCrlf = { old: Buffer.from(oldCrlf), fresh: Buffer.from(freshCrlf) };
  if (findAll(bytes, '\n').length === findAll(bytes, '\r\n').length) return withCrlf;
  return bytes.includes(asGiven.old) ? asGiven : withCrlf;
}

function findAll(bytes: Buffer, wanted: Buffer | string): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(wanted); at !== -1; at = bytes.indexOf(wanted, at + wanted.length)) places.push(at);
  return places;
}

function splice(bytes: Buffer, places: readonly number[], wanted: Wanted): Buffer {
  const parts: Buffer[] = [];
  let from = 0;
  for (const at of places) {
    parts.push(bytes.subarray(from, at), wanted.fresh);
    from = at + wanted.old.length;
  }
  return Buffer.concat([...parts, bytes.subarray(from)]);
}

function foundOften(bytes: Buffer, places: readonly number[], given: string): string {
  const starts = lineStarts(bytes);
  const lines = places.slice(0, 20).map((at) => lineAt(starts, at));
  const more = places.length > lines.length ? ', …' : '';
  return (
    `old_string is in ${given} ${places.length} times (lines ${lines.join(', ')}${more}). ` +
    'Add text around it until it is unique, or set replace_all to true.'
  );
}

/** What the text is not, and the lines that come nearest. */
function notFound(bytes: Buffer, old: string, given: string): string {
  const starts = lineStarts(bytes);
  const lines = starts.slice(0, 20_001).flatMap((start, index) => {
    const end = starts[index + 1];
    return end === undefined ? [] : [bytes.toString('utf8', start, end).replace(/\r?\n$/, '')];
  });
  const firstLine = old.split(/\r?\n/).find((line) => line.trim() !== '') ?? '';
  const nearest = nearestLines(lines, firstLine);
  const shown = nearest.map((index) => numberLine(index + 1, (lines[index] ?? '').slice(0, 300)));
  const similar = shown.length === 0 ? 'No line in it is similar.' : `The most similar lines are:\n${shown.join('\n')}`;
  return `old_string is not in ${given}.${hint(lines, old)} ${similar}`;
}

function nearestLines(lines: readonly string[], wanted: string): number[] {
  const same = lines.flatMap((line, index) => (line.trim() === wanted.trim() && wanted.trim() !== '' ? [index] : []));
  return same.length > 0 ? same.slice(0, 3) : mostSimilar(wanted, lines, 3);
}

function hint(lines: readonly string[], old: string): string {
  if (old.includes('\uFFFD')) return ' It holds \uFFFD, which stands for bytes that are not UTF-8: leave them out.';
  const [file = '', wanted = ''] = [lines.join(''), old].map((text) => text.replace(/\s+/g, ''));
  return file.includes(wanted) ? ' It is there with different white space (indentation, tabs or line ends).' : '';
}

/** The edited lines with a few around them, numbered. */
function showAround(bytes: Buffer, edited: { start: number; length: number }): string {
  const starts = lineStarts(bytes);
  const total = starts.length - 1;
  const first = Math.max(1, lineAt(starts, edited.start) - shownAround);
  const last = Math.min(total, lineAt(starts, edited.start + edited.length) + shownAround);
  const lines: string[] = [];
  for (let number = first; number <= last && lines.length < maxShownLines; number += 1) {
    const text = bytes.toString('utf8', starts[number - 1], starts[number]).replace(/\r?\n$/, '');
    lines.push(numberLine(number, text.slice(0, 500)));
  }
  return lines.join('\n');
}

/** Number of the line that the byte is in, from 1. */
function lineAt(starts: readonly number[], at: number): number {
  return Math.max(1, starts.slice(0, -1).findLastIndex((start) => start <= at) + 1);
}
