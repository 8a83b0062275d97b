import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  startGitHub,
  type GitHubOptions,
  type GitHubStandIn,
  type RepositoryHandle,
} from '../stand-ins/github/index.ts';
import { startModel, type ModelStandIn, type Script } from '../stand-ins/model/index.ts';
import { makeScratchFolder, startPostgres, type PostgresStandIn } from '../stand-ins/postgres.ts';
import { environmentFor } from '../e2e/world.ts';
import { startProcess, type AppProcess } from './app-process.ts';
import { cheapFiles } from './cheap.ts';
import { startRelay, type DeliveryGate, type Relay } from './relay.ts';
import type { InnerHold, Timing, Word } from './wire.ts';

/** Which database a world runs on. */
export type Kind = 'embedded' | 'PostgreSQL';

export interface WorldOptions {
  readonly kind: Kind;
  readonly script: Script;
  readonly gate?: DeliveryGate;
  /** GitHub's limits are out of the way when not said. */
  readonly timing?: Timing;
  readonly github?: GitHubOptions;
  readonly environment?: Readonly<Record<string, string>>;
  /** `bubblewrap` when not said. Without a box a job costs half. */
  readonly sandbox?: 'bubblewrap' | 'unsafe-none';
}

/** A GitHub and a model that are stood in for, a database, and the app processes that a run starts and kills. */
export interface World extends AsyncDisposable {
  readonly github: GitHubStandIn;
  readonly model: ModelStandIn;
  readonly relay: Relay;
  /** With PostgreSQL only. */
  readonly postgres: PostgresStandIn | undefined;
  /** Everything that the app keeps on disk, and nothing else. */
  readonly dataDir: string;
  /** What the processes logged. */
  readonly logFile: string;
  /** Jobs that were taken, by whichever process, and have not been seen to end: what they show may not be their last word. */
  readonly underWay: ReadonlySet<string>;
  /** Called with everything that the processes say. */
  hear: (word: Word) => void;
  /** Starts a process and sends deliveries to it. */
  start(holds?: readonly InnerHold[], more?: Readonly<Record<string, string>>): Promise<AppProcess>;
  createRepository(name: string, owner?: string): Promise<RepositoryHandle>;
  /** Kills what is left of the processes. */
  killAll(): Promise<void>;
}

/** Nothing here is about GitHub's limits; an attempt that left no trace is repeated after two seconds. */
const unhurried: Timing = {
  settleMs: 2_000,
  pace: { gapMs: 1, perMinute: 1e6, minuteMs: 60_000, perHour: 1e6, hourMs: 3_600_000 },
};

const openGate: DeliveryGate = { arrived: () => undefined, answered: () => true };

/** Opens a world without any process yet. Disposing of it kills them all and removes its folder. */
export async function openWorld(options: WorldOptions): Promise<World> {
  await using opened = new AsyncDisposableStack();
  const root = await makeScratchFolder('faults-');
  if (process.env['FAULTS_KEEP'] === undefined) opened.defer(() => rm(root, { recursive: true, force: true }));
  const dataDir = join(root, 'data');
  await mkdir(dataDir);
  const github = opened.use(
    await startGitHub({ strict: false, webhookTimeoutMs: 120_000, rateLimit: { perHour: 1e9 }, ...options.github }),
  );
  const model = opened.use(await startModel(options.script));
  const relay = opened.use(await startRelay(options.gate ?? openGate));
  github.connectWebhook(relay.url);
  const postgres = options.kind === 'PostgreSQL' ? opened.use(await startPostgres()) : undefined;
  const databaseUrl = await postgres?.createDatabase();
  const environment = {
    ...environmentFor({ github, model, dataDir }, { ...(databaseUrl !== undefined && { databaseUrl }) }),
    ...(await swiftNode(root, options.sandbox)),
    CONCURRENCY: '64',
    LOG_LEVEL: 'warn',
    BUDGET_USD_PER_DAY: '10000',
    FAULTS_TIMING: JSON.stringify({ ...unhurried, ...options.timing }),
    ...options.environment,
  };
  const processes = new Set<AppProcess>();
  const underWay = new Set<string>();
  const killAll = async () => {
    await Promise.all([...processes].map((each) => each.kill()));
    processes.clear();
  };
  opened.defer(killAll);
  const held = opened.move();
  const world: World = {
    github,
    model,
    relay,
    postgres,
    dataDir,
    logFile: join(root, 'log.jsonl'),
    underWay,
    hear: () => undefined,
    killAll,
    start: async (holds = [], more = {}) => {
      const hear = (word: Word) => {
        if (word.type === 'taken') underWay.add(word.job);
        if (word.type === 'finished') underWay.delete(word.job);
        world.hear(word);
      };
      const started = await startProcess({ environment: { ...environment, ...more }, holds, log: world.logFile, hear });
      processes.add(started);
      relay.send(started.url);
      return started;
    },
    createRepository: (name, owner = 'acme') =>
      github.createRepository({ owner, name, files: cheapFiles, collaborators: { ada: 'write' } }),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
  return world;
}

/** Compiled code is kept between processes; in boxes too where there is no sandbox in the way. */
async function swiftNode(
  root: string,
  sandbox: WorldOptions['sandbox'] = 'bubblewrap',
): Promise<Record<string, string>> {
  const cache = { NODE_COMPILE_CACHE: join(root, 'compiled') };
  if (sandbox === 'bubblewrap') return cache;
  const program = join(root, 'node');
  await writeFile(program, `#!/bin/sh\nNODE_COMPILE_CACHE=${cache.NODE_COMPILE_CACHE} exec ${process.execPath} "$@"\n`);
  await chmod(program, 0o755);
  return { ...cache, SANDBOX: sandbox, FAULTS_NODE: program };
}
