import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { startApp, type App, type AppOptions } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import type { Outcome, Progress } from '../../src/domain/index.ts';
import type { Fixture } from '../demo/rehearsal.ts';
import { cheapFiles, titleFor } from '../faults/cheap.ts';
import { copyEmptyDatabase } from '../store/databases.ts';
import { startGitHub, type GitHubOptions, type GitHubStandIn } from '../stand-ins/github/index.ts';
import { startModel, type ModelStandIn, type Script } from '../stand-ins/model/index.ts';

export interface WorldOptions {
  readonly script: Script;
  readonly databaseUrl?: string;
  readonly github?: GitHubOptions;
  readonly environment?: Readonly<Record<string, string>>;
  readonly timing?: NonNullable<AppOptions['timing']>;
  /** Narrower boxes than usual. */
  readonly limits?: NonNullable<AppOptions['limits']>;
}

/** The app as an operator starts it, between a GitHub and a model that are stood in for at the wire. */
export interface World extends AsyncDisposable {
  readonly github: GitHubStandIn;
  readonly model: ModelStandIn;
  readonly app: App;
  readonly dataDir: string;
  /** Everything that was reported since the start. */
  readonly progress: readonly Progress[];
  /** Every log line, as JSON. */
  readonly log: readonly string[];
  /** Resolves with the outcome of the nth job that ends, from 1, in the order of ending. */
  outcome(nth?: number): Promise<Outcome>;
  /** Resolves once no delivery is under way and every job has ended. */
  idle(): Promise<void>;
  /** Files under the data folder that contain one of these texts. */
  filesContaining(texts: readonly string[]): Promise<readonly string[]>;
  /** Folders of jobs that are left. */
  jobFolders(): Promise<readonly string[]>;
  /** Resolves once none is left. */
  tidy(): Promise<void>;
  /** Stops the app and starts it again on the same data. */
  restart(): Promise<void>;
}

/** For tests that are not about the box: without one, a job costs half. */
export const unboxed = { SANDBOX: 'unsafe-none' };

/** Waits that nobody learns from, shortened: a second between writes, and before a second look. */
const usualTiming: NonNullable<AppOptions['timing']> = {
  pace: { gapMs: 5, perMinute: 80, minuteMs: 400, perHour: 500, hourMs: 2_500 },
  settleMs: 100,
};

export async function startWorld(options: WorldOptions): Promise<World> {
  await using started = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'backend-e2e-'));
  started.defer(() => rm(dataDir, { recursive: true, force: true }));
  if (options.databaseUrl === undefined) await copyEmptyDatabase(dataDir);
  const github = started.use(await startGitHub(options.github));
  const model = started.use(await startModel(options.script));
  const log: string[] = [];
  const progress: Progress[] = [];
  const start = () => startOn({ github, model, dataDir, log, progress }, options);
  let app = await start();
  started.defer(() => app.stop());
  const running = started.move();
  const jobFolders = () => readdir(join(dataDir, 'jobs')).catch(() => []);
  const outcomes = () => progress.flatMap((each) => (each.type === 'outcome' ? [each.outcome] : []));
  return {
    github,
    model,
    dataDir,
    progress,
    log,
    get app() {
      return app;
    },
    outcome: (nth = 1) => until(() => outcomes()[nth - 1]),
    async idle() {
      await github.settled();
      await until(async () => ((await pending(app)) === 0 ? true : undefined));
      await github.settled();
    },
    filesContaining: (texts) => filesContaining(dataDir, texts),
    jobFolders,
    async tidy() {
      await until(async () => (await jobFolders()).length === 0 || undefined);
    },
    async restart() {
      await app.stop();
      app = await start();
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

interface Surroundings {
  readonly github: GitHubStandIn;
  readonly model: ModelStandIn;
  readonly dataDir: string;
  readonly log: string[];
  readonly progress: Progress[];
}

async function startOn({ github, model, dataDir, log, progress }: Surroundings, options: WorldOptions): Promise<App> {
  const config = readConfig(environmentFor({ github, model, dataDir }, options));
  const write = (line: string) => void log.push(line);
  const { timing = usualTiming, limits = {} } = options;
  const app = await startApp(config, { log: pino({ level: 'debug' }, { write }), timing, limits });
  app.progress.watch((each) => progress.push(each));
  github.connectWebhook(`${app.url}/api/github/webhooks`);
  return app;
}

/** What an operator would set, for these stand-ins. */
export function environmentFor(
  { github, model, dataDir }: Pick<Surroundings, 'github' | 'model' | 'dataDir'>,
  { databaseUrl, environment }: Pick<WorldOptions, 'databaseUrl' | 'environment'> = {},
): Record<string, string> {
  return {
    APP_ID: String(github.app.id),
    PRIVATE_KEY: github.app.privateKey,
    WEBHOOK_SECRET: github.app.webhookSecret,
    GHE_HOST: new URL(github.url).host,
    GHE_PROTOCOL: 'http',
    ANTHROPIC_API_KEY: model.apiKey,
    ANTHROPIC_BASE_URL: model.url,
    PORT: '0',
    DATA_DIR: dataDir,
    CONCURRENCY: '2',
    ...(databaseUrl && { DATABASE_URL: databaseUrl }),
    ...environment,
  };
}

async function filesContaining(folder: string, texts: readonly string[]): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hits = files.map(async (file) => {
    const bytes = await readFile(file);
    return texts.some((text) => bytes.includes(text)) ? [file] : [];
  });
  return (await Promise.all(hits)).flat();
}

async function pending(app: App): Promise<number> {
  return (await app.runs()).filter(({ state }) => state !== 'finished').length;
}

/** A fixture's repository with its issue opened by ada, who may write, under the label that starts work. */
export async function labelIssue(github: GitHubStandIn, fixture: Fixture) {
  const { name, folder: from, task } = fixture;
  const repository = await github.createRepository({ owner: 'acme', name, from, collaborators: { ada: 'write' } });
  const issue = await github.openIssue(repository, { ...task, by: 'ada', labels: ['backend'] });
  return { repository, issue };
}

/** The smallest repository there is, with an issue by ada, who may write, under the label that starts work; `cheapReply` is its model. */
export async function labelCheapIssue(github: GitHubStandIn, name = 'cheap') {
  const place = { owner: `owner-of-${name}`, name, collaborators: { ada: 'write' } } as const;
  const repository = await github.createRepository({ ...place, files: cheapFiles });
  const asked = { title: titleFor(name), body: 'One file, please.', by: 'ada', labels: ['backend'] };
  return { repository, issue: await github.openIssue(repository, asked) };
}

/** Asks every 20 ms until there is an answer. The test's own time limit ends it. */
export async function until<T>(ask: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
