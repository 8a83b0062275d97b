/** One model as `GET /v1/models` lists it, reduced to what a client of ours reads. */
export interface ModelEntry {
  readonly id: string;
  readonly line: 'haiku' | 'sonnet' | 'opus' | 'fable' | 'mythos';
  readonly lifecycle: 'active' | 'deprecated' | 'retired';
  readonly createdAt: string;
  readonly retiresAt: string | null;
  readonly maxInputTokens: number;
  readonly maxTokens: number;
}

/** The models this stand-in knows. Retired ones are listed only when asked for and answer 404. */
export const modelCatalogue: readonly ModelEntry[] = [
  entry('claude-haiku-5-5', 'haiku', '2026-10-01T00:00:00Z'),
  entry('claude-sonnet-5-5', 'sonnet', '2026-09-15T00:00:00Z'),
  entry('claude-opus-5-5', 'opus', '2026-08-20T00:00:00Z'),
  entry('claude-sonnet-5', 'sonnet', '2026-05-12T00:00:00Z'),
  entry('claude-opus-5', 'opus', '2026-04-02T00:00:00Z'),
  entry('claude-opus-4-8', 'opus', '2026-02-18T00:00:00Z'),
  { ...entry('claude-sonnet-4-6', 'sonnet', '2026-01-20T00:00:00Z'), maxInputTokens: 200_000, maxTokens: 64_000 },
  {
    ...entry('claude-haiku-4-5-20251001', 'haiku', '2025-10-01T00:00:00Z'),
    maxInputTokens: 200_000,
    maxTokens: 64_000,
  },
  {
    ...entry('claude-sonnet-4-5-20250929', 'sonnet', '2025-09-29T00:00:00Z'),
    lifecycle: 'deprecated',
    retiresAt: '2026-11-30T00:00:00Z',
    maxInputTokens: 200_000,
    maxTokens: 64_000,
  },
  {
    ...entry('claude-sonnet-4-20250514', 'sonnet', '2025-05-14T00:00:00Z'),
    lifecycle: 'retired',
    retiresAt: '2026-06-15T00:00:00Z',
    maxInputTokens: 200_000,
    maxTokens: 64_000,
  },
];

function entry(id: string, line: ModelEntry['line'], createdAt: string): ModelEntry {
  return { id, line, lifecycle: 'active', createdAt, retiresAt: null, maxInputTokens: 1_000_000, maxTokens: 128_000 };
}

/** A page of the list, newest first, in the API's shape. */
export function listModels(models: readonly ModelEntry[], query: URLSearchParams): unknown {
  const wanted = query.getAll('lifecycle[]').concat(query.getAll('lifecycle'));
  const shown = models.filter((model) =>
    wanted.length === 0 ? model.lifecycle !== 'retired' : wanted.includes(model.lifecycle),
  );
  const after = query.get('after_id');
  const start = after === null ? 0 : shown.findIndex((model) => model.id === after) + 1;
  const limit = Math.min(Number(query.get('limit') ?? 20), 1000);
  const page = shown.slice(start, start + limit);
  return {
    data: page.map(modelInfo),
    has_more: start + limit < shown.length,
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  };
}

function modelInfo(model: ModelEntry): unknown {
  return {
    type: 'model',
    id: model.id,
    display_name: model.id,
    line: model.line,
    lifecycle: model.lifecycle,
    created_at: model.createdAt,
    deprecated_at: model.lifecycle === 'active' ? null : '2026-04-15T00:00:00Z',
    retires_at: model.retiresAt,
    max_input_tokens: model.maxInputTokens,
    max_tokens: model.maxTokens,
    capabilities: null,
  };
}
