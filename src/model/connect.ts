import Anthropic from '@anthropic-ai/sdk';
import { BotError } from '../domain/index.ts';
import { guardedFetch } from './guarded-fetch.ts';
import type { Timeouts } from './guarded-fetch.ts';

/** Who serves the models. */
export type Provider = 'anthropic' | 'bedrock' | 'vertex' | 'foundry';

export interface Connection {
  readonly provider: Provider;
  /** Required for `anthropic`; other platforms use their own credentials (foundry takes a key as well). */
  readonly apiKey: string | undefined;
  readonly baseUrl: string | undefined;
  readonly timeouts: Timeouts;
}

/** The client of a platform; only Anthropic's own has a list of models we can read. */
export interface Client {
  readonly messages: Pick<Anthropic['messages'], 'stream'>;
  readonly models?: Pick<Anthropic['models'], 'list'>;
}

const anthropicUrl = 'https://api.anthropic.com';
const userAgent = 'backend-developer';

/** The packages of the other platforms; they aren't installed with us. */
const packages: Readonly<Record<Exclude<Provider, 'anthropic'>, { name: string; export: string }>> = {
  bedrock: { name: '@anthropic-ai/bedrock-sdk', export: 'AnthropicBedrock' },
  vertex: { name: '@anthropic-ai/vertex-sdk', export: 'AnthropicVertex' },
  foundry: { name: '@anthropic-ai/foundry-sdk', export: 'AnthropicFoundry' },
};

/** Creates the client. Throws `config-invalid` when the key or the platform's package is missing. */
export async function connect(connection: Connection): Promise<Client> {
  const { provider } = connection;
  return provider === 'anthropic' ? connectAnthropic(connection) : connectPlatform(packages[provider], connection);
}

/**
 * Everything the SDK would otherwise read from the environment is given: key, token, address, webhook key, log level,
 * tracing content. ANTHROPIC_CUSTOM_HEADERS has no option; `guardedFetch` lets only known headers through.
 * Repeating is our own policy's business.
 */
function connectAnthropic({ apiKey, baseUrl, timeouts }: Connection): Client {
  if (apiKey === undefined || apiKey.trim() === '')
    throw new BotError('config-invalid', 'The API key is missing: set ANTHROPIC_API_KEY, for example sk-ant-api03-….');
  return new Anthropic({
    apiKey,
    authToken: null,
    baseURL: baseUrl ?? anthropicUrl,
    webhookKey: null,
    maxRetries: 0,
    timeout: timeouts.answerMs,
    logLevel: 'off',
    openTelemetry: {},
    defaultHeaders: { 'User-Agent': userAgent },
    fetch: guardedFetch(timeouts, apiKey),
  });
}

async function connectPlatform(
  wanted: { readonly name: string; readonly export: string },
  { apiKey, baseUrl, timeouts, provider }: Connection,
): Promise<Client> {
  const create = await importClient(wanted, provider);
  return create({
    ...(apiKey === undefined || provider !== 'foundry' ? {} : { apiKey }),
    ...(baseUrl === undefined ? {} : { baseURL: baseUrl }),
    maxRetries: 0,
    timeout: timeouts.answerMs,
    logLevel: 'off',
    openTelemetry: {},
  });
}

type CreateClient = (options: Readonly<Record<string, unknown>>) => Client;

async function importClient(
  wanted: { readonly name: string; readonly export: string },
  provider: Provider,
): Promise<CreateClient> {
  try {
    const loaded = (await import(wanted.name)) as Readonly<Record<string, new (options: unknown) => Client>>;
    const Platform = loaded[wanted.export];
    if (Platform !== undefined) return (options) => new Platform(options);
  } catch (cause) {
    throw notInstalled(wanted.name, provider, cause);
  }
  throw notInstalled(wanted.name, provider, undefined);
}

function notInstalled(name: string, provider: Provider, cause: unknown): BotError {
  const message = `MODEL_PROVIDER=${provider} needs the package ${name}: run "npm install ${name}", or choose another provider.`;
  return new BotError('config-invalid', message, { cause });
}
