import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import { createGitHub, type GitHubOptions } from './github/index.ts';
import { createModel } from './model/index.ts';
import { createProgressBus, type ProgressBus } from './progress.ts';
import { createSandbox, type Limits, type Sandbox } from './sandbox/index.ts';
import { openStore, type RunSummary, type Store, type StoreOptions } from './store/index.ts';
import { createIntake, createPages, startServer, type HttpServer, type VerifiedDelivery } from './web/index.ts';
import type { Deps } from './deps.ts';
import { keepDelivery } from './keep-delivery.ts';
import type { LeakScan } from './leaks/index.ts';
import { createLog } from './log.ts';
import { openLeakScan, watchGitHub } from './secrecy.ts';
import { openStops, type Stops } from './stops.ts';
import { startSweeps } from './sweeps.ts';
import { startWorker } from './worker.ts';

/** How long a stopping process waits for its jobs to reach a safe point before it hands them back to the queue. */
const stopTimeoutMs = 15_000;

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
  /** The part that is being stopped just now. */
  stopping(): string | undefined;
}

export interface AppOptions {
  /** Mounts the live pages, which have no sign-in: only where everybody who reaches the port may read every repository. */
  readonly openPages?: boolean;
  readonly log?: Logger;
  /** The one that the log has, when it is given. */
  readonly leaks?: LeakScan;
  /** Other limits and delays than GitHub's and ours: for stand-ins that live faster. */
  readonly timing?: Pick<StoreOptions, 'pace' | 'settleMs' | 'retryDelays'>;
  /** Narrower limits for boxes than the usual ones. */
  readonly limits?: Partial<Limits>;
}

/**
 * Builds the doors once and starts what this process's role asks for: the HTTP side, the worker, or both.
 * Throws BotError naming what is missing; nothing is left running then.
 */
export async function startApp(config: Config, options: AppOptions = {}): Promise<App> {
  const leaks = options.leaks ?? openLeakScan(config);
  const log = options.log ?? (await createLog(config.log, leaks));
  await using started = openStops();
  const deps = await openDeps(config, options, { log, leaks, started });
  if (config.role !== 'web') {
    const worker = await startWorker(deps, config.concurrency);
    started.defer('the jobs', () => worker.stop(stopTimeoutMs));
  }
  started.use('the sweeps', startSweeps(deps));
  const server = started.use('the server', await listen(config, options, deps));
  log.info({ url: server.url, role: config.role, sandbox: config.sandbox }, 'ready');
  const running = started.move();
  return {
    url: server.url,
    progress: deps.progress,
    runs: () => deps.store.runs(100),
    stop: () => running[Symbol.asyncDispose](),
    stopping: () => running.current,
  };
}

async function openDeps(
  config: Config,
  options: AppOptions,
  { log, leaks, started }: { log: Logger; leaks: LeakScan; started: Stops },
): Promise<Deps> {
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const sandbox = createSandbox({
    kind: config.sandbox,
    ...(config.sandboxImage && { image: config.sandboxImage }),
    nodePath: process.execPath,
    log,
    limits: options.limits ?? {},
  });
  const { appId, readPrivateKey, apiUrl: baseUrl } = config.github;
  const privateKey = () => {
    const key = readPrivateKey(warnOfSecret(log));
    leaks.add('PRIVATE_KEY', key);
    return key;
  };
  const store = started.use('the database', await openStoreBeside(sandbox, config, { ...options.timing, log }));
  return {
    settings: readSettings(config, options),
    store,
    github: createGitHub({ appId, privateKey, baseUrl, blocks: blocksIn(store), watch: watchGitHub(leaks) }),
    model: createModel(config.model),
    sandbox,
    progress: createProgressBus(),
    leaks,
    log,
    now: Date.now,
  };
}

/** The sandbox proves itself while the database opens: both take their time, mostly in other places. A process without jobs needs no box. */
async function openStoreBeside(
  sandbox: Sandbox,
  { role, dataDir, databaseUrl }: Config,
  options: Pick<StoreOptions, 'log' | 'pace' | 'settleMs' | 'retryDelays'>,
): Promise<Store> {
  const tested = role === 'web' ? Promise.resolve() : sandbox.selfTest();
  tested.catch(() => undefined); // it is awaited below, whatever becomes of the database
  const store = await openStore({ ...options, dataDir, ...(databaseUrl && { databaseUrl }) });
  try {
    await tested;
    return store;
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
}

/** One process that meets a limit of GitHub's spares the others from meeting it. */
function blocksIn(store: Store): NonNullable<GitHubOptions['blocks']> {
  return {
    until: async (scope) => (await store.pausedUntil(scope))?.until,
    set: (scope, until, reason) => store.pause(scope, until, reason),
  };
}

function readSettings(config: Config, { openPages }: AppOptions): Deps['settings'] {
  const publicUrl = openPages ? config.http.publicUrl : undefined;
  return {
    appId: config.github.appId,
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
  const { appId, privateKey, readWebhookSecrets } = config.github;
  const secret = () => {
    const secrets = readWebhookSecrets(warnOfSecret(deps.log));
    for (const value of secrets) deps.leaks.add('WEBHOOK_SECRET', value);
    return secrets;
  };
  const accept = async (delivery: VerifiedDelivery) => {
    await keepDelivery(delivery, deps);
  };
  const intake =
    config.role === 'worker' ? undefined : await createIntake({ appId, privateKey, secret, path: webhookPath, accept });
  const pages = options.openPages
    ? createPages({ store: deps.store, watch: (listener) => deps.progress.watch(listener) })
    : undefined;
  const ready = () => deps.store.ping();
  return startServer({ host, port, ready, ...(intake && { intake }), ...(pages && { pages }) });
}

function warnOfSecret(log: Logger): (problem: string) => void {
  return (problem) => {
    log.warn({ problem }, 'the file of a secret is not right: the last good value stays in use');
  };
}
