import { display, locateExisting, type Place } from './files.ts';
import type { Input, ToolReply } from './input.ts';
import { checkFields, readBoolean, readNumber, readOptionalString, readString, ToolError } from './input.ts';
import { collect, type Collected } from './processes.ts';

const modes = ['files_with_matches', 'content', 'count'] as const;
type Mode = (typeof modes)[number];

const fields = 'pattern path glob type output_mode -A -B -C -i -n multiline head_limit'.split(' ');
const timeoutMs = 5000;
const maxBytes = 4 * 1024 * 1024;
const maxReplyCharacters = 30_000;
const defaultHeadLimit = 250;

/** Searches file contents with ripgrep. Its pattern language is linear in time, and it runs no program and reads no settings. */
export async function grepTool(place: Place, input: Input): Promise<ToolReply> {
  checkFields(input, fields);
  const mode = readMode(input);
  const headLimit = readNumber(input, 'head_limit', { least: 0, most: 100_000 }) ?? defaultHeadLimit;
  const path = locateExisting(place, readOptionalString(input, 'path') ?? '.');
  const args = [...fixedArguments, ...modeArguments(mode, input), ...filterArguments(input)];
  const target = display(place, path);
  const found = await collect(place.rgPath, [...args, '-e', readPattern(input), '--', target], {
    cwd: place.root,
    env: { PATH: '/usr/bin' },
    timeoutMs,
    maxBytes,
  });
  checkFailure(found);
  return { text: renderFound(found, { mode, headLimit }), isError: false };
}

const fixedArguments = (
  '--no-config --engine=default --color=never --no-heading --with-filename --no-messages ' +
  '--hidden --glob=!.git --max-columns=500 --max-columns-preview'
).split(' ');

function readMode(input: Input): Mode {
  const given = readOptionalString(input, 'output_mode') ?? 'files_with_matches';
  const mode = modes.find((known) => known === given);
  if (mode === undefined) throw new ToolError(`output_mode must be one of ${modes.join(', ')}.`);
  return mode;
}

function readPattern(input: Input): string {
  const pattern = readString(input, 'pattern');
  if (pattern === '') throw new ToolError('The pattern is empty.');
  if (pattern.length > 10_000 || pattern.includes('\0'))
    throw new ToolError('The pattern is too long or holds a NUL character.');
  return pattern;
}

function modeArguments(mode: Mode, input: Input): string[] {
  if (mode === 'files_with_matches') return ['--files-with-matches'];
  if (mode === 'count') return ['--count'];
  const numbered = readBoolean(input, '-n', true) ? '--line-number' : '--no-line-number';
  const around = ['-A', '-B', '-C'].flatMap((flag) => {
    const lines = readNumber(input, flag, { least: 0, most: 1000 });
    return lines === undefined ? [] : [`${flag}${lines}`];
  });
  return [numbered, ...around];
}

function filterArguments(input: Input): string[] {
  const glob = readOptionalString(input, 'glob');
  const type = readOptionalString(input, 'type');
  return [
    ...(readBoolean(input, '-i', false) ? ['--ignore-case'] : []),
    ...(readBoolean(input, 'multiline', false) ? ['--multiline', '--multiline-dotall'] : []),
    ...(glob === undefined ? [] : [`--glob=${withoutNul(glob)}`]),
    ...(type === undefined ? [] : [`--type=${withoutNul(type)}`]),
  ];
}

function withoutNul(text: string): string {
  if (text.includes('\0')) throw new ToolError('A parameter holds a NUL character.');
  return text;
}

/** ripgrep's exit codes: 0 found, 1 nothing found, 2 an error (perhaps beside matches); none when somebody in the box killed it. */
function checkFailure(found: Collected): void {
  if (found.cut === undefined && found.exitCode === null) throw new ToolError('The search was ended from outside.');
  if (found.cut !== undefined || found.exitCode !== 2 || found.stdout.length > 0) return;
  const reason = found.stderr.trim().replace(/^rg: /, '').slice(0, 1500);
  if (reason === '') return;
  throw new ToolError(`The search failed: ${reason}`);
}

function renderFound(found: Collected, wanted: { mode: Mode; headLimit: number }): string {
  const lines = new TextDecoder()
    .decode(found.stdout)
    .split('\n')
    .filter((line) => line !== '')
    .map(withoutDot);
  if (wanted.mode !== 'content') lines.sort();
  const notes: string[] = [];
  const limited = wanted.headLimit === 0 ? lines : lines.slice(0, wanted.headLimit);
  if (limited.length < lines.length)
    notes.push(`[${lines.length - limited.length} more lines; raise head_limit or narrow the search.]`);
  const shown = withinCharacters(limited);
  if (shown.length < limited.length)
    notes.push(`[${limited.length - shown.length} more lines were too much to show; narrow the search.]`);
  if (found.cut === 'time') notes.push(`[Stopped after ${timeoutMs} ms; narrow the search with path, glob or type.]`);
  if (found.cut === 'size') notes.push('[There were more matches than can be kept; narrow the search.]');
  if (lines.length === 0 && notes.length === 0) return 'No matches found.';
  return [...shown, ...notes].join('\n');
}

function withoutDot(line: string): string {
  return line.startsWith('./') ? line.slice(2) : line;
}

function withinCharacters(lines: readonly string[]): string[] {
  let left = maxReplyCharacters;
  const end = lines.findIndex((line) => (left -= line.length + 1) < 0);
  return lines.slice(0, end === -1 ? lines.length : end);
}
