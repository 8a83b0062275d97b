import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { BotError } from '../domain/index.ts';
import { toolNames, type ToolName } from '../sandbox/index.ts';

/** Who works: one Markdown file in the sub-agent format of Claude Code. */
export interface AgentDefinition {
  readonly name: string;
  readonly description: string;
  /** The tools it may use in the box; the one that ends a run is always there. */
  readonly tools: readonly ToolName[];
  /** A model id or alias, as the file names it. */
  readonly model: string;
  /** The body: the system prompt. */
  readonly prompt: string;
}

/** Names become paths, and a repository's settings may hold one: letters, digits and dashes only. */
const namePattern = /^[a-z0-9]+(-[a-z0-9]+)*$/;

const maxBytes = 64 * 1024;

/** A sub-agent file may leave `tools` out (all of them) and `model` out or at `inherit` (the usual one). */
const defaultModel = 'sonnet';

const Tools = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (typeof value === 'string' ? value.split(',') : value).map((tool) => tool.trim()))
  .pipe(z.array(z.enum(toolNames, { error: (issue) => toolAdvice(issue.input) })).min(1, 'names no tool'));

/** Only the fields we use are checked; others that Claude Code knows (`color`, …) are left alone. */
const FrontMatter = z.object({
  name: z.string('is missing; it has to be the file name without .md'),
  description: z.string('is missing; say in a sentence when this agent is asked').trim().min(1, 'is empty'),
  tools: Tools.optional(),
  model: z
    .string('has to be a model id or alias, for example sonnet')
    .regex(/^[A-Za-z0-9][\w.:@/-]*$/, 'has to be a model id or alias, for example sonnet')
    .optional(),
});

/**
 * Reads `<agentsDir>/<name>.md`. Throws `agent-invalid` that names the file, the line and what is right: no such file, a link,
 * over 64 KiB, no front matter, a wrong field, an empty body.
 */
export async function loadDefinition(agentsDir: string, name: string): Promise<AgentDefinition> {
  if (!namePattern.test(name)) throw new BotError('agent-invalid', nameAdvice(name));
  const path = join(agentsDir, `${name}.md`);
  const text = await readAgentFile(path);
  if (text === undefined) throw new BotError('agent-invalid', `There is no agent ${name}: ${path} doesn't exist.`);
  const { yaml, body, bodyLine } = split(path, text);
  const { fields, nameLine } = readFrontMatter(path, yaml);
  if (fields.name !== name)
    throw wrong(path, nameLine, `name is "${fields.name}"; it has to be ${name}, like the file`);
  if (body.trim() === '')
    throw wrong(path, bodyLine, 'the body is empty; it is the system prompt and has to say who the agent is');
  const model = fields.model === undefined || fields.model === 'inherit' ? defaultModel : fields.model;
  return { name, description: fields.description, tools: fields.tools ?? toolNames, model, prompt: body.trim() };
}

/**
 * The patterns for these stacks (`agents/knowledge/<stack>.md`), in order of name and each once, so that the same stacks
 * always give the same bytes. A stack without a file adds nothing. Throws `agent-invalid` for a file that can't be used.
 */
export async function loadKnowledge(agentsDir: string, stackNames: readonly string[]): Promise<string> {
  const names = [...new Set(stackNames)].filter((name) => namePattern.test(name)).toSorted();
  const texts = await Promise.all(names.map((name) => readAgentFile(join(agentsDir, 'knowledge', `${name}.md`))));
  return texts
    .filter((text) => text !== undefined)
    .map((text) => text.trim())
    .join('\n\n');
}

/** Front matter is what stands between a first line `---` and the next one. Split by ourselves: nothing in the file is run. */
function split(path: string, text: string): { yaml: string; body: string; bodyLine: number } {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  if (lines[0]?.trimEnd() !== '---') throw wrong(path, 1, 'the file has to begin with a line --- and its front matter');
  const end = lines.findIndex((line, index) => index > 0 && line.trimEnd() === '---');
  if (end === -1) throw wrong(path, lines.length, 'the front matter is never closed; put a line --- after it');
  return { yaml: lines.slice(1, end).join('\n'), body: lines.slice(end + 1).join('\n'), bodyLine: end + 2 };
}

function readFrontMatter(path: string, yaml: string) {
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, prettyErrors: false });
  const [fault] = document.errors;
  if (fault !== undefined)
    throw wrong(path, lines.linePos(fault.pos[0]).line + 1, `the front matter is not YAML: ${fault.message}`);
  const result = FrontMatter.safeParse(document.toJS() ?? {});
  const lineOf = (field: PropertyKey | undefined) => lineOfField(document, lines, field);
  if (result.success) return { fields: result.data, nameLine: lineOf('name') };
  const issue = result.error.issues[0];
  const field = issue?.path[0];
  throw wrong(path, lineOf(field), `${String(field ?? 'the front matter')} ${issue?.message ?? 'has to be fields'}`);
}

/** The field's line in the file: one more than in the YAML, for the `---` above it. A missing field is reported at line 1. */
function lineOfField(document: Document.Parsed, lines: LineCounter, field: PropertyKey | undefined): number {
  const node: unknown = typeof field === 'string' ? document.get(field, true) : undefined;
  const range = z.object({ range: z.tuple([z.number()], z.number()) }).safeParse(node);
  return range.success ? lines.linePos(range.data.range[0]).line + 1 : 1;
}

function toolAdvice(tool: unknown): string {
  return `names ${JSON.stringify(tool)}, which there is not; the tools are ${toolNames.join(', ')}`;
}

function nameAdvice(name: string): string {
  return `${JSON.stringify(name)} is no agent's name: it is lower-case letters, digits and dashes, like the file in agents/ without .md.`;
}

function wrong(path: string, line: number, what: string): BotError {
  return new BotError('agent-invalid', `${path}, line ${line}: ${what}.`);
}

/**
 * Text of a regular file of at most 64 KiB, never through a link; undefined when there is none.
 * Throws `agent-invalid` when there is something else at that path.
 */
async function readAgentFile(path: string): Promise<string | undefined> {
  const file = await openPlainly(path);
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat().then((stats) => requireRegular(path, stats));
    if (size > maxBytes) throw invalid(path, `is ${size} bytes long; at most ${maxBytes} are read`);
    return decode(path, await file.readFile());
  } finally {
    await file.close();
  }
}

async function openPlainly(path: string) {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return undefined;
    if (code === 'ELOOP') throw invalid(path, 'is a symbolic link; put the file itself there');
    throw new BotError('agent-invalid', `${path} can't be read; it has to be a readable regular file.`, {
      cause: error,
    });
  }
}

function requireRegular<T extends { isFile(): boolean }>(path: string, stats: T): T {
  if (!stats.isFile()) throw invalid(path, 'is not a regular file; an agent is one Markdown file');
  return stats;
}

function decode(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new BotError('agent-invalid', `${path} is not UTF-8 text; save it as UTF-8.`, { cause: error });
  }
}

function invalid(path: string, what: string): BotError {
  return new BotError('agent-invalid', `${path} ${what}.`);
}
