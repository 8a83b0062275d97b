import { isMap, isNode, isSeq } from 'yaml';
import type { Document, LineCounter, YAMLError } from 'yaml';
import type { z } from 'zod';
import { shortCode } from '../markdown/index.ts';
import { findNearest } from './nearest.ts';
import { settingsFields } from './settings-fields.ts';

/** Something wrong in the file: how many characters before it, and what, in Markdown. */
export interface Problem {
  readonly offset: number;
  readonly text: string;
}

export function renderProblem({ offset, text }: Problem, lines: LineCounter): string {
  const { line, col } = lines.linePos(offset);
  return `Line ${line}, column ${col}: ${text}`;
}

export function describeSyntaxError({ code, message, pos }: YAMLError): Problem {
  const text =
    code === 'MULTIPLE_DOCS'
      ? 'A second document begins here (`---`); please keep one.'
      : `This is not valid YAML (${shortCode(message)}). Each line is \`key: value\`, indented by spaces.`;
  return { offset: pos[0], text };
}

/** What the schema found wrong, in the words of settings-fields.ts and at the place in the file. */
export function describeIssue(issue: z.core.$ZodIssue, document: Document): readonly Problem[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => describeUnknownKey(key, issue.path, document));
  const names = issue.path.filter((part) => typeof part === 'string');
  const value: unknown = document.getIn(issue.path);
  const offset = offsetOf(document, issue.path);
  if (names.length === 0)
    return [{ offset, text: 'The file is not a group of keys. It takes lines such as `draft: true`.' }];
  return [{ offset, text: `${shortCode(names.join('.'))} is ${renderValue(value)}. ${renderRight(names.join('.'))}` }];
}

function describeUnknownKey(key: string, group: readonly PropertyKey[], document: Document): Problem {
  const prefix = group.map((part) => `${String(part)}.`).join('');
  const known = settingsFields
    .filter((field) => field.key.startsWith(prefix) && !field.key.slice(prefix.length).includes('.'))
    .map((field) => field.key.slice(prefix.length));
  const nearest = findNearest(key, known);
  const hint =
    nearest === undefined
      ? `There ${known.length === 1 ? 'is' : 'are'} ${known.map(shortCode).join(', ')}.`
      : `Did you mean ${shortCode(prefix + nearest)}?`;
  return {
    offset: offsetOf(document, [...group, key], 'key'),
    text: `${shortCode(prefix + key)} is not a setting. ${hint}`,
  };
}

function renderRight(key: string): string {
  const field = settingsFields.find((row) => row.key === key);
  return field === undefined
    ? ''
    : `It takes ${field.takes}, for example ${shortCode(`${lastOf(key)}: ${field.example}`)}.`;
}

function lastOf(key: string): string {
  return key.split('.').at(-1) ?? key;
}

function renderValue(value: unknown): string {
  if (value === undefined || value === null) return 'empty';
  if (isMap(value)) return 'a group of keys';
  if (isSeq(value)) return 'a list';
  return isNode(value)
    ? 'something else'
    : shortCode(typeof value === 'number' ? String(value) : JSON.stringify(value));
}

/** Where the node at a path begins, or its key; the nearest group's beginning when there is none. */
function offsetOf(document: Document, path: readonly PropertyKey[], part: 'key' | 'value' = 'value'): number {
  const parent: unknown = path.length > 0 ? document.getIn(path.slice(0, -1), true) : undefined;
  const pair = isMap(parent) ? parent.items.find(({ key }) => String(key) === path.at(-1)) : undefined;
  const node: unknown = part === 'key' ? pair?.key : document.getIn(path, true);
  if (isNode(node)) return startOf(node);
  return path.length > 0 ? offsetOf(document, path.slice(0, -1)) : 0;
}

/** How many characters of the file come before a node. */
export function startOf(node: unknown): number {
  return isNode(node) && node.range ? node.range[0] : 0;
}
