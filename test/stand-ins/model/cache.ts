import { createHash } from 'node:crypto';
import { bytesOf } from './prefix.ts';
import { blocksOf } from './request.ts';
import type { RequestBody } from './request.ts';

/** Input tokens of one request as the API bills them; their sum is the whole prompt. Tokens are bytes / 4. */
export interface RequestUsage {
  readonly inputTokens: number;
  readonly cacheWriteTokens: number;
  readonly cacheReadTokens: number;
  /** The part of the written tokens that lives for an hour. */
  readonly cacheWriteHourTokens: number;
}

export interface PromptCache {
  /** Looks up and extends the cache for a request that is going to be answered. */
  account(body: RequestBody): RequestUsage;
}

/** Shorter prefixes aren't cached. */
const minimumTokens = 1024;
/** How many blocks before a breakpoint an entry may lie and still be found. */
const lookBack = 20;
const lifetimes = { '5m': 5 * 60_000, '1h': 60 * 60_000 };

interface Position {
  readonly hash: string;
  readonly tokens: number;
  readonly ttl: '5m' | '1h' | undefined;
}

interface Entry {
  readonly ttl: '5m' | '1h';
  expires: number;
}

/** `now` is in milliseconds; an entry lives 5 minutes (or an hour) after it was last written or read. */
export function createPromptCache(now: () => number): PromptCache {
  const entries = new Map<string, Entry>();

  function isAlive(position: Position): boolean {
    return (entries.get(position.hash)?.expires ?? 0) > now();
  }

  function lastFound(positions: readonly Position[], marks: readonly number[]): number {
    for (const mark of marks.toReversed()) {
      for (let at = mark; at >= Math.max(0, mark - lookBack); at--) {
        const position = positions[at];
        if (position !== undefined && isAlive(position)) return at;
      }
    }
    return -1;
  }

  function keep(position: Position, ttl: '5m' | '1h'): void {
    entries.set(position.hash, { ttl, expires: now() + lifetimes[ttl] });
  }

  return {
    account(body) {
      const positions = positionsOf(body);
      const marks = positions.flatMap((position, at) =>
        position.ttl !== undefined && position.tokens >= minimumTokens ? [at] : [],
      );
      const found = lastFound(positions, marks);
      const hit = positions[found];
      if (hit !== undefined) keep(hit, entries.get(hit.hash)?.ttl ?? '5m');
      const written = marks.filter((mark) => mark > found).flatMap((mark) => positions[mark] ?? []);
      for (const position of written) keep(position, position.ttl ?? '5m');
      return bill(positions.at(-1)?.tokens ?? 0, hit?.tokens ?? 0, written);
    },
  };
}

function bill(total: number, read: number, written: readonly Position[]): RequestUsage {
  const end = written.at(-1)?.tokens ?? read;
  const hour = written.findLast((position) => position.ttl === '1h')?.tokens ?? read;
  return {
    inputTokens: total - end,
    cacheWriteTokens: end - read,
    cacheReadTokens: read,
    cacheWriteHourTokens: hour - read,
  };
}

/** Tools, then system, then messages, block by block: where each ends, and whether a breakpoint is there. */
function positionsOf(body: RequestBody): readonly Position[] {
  const system = typeof body.system === 'string' ? [{ type: 'text' as const, text: body.system }] : (body.system ?? []);
  const blocks = [
    ...(body.tools ?? []).map((tool) => ({ role: 'tools', block: tool })),
    ...system.map((block) => ({ role: 'system', block })),
    ...body.messages.flatMap((message) => blocksOf(message.content).map((block) => ({ role: message.role, block }))),
  ];
  const automatic = body.cache_control?.ttl ?? (body.cache_control ? '5m' : undefined);
  const last = blocks.findLastIndex(({ block }) => isCacheable(block));
  let hash = body.model;
  let bytes = 0;
  return blocks.map(({ role, block }, at) => {
    const json = bytesOf(block);
    bytes += Buffer.byteLength(json);
    hash = createHash('sha256').update(`${hash}\n${role}\n${json}`).digest('hex');
    const ttl = ttlOf(block) ?? (at === last ? automatic : undefined);
    return { hash, tokens: Math.ceil(bytes / 4), ttl };
  });
}

function isCacheable(block: object): boolean {
  return !('type' in block && (block.type === 'thinking' || block.type === 'redacted_thinking'));
}

function ttlOf(block: object): '5m' | '1h' | undefined {
  const control: unknown = 'cache_control' in block ? block.cache_control : undefined;
  if (typeof control !== 'object' || control === null) return undefined;
  return 'ttl' in control && control.ttl === '1h' ? '1h' : '5m';
}

/** Tokens of the whole prompt, as `account` counts them. */
export function countPrompt(body: RequestBody): number {
  return positionsOf(body).at(-1)?.tokens ?? 0;
}
