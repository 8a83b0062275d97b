import type { z } from 'zod';
import { blocksOf, requestBody } from './request.ts';
import type { RequestBody, RequestContent, RequestMessage } from './request.ts';

type Issue = z.core.$ZodIssue;

/** What the API takes, or the first thing wrong with it in the words the API uses: the field's path, a colon, the reason. */
export function readBody(json: unknown): { body: RequestBody } | { wrong: string } {
  const sampling = ['temperature', 'top_p', 'top_k'].find((name) => isRecord(json) && name in json);
  if (sampling !== undefined) return { wrong: `${sampling}: Extra inputs are not permitted` };
  const parsed = requestBody.safeParse(json);
  if (!parsed.success) return { wrong: describe(parsed.error.issues) };
  for (const rule of rules) {
    const wrong = rule(parsed.data);
    if (wrong !== undefined) return { wrong };
  }
  return { body: parsed.data };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function describe(issues: readonly Issue[], prefix: readonly PropertyKey[] = []): string {
  const issue = issues[0];
  if (issue === undefined) return 'Input should be valid';
  const path = [...prefix, ...issue.path];
  if (issue.code === 'invalid_union' && issue.errors.length > 0) return describe(closest(issue.errors), path);
  if (issue.code === 'unrecognized_keys')
    return `${[...path, issue.keys[0] ?? ''].join('.')}: Extra inputs are not permitted`;
  return `${path.join('.')}: ${reason(issue)}`;
}

/** Of the alternatives of a union, the one that got furthest into the value says most. */
function closest(alternatives: readonly (readonly Issue[])[]): readonly Issue[] {
  function depth(issues: readonly Issue[]): number {
    return issues[0]?.path.length ?? 0;
  }
  return alternatives.reduce((best, one) => (depth(one) > depth(best) ? one : best));
}

function reason(issue: Issue): string {
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) return 'Field required';
  if (issue.code === 'invalid_format' && 'pattern' in issue)
    return `String should match pattern '${issue.pattern.slice(1, -1)}'`;
  if (issue.code === 'too_small') return `Input should be greater than or equal to ${String(issue.minimum)}`;
  return issue.message;
}

type Rule = (body: RequestBody) => string | undefined;

/** The rules that look at more than one field, in the order the API reports them. */
const rules: readonly Rule[] = [
  firstIsUser,
  noBlankText,
  systemIsText,
  blocksMatchRoles,
  errorResultsSayWhy,
  uniqueTools,
  toolChoiceExists,
  toolUsesAreAnswered,
  fewBreakpoints,
  breakpointsOnCacheable,
];

function firstIsUser({ messages }: RequestBody): string | undefined {
  return messages[0]?.role === 'user' ? undefined : 'messages: first message must use the "user" role';
}

function systemIsText({ messages }: RequestBody): string | undefined {
  const at = messages.findIndex(
    (message) => message.role === 'system' && blocksOf(message.content).some((block) => block.type !== 'text'),
  );
  return at < 0 ? undefined : `messages.${at}: system messages may hold text only`;
}

function noBlankText(body: RequestBody): string | undefined {
  if (body.system !== undefined && typeof body.system !== 'string') {
    const blank = body.system.findIndex((block) => block.text.trim() === '');
    if (blank >= 0) return `system.${blank}: text content blocks must contain non-whitespace text`;
  }
  return firstOf(body.messages, (message, at) => {
    const blocks = blocksOf(message.content);
    if (blocks.length === 0 && at < body.messages.length - 1)
      return `messages.${at}: all messages must have non-empty content except for the optional final assistant message`;
    const blank = blocks.findIndex((block) => block.type === 'text' && block.text.trim() === '');
    if (blank >= 0) return `messages.${at}.content.${blank}: text content blocks must contain non-whitespace text`;
    return blocks.length === 0 ? `messages.${at}: content must not be empty` : undefined;
  });
}

const rolesOfBlocks: Readonly<Record<RequestContent['type'], readonly RequestMessage['role'][]>> = {
  text: ['user', 'assistant', 'system'],
  image: ['user'],
  document: ['user'],
  thinking: ['assistant'],
  redacted_thinking: ['assistant'],
  tool_use: ['assistant'],
  tool_result: ['user'],
};

function blocksMatchRoles({ messages }: RequestBody): string | undefined {
  return firstOf(messages, (message, at) => {
    const stranger = blocksOf(message.content).findIndex((block) => !rolesOfBlocks[block.type].includes(message.role));
    if (stranger < 0) return undefined;
    const type = blocksOf(message.content)[stranger]?.type ?? '';
    return `messages.${at}.content.${stranger}: \`${type}\` blocks are not allowed in ${message.role} messages`;
  });
}

function errorResultsSayWhy({ messages }: RequestBody): string | undefined {
  return firstOf(messages, (message, at) => {
    const silent = blocksOf(message.content).findIndex(
      (block) => block.type === 'tool_result' && block.is_error === true && isEmpty(block.content),
    );
    return silent < 0
      ? undefined
      : `messages.${at}.content.${silent}.tool_result: content cannot be empty if \`is_error\` is true`;
  });
}

function isEmpty(value: string | readonly unknown[] | undefined): boolean {
  return value === undefined || value.length === 0;
}

function uniqueTools({ tools = [] }: RequestBody): string | undefined {
  const names = tools.map((tool) => tool.name);
  return new Set(names).size === names.length ? undefined : 'tools: Tool names must be unique.';
}

function toolChoiceExists({ tool_choice: choice, tools = [] }: RequestBody): string | undefined {
  if (choice === undefined) return undefined;
  if (tools.length === 0) return 'tool_choice: tool_choice may only be specified while providing tools.';
  if (choice.type === 'tool' && !tools.some((tool) => tool.name === choice.name))
    return `tool_choice: Tool '${choice.name}' not found in provided tools`;
  return undefined;
}

/** Every tool use is answered once, at the start of the next message, and nothing else is answered. */
function toolUsesAreAnswered({ messages }: RequestBody): string | undefined {
  const ids = new Set<string>();
  return firstOf(messages, (message, at) => {
    const asked = message.role === 'assistant' ? idsOf(message) : [];
    for (const id of asked) {
      if (ids.has(id)) return `messages.${at}: \`tool_use\` ids must be unique`;
      ids.add(id);
    }
    return unanswered(asked, messages[at + 1], at) ?? unasked(message, messages[at - 1], at);
  });
}

function unanswered(asked: readonly string[], next: RequestMessage | undefined, at: number): string | undefined {
  const answered = next === undefined ? [] : leadingResults(next);
  const missing = asked.filter((id) => !answered.includes(id));
  if (missing.length === 0) return undefined;
  return (
    `messages.${at}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${missing.join(', ')}. ` +
    'Each `tool_use` block must have a corresponding `tool_result` block in the next message.'
  );
}

function unasked(message: RequestMessage, previous: RequestMessage | undefined, at: number): string | undefined {
  const asked = previous?.role === 'assistant' ? idsOf(previous) : [];
  const answers = blocksOf(message.content).flatMap((block) =>
    block.type === 'tool_result' ? [block.tool_use_id] : [],
  );
  const stray = answers.find((id) => !asked.includes(id));
  if (stray !== undefined)
    return `messages.${at}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${stray}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`;
  if (new Set(answers).size < answers.length)
    return `messages.${at}: each tool_use must have a single result. Found multiple \`tool_result\` blocks with one id.`;
  return undefined;
}

function idsOf(message: RequestMessage): readonly string[] {
  return blocksOf(message.content).flatMap((block) => (block.type === 'tool_use' ? [block.id] : []));
}

function leadingResults(message: RequestMessage): readonly string[] {
  const ids: string[] = [];
  for (const block of blocksOf(message.content)) {
    if (block.type !== 'tool_result') break;
    ids.push(block.tool_use_id);
  }
  return ids;
}

function fewBreakpoints(body: RequestBody): string | undefined {
  const count = breakpoints(body);
  return count <= 4 ? undefined : `A maximum of 4 blocks with cache_control may be provided. Found ${count}.`;
}

function breakpoints(body: RequestBody): number {
  const system = typeof body.system === 'string' ? [] : (body.system ?? []);
  const blocks = [...(body.tools ?? []), ...system, ...body.messages.flatMap((message) => blocksOf(message.content))];
  const explicit = blocks.filter((block) => 'cache_control' in block && isSet(block.cache_control)).length;
  return explicit + (isSet(body.cache_control) ? 1 : 0);
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** Thinking can't carry a breakpoint; the schema refuses it there. An empty tool result has nothing to cache. */
function breakpointsOnCacheable({ messages }: RequestBody): string | undefined {
  return firstOf(messages, (message, at) => {
    const wrong = blocksOf(message.content).findIndex(
      (block) => block.type === 'text' && block.text === '' && isSet(block.cache_control),
    );
    return wrong < 0 ? undefined : `messages.${at}.content.${wrong}: cache_control cannot be set for empty text blocks`;
  });
}

function firstOf<T, R>(items: readonly T[], find: (item: T, index: number) => R | undefined): R | undefined {
  for (const [index, item] of items.entries()) {
    const found = find(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}
