import type Anthropic from '@anthropic-ai/sdk';
import { cautiousLimits, defaultLine, knownModels, lineOf } from './catalogue.ts';
import type { KnownModel, ModelLine } from './catalogue.ts';
import type { Client } from './connect.ts';
import type { ResolvedModel } from './model.ts';
import { priceOf } from './price.ts';

/** Words that mean "the newest of a line"; `inherit` and nothing at all mean our default. */
const aliases: Readonly<Record<string, ModelLine>> = {
  opus: 'opus',
  sonnet: 'sonnet',
  haiku: 'haiku',
  fable: 'fable',
  mythos: 'mythos',
  inherit: defaultLine,
  default: defaultLine,
  '': defaultLine,
};

/** Finds the model for an id or alias among those that exist; pure. */
export function resolveModel(wanted: string, models: readonly KnownModel[]): ResolvedModel {
  const name = wanted.trim();
  const line = aliases[name];
  const found = line === undefined ? findById(name, models) : newestOf(line, models);
  const model = found === undefined || found.lifecycle === 'retired' ? successorOf(name, models) : found;
  const notes = [substitution(name, found, model), retirement(model), unpriced(model.id)].filter(
    (note) => note !== undefined,
  );
  const { id, contextWindow, maxOutputTokens } = model;
  return { id, contextWindow, maxOutputTokens, ...(notes.length === 0 ? {} : { note: notes.join(' ') }) };
}

/** The id itself, or the dated id it stands for (`claude-sonnet-4-5` is `claude-sonnet-4-5-20250929`). */
function findById(id: string, models: readonly KnownModel[]): KnownModel | undefined {
  return models.find((model) => model.id === id) ?? models.find((model) => isDated(model.id, id));
}

function isDated(id: string, plain: string): boolean {
  return id.startsWith(`${plain}-`) && /^\d{8}$/.test(id.slice(plain.length + 1));
}

function successorOf(id: string, models: readonly KnownModel[]): KnownModel {
  const found = newestOf(lineOf(id) ?? defaultLine, models) ?? newestOf(defaultLine, models);
  return found ?? models.find((model) => model.lifecycle === 'active') ?? fallback();
}

/** Only when the list and the table name no usable model at all. */
function fallback(): KnownModel {
  return { id: 'claude-opus-5-5', line: defaultLine, lifecycle: 'active', createdAt: '', ...cautiousLimits };
}

function newestOf(line: ModelLine, models: readonly KnownModel[]): KnownModel | undefined {
  return models
    .filter((model) => model.line === line && model.lifecycle === 'active')
    .toSorted((a, b) => b.createdAt.localeCompare(a.createdAt))[0];
}

function substitution(wanted: string, found: KnownModel | undefined, used: KnownModel): string | undefined {
  if (found === used) return undefined;
  const why = found === undefined ? 'is not a model we know' : 'has been retired';
  return `The model ${wanted === '' ? '(none)' : wanted} ${why}; ${used.id} is used instead.`;
}

function retirement(model: KnownModel): string | undefined {
  if (model.lifecycle !== 'deprecated') return undefined;
  const when = model.retiresAt === undefined ? 'soon' : `on ${model.retiresAt.slice(0, 10)}`;
  return `The model ${model.id} is deprecated and retires ${when}.`;
}

function unpriced(id: string): string | undefined {
  const { price, isKnown } = priceOf(id);
  return isKnown
    ? undefined
    : `We have no price for ${id}: it is counted at the dearest one we know, that of ${price.line}.`;
}

/** A list that could be read is believed for an hour; after a failure it is asked for again in five minutes. */
const listLifetimeMs = { read: 3_600_000, failed: 300_000 };
const listTimeoutMs = 10_000;

/** Reads the API's list of models and keeps it; while it can't be read, our table stands in. Never throws. */
export function createModelList(
  client: () => Promise<Client>,
  now: () => number,
): () => Promise<readonly KnownModel[]> {
  let kept: { readonly models: readonly KnownModel[]; readonly until: number } | undefined;
  return async () => {
    if (kept !== undefined && kept.until > now()) return kept.models;
    const list = await readList(await client());
    const lifetime = list === undefined ? listLifetimeMs.failed : listLifetimeMs.read;
    const models = list ?? kept?.models ?? knownModels;
    kept = { models, until: now() + lifetime };
    return models;
  };
}

async function readList(client: Client): Promise<readonly KnownModel[] | undefined> {
  if (client.models === undefined) return undefined;
  try {
    const page = await client.models.list(
      { limit: 1000, lifecycle: ['active', 'deprecated', 'retired'] },
      { timeout: listTimeoutMs },
    );
    return page.data.length === 0 ? undefined : page.data.map(toKnownModel);
  } catch {
    // Running without the list is fine: the table knows the same models, with cautious limits.
    return undefined;
  }
}

function toKnownModel(info: Anthropic.ModelInfo): KnownModel {
  return {
    id: info.id,
    line: info.line ?? lineOf(info.id),
    lifecycle: info.lifecycle,
    createdAt: info.created_at,
    ...(info.retires_at === null ? {} : { retiresAt: info.retires_at }),
    contextWindow: info.max_input_tokens ?? cautiousLimits.contextWindow,
    maxOutputTokens: info.max_tokens ?? cautiousLimits.maxOutputTokens,
  };
}
