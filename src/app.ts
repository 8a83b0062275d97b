import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pino, type Logger } from 'pino';
import type { Config } from './config.ts';
import { BotError } from './domain/index.ts';
import { createGitHub } from './github/index.ts';
import { createModel } from './model/index.ts';
import { createProgressBus, type ProgressBus } from './progress.ts';
import { createSandbox, type Sandbox } from './sandbox/index.ts';
import { openStore, type RunSummary, type Store } from './store/index.ts';
import { readDelivery } from './trigger/index.ts';
import { createIntake, createPages, startServer, type HttpServer, type VerifiedDelivery } from './web/index.ts';
import type { Deps } from './deps.ts';
import { startWorker } from './worker.ts';

/** How long a stopping process waits for its jobs to reach a safe point before it hands them back to the queue. */
const stopTimeoutMs = 25_000;

/** Stands in every pull request that was made without a sandbox. */
const unsafeBanner =
  '**UNSAFE:** the operator runs this app without a sandbox (`SANDBOX=unsafe-none`): the code of this repository and the commands of the model ran on the host itself.';

export interface App {
  /** `http://host:port` where it listens. */
  readonly url: string;
  readonly progress: ProgressBus;
  /** The latest hundred runs, newest first. */
  runs(): Promise<readonly RunSummary[]>;
  /** Stops taking deliveries and jobs, hands running jobs back to the queue, closes every door. */
  stop(): Promise<void>;
}

export interface AppOptions {
  /** Mounts the live pages, which have no sign-in: only where everybody who reaches the port may read every repository. */
  readonly openPages?: boolean;
  readonly log?: Logger;
}

/**
 * Builds the doors once and starts what this process's role asks for: the HTTP side, the worker, or both.
 * Throws BotError naming what is missing; nothing is left running then.
 */
export async function startApp(config: Config, options: AppOptions = {}): Promise<App> {
  const log = options.log ?? createLog(config);
  await using started = new AsyncDisposableStack();
  const deps = await openDeps(config, options, { log, started });
  if (config.role !== 'web') {
    const worker = await startWorker(deps, config.concurrency);
    started.defer(() => worker.stop(stopTimeoutMs));
  }
  const server = started.use(await listen(config, options, deps));
  log.info({ url: server.url, role: config.role, sandbox: config.sandbox }, 'ready');
  const running = started.move();
  return {
    url: server.url,
    progress: deps.progress,
    runs: () => deps.store.runs(100),
    stop: () => running.disposeAsync(),
  };
}

async function openDeps(
  config: Config,
  options: AppOptions,
  { log, started }: { log: Logger; started: AsyncDisposableStack },
): Promise<Deps> {
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const sandbox = createSandbox({ kind: config.sandbox, nodePath: process.execPath });
  const { appId, privateKey, apiUrl: baseUrl } = config.github;
  return {
    settings: readSettings(config, options),
    store: started.use(await openStoreBeside(sandbox, config, log)),
    github: createGitHub({ appId, privateKey, baseUrl }),
    model: createModel(config.model),
    sandbox,
    progress: createProgressBus(),
    log,
    now: Date.now,
  };
}

/** The sandbox proves itself while the database opens: both take their time, mostly in other places. A process without jobs needs no box. */
async function openStoreBeside(sandbox: Sandbox, { role, dataDir, databaseUrl }: Config, log: Logger): Promise<Store> {
  const tested = role === 'web' ? Promise.resolve() : sandbox.selfTest();
  tested.catch(() => undefined); // it is awaited below, whatever becomes of the database
  const store = await openStore({ dataDir, log, ...(databaseUrl && { databaseUrl }) });
  try {
    await tested;
    return store;
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
}

function readSettings(config: Config, { openPages }: AppOptions): Deps['settings'] {
  const publicUrl = openPages ? config.http.publicUrl : undefined;
  return {
    dataDir: config.dataDir,
    agentsDir: join(import.meta.dirname, '..', 'agents'),
    budget: config.budget,
    warnings: config.sandbox === 'unsafe-none' ? [unsafeBanner] : [],
    ...(config.preferencesPath && { preferencesPath: config.preferencesPath }),
    ...(publicUrl && { publicUrl }),
  };
}

async function listen(config: Config, options: AppOptions, deps: Deps): Promise<HttpServer> {
  const { host, port, webhookPath } = config.http;
  const { appId, privateKey, webhookSecret } = config.github;
  const accept = (delivery: VerifiedDelivery) => keepDelivery(delivery, appId, deps);
  const intake =
    config.role === 'worker'
      ? undefined
      : await createIntake({ appId, privateKey, secret: webhookSecret, path: webhookPath, accept });
  const pages = options.openPages
    ? createPages({ store: deps.store, watch: (listener) => deps.progress.watch(listener) })
    : undefined;
  const ready = () => deps.store.ping();
  return startServer({ host, port, ready, ...(intake && { intake }), ...(pages && { pages }) });
}

/** Reads a delivery and keeps it, with its job when it is one. Its fate is logged, its body never. */
async function keepDelivery(
  { id, event, payload, bodyHash }: VerifiedDelivery,
  appId: number,
  deps: Deps,
): Promise<void> {
  const log = deps.log.child({ delivery: id, event });
  try {
    const reading = readDelivery(event, payload, { appId });
    const receipt = await deps.store.receive({ id, event, bodyHash }, reading);
    log[receipt.type === 'queued' ? 'info' : 'debug'](receipt, 'delivery kept');
  } catch (error) {
    log.error(
      { error: error instanceof BotError ? error.message : String(error) },
      'delivery refused: GitHub sees 503 and can redeliver it',
    );
    throw error;
  }
}

function createLog({ log: { level, format } }: Config): Logger {
  return pino({ level, ...(format === 'pretty' && { transport: { target: 'pino-pretty' } }) });
}
