/** A family of models, as the API calls it. */
export type ModelLine = 'haiku' | 'sonnet' | 'opus' | 'fable' | 'mythos';

/** What we need to know of a model. Token counts are the model's limits for one request. */
export interface KnownModel {
  readonly id: string;
  readonly line: ModelLine | undefined;
  readonly lifecycle: 'active' | 'deprecated' | 'retired';
  /** ISO 8601; the newest active model of a line is its default. */
  readonly createdAt: string;
  readonly retiresAt?: string;
  readonly contextWindow: number;
  readonly maxOutputTokens: number;
}

/** The line that answers when a wanted model says nothing about its own. */
export const defaultLine: ModelLine = 'opus';

/** Limits when nothing tells: what every current model takes at least. */
export const cautiousLimits = { contextWindow: 200_000, maxOutputTokens: 64_000 };

/**
 * Used only while the API's own list can't be read. Newest first within a line.
 * Limits are what every model of the table has at least; the list, when it is reachable, gives the real ones.
 */
export const knownModels: readonly KnownModel[] = [
  known('claude-opus-5-5', 'opus', '2026-08'),
  known('claude-opus-5', 'opus', '2026-04'),
  known('claude-opus-4-8', 'opus', '2026-02'),
  known('claude-opus-4-7', 'opus', '2026-01'),
  known('claude-opus-4-6', 'opus', '2025-12'),
  known('claude-opus-4-5-20251101', 'opus', '2025-11'),
  known('claude-sonnet-5-5', 'sonnet', '2026-09'),
  known('claude-sonnet-5', 'sonnet', '2026-05'),
  known('claude-sonnet-4-6', 'sonnet', '2026-01'),
  {
    ...known('claude-sonnet-4-5-20250929', 'sonnet', '2025-09'),
    lifecycle: 'deprecated',
    retiresAt: '2026-11-30',
  },
  { ...known('claude-sonnet-4-20250514', 'sonnet', '2025-05'), lifecycle: 'retired' },
  known('claude-haiku-5-5', 'haiku', '2026-10'),
  known('claude-haiku-4-5-20251001', 'haiku', '2025-10'),
  known('claude-fable-5-2', 'fable', '2026-10'),
  known('claude-mythos-5-2', 'mythos', '2026-10'),
];

function known(id: string, line: ModelLine, createdAt: string): KnownModel {
  return { id, line, lifecycle: 'active', createdAt, ...cautiousLimits };
}

/** The line that an id or alias names, on any platform (`us.anthropic.claude-sonnet-5-5-v1:0` is a sonnet). */
export function lineOf(id: string): ModelLine | undefined {
  const name = /(haiku|sonnet|opus|fable|mythos)/.exec(id)?.[1];
  return lines.find((line) => line === name);
}

const lines: readonly ModelLine[] = ['haiku', 'sonnet', 'opus', 'fable', 'mythos'];
