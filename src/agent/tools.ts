import { z } from 'zod';
import { faultsOf, submissions, type Deliverable } from '../deliverables/index.ts';
import { toolNames, type ToolName } from '../sandbox/index.ts';
import type { ToolDefinition } from '../model/index.ts';

interface ToolShape {
  readonly description: string;
  readonly input: z.ZodObject;
}

const filePath = z.string().min(1).max(4096).describe('The file, absolute or relative to the repository root.');
const count = (max: number) => z.number().int().min(0).max(max);
const ordinal = (max: number) => z.number().int().min(1).max(max);

/** The five tools, shaped as the models know them. Every object is closed: an extra key is an error the model hears of. */
const shapes: Readonly<Record<ToolName, ToolShape>> = {
  Bash: {
    description:
      'Runs a command with bash inside the sandbox and returns both output streams and the exit code. It begins in the repository root, and the working directory is kept between calls; background processes end with the run. There is no network. Use Read, Grep, Edit and Write for files rather than cat, grep, sed or echo.',
    input: z.strictObject({
      command: z.string().min(1).max(100_000).describe('The command line.'),
      timeout: ordinal(600_000)
        .optional()
        .describe('Milliseconds until the command and everything it started is killed; 120000 unless given.'),
      description: z.string().max(500).optional().describe('What the command does, in five to ten words.'),
    }),
  },
  Read: {
    description:
      'Reads a text file of the repository and returns its lines with their numbers. Read a file before you edit or overwrite it. For a long file give offset and limit. Characters that nobody can see are shown spelled out, such as \\u{200B}: Edit takes them so, Write does not.',
    input: z.strictObject({
      file_path: filePath,
      offset: count(100_000_000).optional().describe('The first line to return, counted from 1.'),
      limit: ordinal(1_000_000).optional().describe('How many lines to return.'),
    }),
  },
  Write: {
    description:
      'Writes a whole file, creating it and its folders or replacing what was there. An existing file has to be read first. To change a part of a file, use Edit.',
    input: z.strictObject({
      file_path: filePath,
      content: z.string().max(2_000_000).describe('The whole content of the file.'),
    }),
  },
  Edit: {
    description:
      'Replaces old_string with new_string in a file that was read before. old_string has to match exactly, spaces included and without the line numbers that Read shows, and has to occur once, unless replace_all is set.',
    input: z.strictObject({
      file_path: filePath,
      old_string: z.string().max(1_000_000).describe('The text to replace, with enough around it to occur once.'),
      new_string: z.string().max(1_000_000).describe('What takes its place; different from old_string.'),
      replace_all: z.boolean().optional().describe('Replace every occurrence.'),
    }),
  },
  Grep: {
    description:
      'Searches file contents with a regular expression (ripgrep syntax), leaving ignored files out. Returns the names of matching files unless output_mode says otherwise.',
    input: z.strictObject({
      pattern: z.string().min(1).max(10_000).describe('The regular expression.'),
      path: z
        .string()
        .min(1)
        .max(4096)
        .optional()
        .describe('File or folder to search in; the repository root unless given.'),
      glob: z
        .string()
        .min(1)
        .max(1_000)
        .optional()
        .describe('Only files whose path matches, for example "*.ts" or "src/**/*.py".'),
      type: z.string().min(1).max(50).optional().describe('Only files of this type, for example js, py, go.'),
      output_mode: z
        .enum(['content', 'files_with_matches', 'count'])
        .optional()
        .describe('Matching lines, names of matching files (when not given), or matches per file.'),
      '-A': count(1_000).optional().describe('Lines to show after each match, with output_mode content.'),
      '-B': count(1_000).optional().describe('Lines to show before each match, with output_mode content.'),
      '-C': count(1_000).optional().describe('Lines to show around each match, with output_mode content.'),
      '-i': z.boolean().optional().describe('Ignore case.'),
      '-n': z.boolean().optional().describe('Show line numbers, with output_mode content.'),
      multiline: z.boolean().optional().describe('Let the pattern match across lines.'),
      head_limit: ordinal(100_000).optional().describe('Return only the first lines or entries.'),
    }),
  },
};

/** The tool that ends a run. */
export const submitTool = 'Submit';

/** What the model is told about these tools, always in the same order and the same bytes, with the one that ends the run last. */
export function describeTools(names: readonly ToolName[], deliverable: Deliverable): readonly ToolDefinition[] {
  const offered = toolNames.filter((name) => names.includes(name));
  return [...offered.map((name) => describe(name, shapes[name])), describe(submitTool, submissions[deliverable])];
}

/** A tool use that may run, or what is wrong with it, for the model. */
export type ReadToolUse =
  { readonly name: ToolName; readonly input: Readonly<Record<string, unknown>> } | { readonly fault: string };

/** Checks name and input against the closed schemas of the tools this agent has. */
export function readToolUse(name: string, input: unknown, offered: readonly ToolName[]): ReadToolUse {
  const tool = offered.find((candidate) => candidate === name);
  if (tool === undefined) {
    return { fault: `There is no tool ${JSON.stringify(name)}. The tools are ${[...offered, submitTool].join(', ')}.` };
  }
  const result = shapes[tool].input.safeParse(input);
  if (!result.success) return { fault: `${tool} was not run, its input is wrong:\n${faultsOf(result.error)}` };
  return { name: tool, input: result.data };
}

/** What a call is about, for the person who watches: never a file's content. */
export function aboutToolUse(input: unknown): string {
  const fields = z.record(z.string(), z.unknown()).safeParse(input);
  if (!fields.success) return '';
  const { description, command, file_path: path, pattern, title } = fields.data;
  const about = [description, command, path, pattern, title].find((value) => typeof value === 'string');
  return typeof about === 'string' ? about : '';
}

function describe(name: string, shape: ToolShape): ToolDefinition {
  const schema = z.toJSONSchema(shape.input, { io: 'input' });
  delete schema.$schema;
  return { name, description: shape.description, input_schema: { ...schema, type: 'object' } };
}
