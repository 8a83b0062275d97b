import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { startApp, type App } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { startGitHub, type GitHubStandIn, type RepositoryHandle } from '../stand-ins/github/index.ts';
import { startModel } from '../stand-ins/model/index.ts';
import { createGitHubPages } from './github-pages.ts';
import { loadFixture, rehearse, type Fixture } from './rehearsal.ts';

/** This GitHub has no limits to spare: nobody should wait for them. */
const timing = { pace: { gapMs: 50, perMinute: 80, minuteMs: 4_000, perHour: 500, hourMs: 25_000 } };

/** The person whose repository it is, in the demo. */
export const you = 'you';

export interface Stage extends AsyncDisposable {
  readonly github: GitHubStandIn;
  readonly app: App;
  readonly repository: RepositoryHandle;
  readonly fixture: Fixture;
  /** Opens an issue with the label that starts work. */
  ask(title: string, body: string): Promise<{ readonly number: number; readonly url: string }>;
  /** Comments on an issue or a pull request. */
  say(number: number, text: string): Promise<unknown>;
}

/** Where the model is: the real one, or a rehearsal that is started here. */
export type ModelPlace = { readonly apiKey: string; readonly baseUrl?: string } | 'rehearsed';

/** Starts a GitHub with one repository, the model unless it is the real one, and the app between them, on free loopback ports. */
export async function openStage(place: ModelPlace): Promise<Stage> {
  await using opened = new AsyncDisposableStack();
  const fixture = loadFixture('node-orders');
  const dataDir = await mkdtemp(join(tmpdir(), 'backend-demo-'));
  opened.defer(() => rm(dataDir, { recursive: true, force: true }));
  const github = opened.use(await startGitHub());
  const model = place === 'rehearsed' ? opened.use(await startModel(rehearse([fixture], 'hasty'))) : undefined;
  const port = await freePort();
  const config = readConfig({
    APP_ID: String(github.app.id),
    PRIVATE_KEY: github.app.privateKey,
    WEBHOOK_SECRET: github.app.webhookSecret,
    GHE_HOST: new URL(github.url).host,
    GHE_PROTOCOL: 'http',
    PORT: String(port),
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    DATA_DIR: dataDir,
    ...modelVariables(place, model),
  });
  const app = await startApp(config, { openPages: true, log: pino({ level: 'silent' }), timing });
  opened.defer(() => app.stop());
  github.connectWebhook(`${app.url}${config.http.webhookPath}`);
  const repository = await github.createRepository({
    owner: 'acme',
    name: 'orders',
    from: fixture.folder,
    collaborators: { [you]: 'admin' },
  });
  const ask = (title: string, body: string) =>
    github.openIssue(repository, { title, body, by: you, labels: ['backend'] });
  const say = (number: number, text: string) => github.comment(repository, number, text, { by: you });
  github.servePages(createGitHubPages({ repository, ask, say, liveUrl: app.url }));
  const running = opened.move();
  return { github, app, repository, fixture, ask, say, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

function modelVariables(place: ModelPlace, model: { url: string; apiKey: string } | undefined): Record<string, string> {
  if (model) return { ANTHROPIC_API_KEY: model.apiKey, ANTHROPIC_BASE_URL: model.url };
  if (place === 'rehearsed') return {};
  return { ANTHROPIC_API_KEY: place.apiKey, ...(place.baseUrl && { ANTHROPIC_BASE_URL: place.baseUrl }) };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo; // a TCP server's address is never a string
      server.close(() => {
        resolve(port);
      });
    });
  });
}
