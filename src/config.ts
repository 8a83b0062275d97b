import { existsSync, readFileSync } from 'node:fs';
import { homedir, availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { BotError, isImageReference } from './domain/index.ts';
import { followSecret, type Warn } from './follow-secret.ts';
import { PrivateKey, secretFile, secretNames, WebhookSecrets, withSecretFiles } from './secrets.ts';

const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback);
const dollars = (fallback: number) => z.coerce.number().min(0.01).max(10_000).default(fallback);
const path = z.string().startsWith('/', 'must start with a slash, for example /api/github/webhooks');

/** The operator's settings as the environment spells them (docs/configuration.md). */
const Environment = z.object({
  APP_ID: z.coerce.number('must be the number of your GitHub App, for example 123456').int().positive(),
  PRIVATE_KEY: PrivateKey,
  WEBHOOK_SECRET: WebhookSecrets,
  PORT: port(3000),
  HOST: z.string().min(1).default('127.0.0.1'),
  WEBHOOK_PATH: path.default('/api/github/webhooks'),
  GHE_HOST: z
    .string()
    .regex(/^[a-z0-9.-]+(:\d+)?$/i, 'must be a host name without a scheme, for example github.example.com')
    .optional(),
  GHE_PROTOCOL: z.enum(['https', 'http']).default('https'),
  ANTHROPIC_API_KEY: z.string().min(1).optional(),
  ANTHROPIC_BASE_URL: z.url('must be a URL, for example https://api.anthropic.com').optional(),
  MODEL_PROVIDER: z.enum(['anthropic', 'bedrock', 'vertex', 'foundry']).default('anthropic'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must look like postgresql://user:password@host:5432/name')
    .optional(),
  DATA_DIR: z.string().min(1).default('./data'),
  ROLE: z.enum(['all', 'web', 'worker']).default('all'),
  CONCURRENCY: z.coerce.number().int().min(1).max(256).default(availableParallelism()),
  PUBLIC_URL: z.url('must be a URL, for example https://backend.example.com').optional(),
  SANDBOX: z.enum(['bubblewrap', 'container', 'unsafe-none']).default('bubblewrap'),
  SANDBOX_IMAGE: z
    .string()
    .refine(isImageReference, 'must name a container image, for example node:24-bookworm')
    .optional(),
  BUDGET_USD_PER_JOB: dollars(5),
  BUDGET_USD_PER_DAY: dollars(50),
  PREFERENCES_PATH: z.string().min(1).optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  LOG_FORMAT: z.enum(['pretty', 'json']).optional(),
});
type Environment = z.infer<typeof Environment>;

/** Everything the operator decides, read once at start. */
export interface Config {
  readonly github: {
    readonly appId: number;
    /** As it was at start. */
    readonly privateKey: string;
    /** The first one, as it was at start. */
    readonly webhookSecret: string;
    /** The key of now: read again when its file has changed, the last good one when the file is broken, which is warned of once. */
    readonly readPrivateKey: (warn?: Warn) => string;
    /** All secrets a delivery may be signed with now, at least one; in the same way. */
    readonly readWebhookSecrets: (warn?: Warn) => readonly string[];
    /** REST root, `https://api.github.com` or `<protocol>://<host>/api/v3`. */
    readonly apiUrl: string;
    /** Where people and git reach repositories, without a trailing slash. */
    readonly webUrl: string;
  };
  readonly http: {
    readonly host: string;
    readonly port: number;
    readonly webhookPath: string;
    readonly publicUrl?: string;
  };
  readonly model: {
    readonly provider: Environment['MODEL_PROVIDER'];
    readonly apiKey?: string;
    readonly baseUrl?: string;
  };
  readonly databaseUrl?: string;
  /** Absolute path. */
  readonly dataDir: string;
  readonly role: Environment['ROLE'];
  readonly concurrency: number;
  readonly sandbox: Environment['SANDBOX'];
  /** What boxes are made from where they are containers and the repository names nothing else. */
  readonly sandboxImage?: string;
  readonly budget: { readonly usdPerJob: number; readonly usdPerDay: number };
  /** The operator's preferences file, when there is one. */
  readonly preferencesPath?: string;
  readonly log: { readonly level: Environment['LOG_LEVEL']; readonly format: 'pretty' | 'json' };
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The process's own environment over a `.env` file in the working directory, secrets taken out of `process.env`.
 * What stays visible in /proc is why `NAME_FILE` exists (docs/configuration.md).
 */
export function takeEnvironment(): Variables {
  const file = existsSync('.env') ? parseEnv(readFileSync('.env', 'utf8')) : {};
  const variables: Variables = { ...file, ...process.env };
  for (const name of secretNames) Reflect.deleteProperty(process.env, name);
  return variables;
}

/** True when nothing about a GitHub App is configured yet, so that the set-up flow is what the person needs. */
export function needsSetup(variables: Variables): boolean {
  const names = [
    'APP_ID',
    'PRIVATE_KEY',
    'PRIVATE_KEY_PATH',
    'PRIVATE_KEY_FILE',
    'WEBHOOK_SECRET',
    'WEBHOOK_SECRET_FILE',
  ];
  return variables['NODE_ENV'] !== 'production' && names.every((name) => !variables[name]);
}

/** Where the set-up page listens and what it tells GitHub. */
export interface SetupConfig {
  readonly host: string;
  readonly port: number;
  /** Where GitHub will deliver; undefined when the operator has not said where this machine is reached. */
  readonly webhookUrl?: string;
}

/**
 * The part of the configuration that set-up needs. Probot's set-up page takes the webhook's address from the environment and
 * nowhere else, and would otherwise download a tunnel client.
 */
export function readSetupConfig(variables: Variables): SetupConfig {
  const part = Environment.pick({ HOST: true, PORT: true, PUBLIC_URL: true, WEBHOOK_PATH: true });
  const values = withSecretFiles(variables);
  const parsed = part.safeParse(values);
  if (!parsed.success) throw invalid(parsed.error.issues.map((issue) => describeIssue(issue, values)));
  const { HOST, PORT, PUBLIC_URL, WEBHOOK_PATH } = parsed.data;
  const webhookUrl = PUBLIC_URL && `${PUBLIC_URL.replace(/\/+$/, '')}${WEBHOOK_PATH}`;
  process.env['NO_SMEE_SETUP'] = 'true';
  process.env['WEBHOOK_PROXY_URL'] = webhookUrl ?? `https://example.com${WEBHOOK_PATH}`;
  return { host: HOST, port: PORT, ...(webhookUrl && { webhookUrl }) };
}

/** The configuration. Throws BotError `config-invalid` with one line per wrong or missing value that names it and shows a right one. */
export function readConfig(variables: Variables): Config {
  const values = withSecretFiles(variables);
  const parsed = Environment.safeParse(values);
  if (!parsed.success) throw invalid(parsed.error.issues.map((issue) => describeIssue(issue, values)));
  const environment = parsed.data;
  if (environment.MODEL_PROVIDER === 'anthropic' && !environment.ANTHROPIC_API_KEY && environment.ROLE !== 'web') {
    throw invalid([
      'ANTHROPIC_API_KEY is missing: set the API key of your Anthropic account, for example sk-ant-api03-…',
    ]);
  }
  if (environment.SANDBOX === 'container' && !environment.SANDBOX_IMAGE && environment.ROLE !== 'web') {
    throw invalid([
      'SANDBOX_IMAGE is missing: with SANDBOX=container, set the image that boxes are made from, for example SANDBOX_IMAGE=node:24-bookworm',
    ]);
  }
  if (environment.ROLE !== 'all' && !environment.DATABASE_URL) {
    throw invalid([`ROLE=${environment.ROLE} needs DATABASE_URL: only PostgreSQL can be shared between processes`]);
  }
  return toConfig(environment, variables);
}

function toConfig(environment: Environment, variables: Variables): Config {
  const preferencesPath = environment.PREFERENCES_PATH ?? defaultPreferencesPath();
  return {
    github: { appId: environment.APP_ID, ...githubSecrets(environment, variables), ...githubUrls(environment) },
    http: {
      host: environment.HOST,
      port: environment.PORT,
      webhookPath: environment.WEBHOOK_PATH,
      ...(environment.PUBLIC_URL && { publicUrl: environment.PUBLIC_URL.replace(/\/+$/, '') }),
    },
    model: {
      provider: environment.MODEL_PROVIDER,
      ...(environment.ANTHROPIC_API_KEY && { apiKey: environment.ANTHROPIC_API_KEY }),
      ...(environment.ANTHROPIC_BASE_URL && { baseUrl: environment.ANTHROPIC_BASE_URL }),
    },
    ...(environment.DATABASE_URL && { databaseUrl: environment.DATABASE_URL }),
    dataDir: resolve(environment.DATA_DIR),
    role: environment.ROLE,
    concurrency: environment.CONCURRENCY,
    sandbox: environment.SANDBOX,
    ...(environment.SANDBOX_IMAGE && { sandboxImage: environment.SANDBOX_IMAGE }),
    budget: { usdPerJob: environment.BUDGET_USD_PER_JOB, usdPerDay: environment.BUDGET_USD_PER_DAY },
    ...(preferencesPath && { preferencesPath }),
    log: {
      level: environment.LOG_LEVEL,
      format: environment.LOG_FORMAT ?? (process.stdout.isTTY ? 'pretty' : 'json'),
    },
  };
}

function githubSecrets({ PRIVATE_KEY: privateKey, WEBHOOK_SECRET: secrets }: Environment, variables: Variables) {
  return {
    privateKey,
    webhookSecret: secrets[0],
    readPrivateKey: followSecret(secretFile('PRIVATE_KEY', variables), privateKey, PrivateKey),
    readWebhookSecrets: followSecret(secretFile('WEBHOOK_SECRET', variables), secrets, WebhookSecrets),
  };
}

function githubUrls({ GHE_HOST: host, GHE_PROTOCOL: protocol }: Environment): { apiUrl: string; webUrl: string } {
  if (!host) return { apiUrl: 'https://api.github.com', webUrl: 'https://github.com' };
  return { apiUrl: `${protocol}://${host}/api/v3`, webUrl: `${protocol}://${host}` };
}

function defaultPreferencesPath(): string | undefined {
  const candidate = join(homedir(), '.claude', 'PREFERENCES.md');
  return existsSync(candidate) ? candidate : undefined;
}

/** One line: the name, what is wrong with its value, what is right. Never the value itself, which may be a secret. */
function describeIssue(issue: z.core.$ZodIssue, values: Readonly<Record<string, string>>): string {
  const name = String(issue.path[0]);
  if (values[name] === undefined) return `${name} is missing: ${rightForms[name] ?? 'set it'}`;
  return `${name} ${issue.message.replace(/^(Too|Invalid)/, (word) => `is ${word.toLowerCase()}`)}`;
}

/** What a right value looks like, for those that have no default. */
const rightForms: Readonly<Record<string, string>> = {
  APP_ID: 'set the number of your GitHub App, for example APP_ID=123456',
  PRIVATE_KEY: 'set the .pem file that GitHub made for the App, for example PRIVATE_KEY_PATH=./app.pem',
  WEBHOOK_SECRET: 'set the webhook secret of the App, at least 32 random characters (`openssl rand -hex 32`)',
};

function invalid(lines: readonly string[]): BotError {
  return new BotError('config-invalid', lines.join('\n'));
}
