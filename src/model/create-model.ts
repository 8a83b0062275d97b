import { setTimeout as sleep } from 'node:timers/promises';
import { toParams } from './caching.ts';
import { cautiousLimits } from './catalogue.ts';
import { connect } from './connect.ts';
import type { Client, Provider } from './connect.ts';
import { readFailure, toModelError } from './failure.ts';
import { defaultTimeouts } from './guarded-fetch.ts';
import type { Timeouts } from './guarded-fetch.ts';
import type { Model, ResolvedModel } from './model.ts';
import { createModelList, resolveModel } from './resolve-model.ts';
import { withRetries } from './retry.ts';
import type { RetryTools } from './retry.ts';
import { streamMessage } from './stream-message.ts';

export interface ModelOptions extends Partial<RetryTools> {
  /** Required for Anthropic's own API; sent with each request and kept nowhere else. */
  readonly apiKey?: string | undefined;
  /** Anthropic's own address unless given. */
  readonly baseUrl?: string | undefined;
  readonly provider?: Provider | undefined;
  readonly timeouts?: Timeouts | undefined;
}

/**
 * Opens the door. Nothing is sent before the first question.
 * A missing key, or a missing package of another platform, is `config-invalid` at the first question.
 */
export function createModel(options: ModelOptions): Model {
  const { now = Date.now, wait = sleepFor, random = Math.random } = options;
  const tools = { now, wait, random };
  const client = once(() =>
    connect({
      provider: options.provider ?? 'anthropic',
      apiKey: options.apiKey,
      baseUrl: options.baseUrl,
      timeouts: options.timeouts ?? defaultTimeouts,
    }),
  );
  const list = createModelList(client, now);
  const isOurs = (options.provider ?? 'anthropic') === 'anthropic';
  return {
    async resolve(wanted) {
      const models = await list();
      return !isOurs && platformId.test(wanted) ? asGiven(wanted) : resolveModel(wanted, models);
    },
    async reach() {
      const { models } = await client();
      await models?.list({ limit: 1 }, { timeout: reachMs }).catch((error: unknown) => {
        throw toModelError(error, readFailure(error, now), { attempts: 1, retryAt: undefined });
      });
    },
    async turn(request) {
      const connected = await client();
      const params = toParams(request);
      return withRetries(() => streamMessage(connected, params, request.signal), request.signal, tools);
    },
  };
}

/** How long an operator who looks waits for the API, in milliseconds. */
const reachMs = 10_000;

/** Bedrock's and Vertex' own ids have characters that Anthropic's don't (`us.anthropic.claude-opus-5-5-v1:0`, `…@20251101`). */
const platformId = /[.:/@]/;

/** A platform's own id is used as it is, within cautious limits: there is no list we could look it up in. */
function asGiven(wanted: string): ResolvedModel {
  return { id: wanted.trim(), ...cautiousLimits };
}

function once(create: () => Promise<Client>): () => Promise<Client> {
  let made: Promise<Client> | undefined;
  return () => (made ??= create());
}

async function sleepFor(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal });
}
