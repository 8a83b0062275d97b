/** A stand-in for GitHub over real HTTP: stateful, strict, with real git behind it, checked against GitHub's own API description. */
import { generateKeyPair, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createFaults } from './faults.ts';
import type { Fault } from './faults.ts';
import { createInstallations } from './installations.ts';
import type { Installations } from './installations.ts';
import { createRepository } from './new-repository.ts';
import type { NewRepository } from './new-repository.ts';
import { loadContract } from './openapi.ts';
import { createPeople } from './people.ts';
import type { People } from './people.ts';
import { createRateLimits } from './rate-limit.ts';
import type { RateLimitOptions } from './rate-limit.ts';
import { repositoryHandle } from './repository-handle.ts';
import type { RepositoryHandle } from './repository-handle.ts';
import { listen } from './server.ts';
import type { HistoryEntry, Pages } from './server.ts';
import { createWebhooks } from './webhooks.ts';
import type { Delivery } from './webhooks.ts';
import { ensureUser } from './world.ts';
import type { Permissions, User, World } from './world.ts';

export type { CommitRecord } from './commits.ts';
export type { Fault } from './faults.ts';
export type { FileContent, NewRepository } from './new-repository.ts';
export type {
  BranchView,
  CheckRunView,
  CommentView,
  FileView,
  IssueView,
  PullView,
  ReactionView,
  RepositoryHandle,
} from './repository-handle.ts';
export type { HistoryEntry } from './server.ts';
export type { Delivery } from './webhooks.ts';
export type { Permissions, Role } from './world.ts';

export interface GitHubOptions {
  /** Milliseconds since 1970; stamps everything and expires tokens. */
  readonly now?: () => number;
  readonly slug?: string;
  /** What the App was given when it was installed. */
  readonly permissions?: Permissions;
  /** Kinds of events the App asked for. */
  readonly events?: readonly string[];
  readonly tokenLifetimeMs?: number;
  readonly webhookTimeoutMs?: number;
  readonly rateLimit?: Partial<RateLimitOptions>;
  /** Check every answer against GitHub's description (true unless said otherwise). */
  readonly strict?: boolean;
  /** A free one if not said. */
  readonly port?: number;
}

export interface GitHubStandIn extends People, Installations, AsyncDisposable {
  readonly url: string;
  readonly apiUrl: string;
  readonly app: {
    readonly id: number;
    readonly slug: string;
    /** PEM, in the form GitHub hands it out. */
    readonly privateKey: string;
    readonly webhookSecret: string;
    readonly botLogin: string;
    readonly botId: number;
  };
  /** Where events go from now on; there is one address, as an App has. */
  connectWebhook(url: string): void;
  /** Nothing is sent or recorded any more: deliveries made meanwhile are lost. */
  disconnectWebhook(): void;
  addUser(login: string): { readonly id: number; readonly login: string; readonly token: string };
  createRepository(wanted: NewRepository): Promise<RepositoryHandle>;
  /** Every attempt to deliver an event, oldest first. */
  readonly deliveries: readonly Delivery[];
  /** Sends a delivery's bytes with the same GUID once more. Takes the delivery's id. */
  redeliver(id: number): void;
  /** Resolves when every delivery under way has been answered or has failed. */
  settled(): Promise<void>;
  /** Every call, oldest first. */
  readonly history: readonly HistoryEntry[];
  /** Our own mistakes against GitHub's description; empty, or the test that made them must fail. */
  readonly violations: readonly string[];
  /** What a browser gets, for the demo: everything that is neither API nor git. */
  servePages(pages: Pages): void;
  /** Returns a function that says how often the fault has struck so far. */
  plantFault(fault: Fault): () => number;
  clearFaults(): void;
}

const usualPermissions: Permissions = {
  metadata: 'read',
  contents: 'write',
  issues: 'write',
  pull_requests: 'write',
  checks: 'write',
};

const usualEvents = [
  'issues',
  'issue_comment',
  'pull_request',
  'pull_request_review',
  'push',
  'create',
  'delete',
  'check_run',
  'repository',
];

/** Starts a GitHub of one App, with nobody and nothing in it yet. Dispose it to stop it and to remove its folder. */
export async function startGitHub(options: GitHubOptions = {}): Promise<GitHubStandIn> {
  const { world, privateKey } = await createWorld(options);
  const faults = createFaults();
  const contract = loadContract();
  const violations: string[] = [];
  const webhooks = createWebhooks(world, { timeoutMs: options.webhookTimeoutMs ?? 10_000 });
  world.emit = webhooks.emit;
  world.wants = webhooks.wants;
  const unlimited = { perHour: 5_000, contentPerMinute: Infinity, contentPerHour: Infinity };
  const limits = createRateLimits(world.now, { ...unlimited, ...options.rateLimit });
  const api = { world, contract, limits, webhooks, strict: options.strict ?? true };
  const http = await listen({ api, faults, violations }, options.port ?? 0);
  const { id, slug, webhookSecret, bot } = world.app;
  return {
    ...createPeople(world),
    ...createInstallations(world),
    url: http.url,
    apiUrl: `${http.url}/api/v3`,
    app: { id, slug, privateKey, webhookSecret, botLogin: bot.login, botId: bot.id },
    connectWebhook: webhooks.connect,
    disconnectWebhook: webhooks.disconnect,
    addUser: (login) => {
      const user = ensureUser(world, login);
      return { id: user.id, login: user.login, token: user.token };
    },
    createRepository: async (wanted) => repositoryHandle(world, await createRepository(world, wanted)),
    deliveries: webhooks.deliveries,
    redeliver: (deliveryId) => {
      if (webhooks.redeliver(deliveryId) === undefined) throw new Error(`there is no delivery ${deliveryId}`);
    },
    settled: webhooks.settled,
    history: http.history,
    violations,
    plantFault: faults.plant,
    clearFaults: faults.clear,
    servePages: http.servePages,
    [Symbol.asyncDispose]: async () => {
      webhooks.disconnect();
      await http.close();
      await rm(world.root, { recursive: true, force: true });
    },
  };
}

async function createWorld(options: GitHubOptions): Promise<{ world: World; privateKey: string }> {
  const keys = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const now = options.now ?? Date.now;
  const slug = options.slug ?? 'backend-developer';
  let lastId = 1_000_000;
  const nextId = () => (lastId += 1);
  const owner: User = { id: nextId(), login: 'app-owner', type: 'User', createdAt: now(), token: '' };
  const bot: User = { id: nextId(), login: `${slug}[bot]`, type: 'Bot', createdAt: now(), token: '' };
  const world: World = {
    now,
    url: '',
    root: await mkdtemp(join(tmpdir(), 'github-stand-in-')),
    app: {
      id: nextId(),
      slug,
      name: slug,
      clientId: `Iv23li${randomBytes(7).toString('hex')}`,
      publicKey: keys.publicKey,
      webhookSecret: randomBytes(24).toString('hex'),
      permissions: options.permissions ?? usualPermissions,
      events: options.events ?? usualEvents,
      owner,
      bot,
      createdAt: now(),
    },
    users: new Map([owner, bot].map((user) => [user.login.toLowerCase(), user])),
    installations: new Map(),
    repos: new Map(),
    moved: new Map(),
    tokens: new Map(),
    tokenLifetimeMs: options.tokenLifetimeMs ?? 3_600_000,
    nextId,
    emit: () => undefined,
    wants: () => false,
  };
  return { world, privateKey: keys.privateKey };
}
