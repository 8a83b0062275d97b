import { createHash } from 'node:crypto';
import { blocksOf } from './request.ts';
import type { RequestBody, RequestMessage } from './request.ts';

/** Finds requests whose system prompt, tools or earlier messages differ from what their conversation said before. */
export interface PrefixWatch {
  /** Notes the request; true when it changed something that an earlier request of the same conversation had. */
  changed(body: RequestBody): boolean;
  /** Remembers which conversation a tool use of ours belongs to. */
  issued(body: RequestBody, toolUseIds: readonly string[]): void;
}

interface Seen {
  readonly fixed: string;
  readonly messages: readonly string[];
}

/** A conversation is known by the tool use ids we gave it, or else by its first message. */
export function watchPrefixes(): PrefixWatch {
  const seen = new Map<string, Seen>();
  const owners = new Map<string, string>();

  function conversationOf(body: RequestBody): string {
    const owner = body.messages
      .flatMap(toolUseIds)
      .map((id) => owners.get(id))
      .find((key) => key !== undefined);
    return owner ?? fingerprint(body.messages[0]);
  }

  return {
    changed(body) {
      const key = conversationOf(body);
      const before = seen.get(key);
      const now = { fixed: fingerprint([body.tools, body.system]), messages: body.messages.map(fingerprintMessage) };
      seen.set(key, now);
      return before !== undefined && !continues(before, now);
    },
    issued(body, ids) {
      const key = conversationOf(body);
      for (const id of ids) owners.set(id, key);
    },
  };
}

/** A later request may be longer, or a shorter one sent again; what both have must be the same. */
function continues(before: Seen, now: Seen): boolean {
  const common = Math.min(before.messages.length, now.messages.length);
  return before.fixed === now.fixed && before.messages.slice(0, common).every((one, at) => one === now.messages[at]);
}

function toolUseIds(message: RequestMessage): readonly string[] {
  if (message.role !== 'assistant') return [];
  return blocksOf(message.content).flatMap((block) => (block.type === 'tool_use' ? [block.id] : []));
}

function fingerprintMessage(message: RequestMessage): string {
  return fingerprint({ role: message.role, content: blocksOf(message.content) });
}

/** Breakpoints are no part of what the model reads, so they are left out; the order of keys is. */
function fingerprint(value: unknown): string {
  return createHash('sha256').update(bytesOf(value)).digest('hex');
}

/** A value as it is counted and compared: its JSON without breakpoints. */
export function bytesOf(value: unknown): string {
  return JSON.stringify(value ?? null, withoutBreakpoints);
}

function withoutBreakpoints(key: string, value: unknown): unknown {
  return key === 'cache_control' ? undefined : value;
}

/**
 * The signatures that thinking has in each message, and in the answer to the request: bound to everything before.
 * A block that comes back after that changed is refused, as the newest models do.
 */
export function thinkingSignatures(body: RequestBody): readonly string[] {
  let signature = fingerprint([body.tools, body.system]);
  return [signature, ...body.messages.map((one) => (signature = fingerprint([signature, fingerprintMessage(one)])))];
}

/** Says which thinking block has a signature that doesn't belong where it is. */
export function misplacedThinking(body: RequestBody): string | undefined {
  const signatures = thinkingSignatures(body);
  for (const [at, message] of body.messages.entries()) {
    const wrong = blocksOf(message.content).findIndex(
      (block) => block.type === 'thinking' && block.signature !== signatures[at],
    );
    if (wrong >= 0) return `messages.${at}.content.${wrong}: Invalid \`signature\` in \`thinking\` block`;
  }
  return undefined;
}
