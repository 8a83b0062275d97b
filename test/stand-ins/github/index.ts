/** A stand-in for GitHub over real HTTP: stateful, strict, with real git behind it, checked against GitHub's own API description. */
import { createPublicKey, generateKeyPair, randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { makeScratchFolder } from '../postgres.ts';
import type { Hook } from '../intercept.ts';
import { createChanges } from './changes.ts';
import { createChronicle, deliveryPart } from './chronicle.ts';
import type { Chronicle, ChronicleEntry } from './chronicle.ts';
import { chronicled } from './chronicled.ts';
import { createFaults } from './faults.ts';
import type { Fault } from './faults.ts';
import { createInstallations } from './installations.ts';
import type { Installations } from './installations.ts';
import { createRepository } from './new-repository.ts';
import type { NewRepository } from './new-repository.ts';
import { loadContract } from './openapi.ts';
import { createPeople } from './people.ts';
import type { People } from './people.ts';
import { createRateLimits, unlimited } from './rate-limit.ts';
import type { RateLimitOptions } from './rate-limit.ts';
import { repositoryHandle } from './repository-handle.ts';
import type { RepositoryHandle } from './repository-handle.ts';
import { listen } from './server.ts';
import type { CallPhase, HistoryEntry, Pages } from './server.ts';
import { createWebhooks } from './webhooks.ts';
import type { Delivery, Lot } from './webhooks.ts';
import { ensureUser } from './world.ts';
import type { Permissions, User, World } from './world.ts';

export type * from './changes.ts';
export type * from './chronicle.ts';
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
  ReviewThreadView,
  RepositoryHandle,
} from './repository-handle.ts';
export { cutConnection as cut } from '../intercept.ts';
export type { CallPhase, HistoryEntry } from './server.ts';
export type { RateLimitOptions } from './rate-limit.ts';
export type { LineComment } from './review-people.ts';
export type { Delivery, Lot } from './webhooks.ts';
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
  /** Nobody answers at the address any more: deliveries made meanwhile are recorded as failed. */
  disconnectWebhook(): void;
  /** This share of first deliveries (0.1 is every tenth), or those picked, fail on the wire; GitHub records them. 0 ends it. */
  failDeliveries(lot: Lot): void;
  /** The same for deliveries that are never sent and that GitHub has no record of. */
  loseDeliveries(lot: Lot): void;
  /** A further private key of the App, PEM; the others stay good. */
  addKey(): Promise<string>;
  /** Takes a private key back. */
  removeKey(privateKey: string): void;
  /** Deliveries are signed with it from now on; `app.webhookSecret` is always the present one. */
  setWebhookSecret(secret: string): void;
  /** From now on the stand-in's clock is this far from the true one: in answers, in `Date`, for tokens and the App's own tokens. */
  setClock(offsetMs: number): void;
  /** What the stand-in's clock says. */
  now(): number;
  /** Everything that happened, oldest first: calls, people's actions, deliveries, faults that struck, marks. Plain JSON. */
  readonly chronicle: readonly ChronicleEntry[];
  /** Writes a line of the test's own into the chronicle: a kill, a restart, a stop. `data` is plain JSON. */
  mark(text: string, data?: unknown): void;
  /** Calls that ran into a limit by themselves: what no planted fault answered. */
  readonly limitAnswers: readonly HistoryEntry[];
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
  /**
   * Awaited for every API and git call: before anything happens (a hook may plant a fault for this very call), and after the
   * effect but before the answer leaves. A hook that throws `cut` cuts the connection. Returns a function that ends it.
   */
  intercept(hook: Hook<HistoryEntry, CallPhase>): () => void;
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
  'pull_request_review_comment',
  'push',
  'create',
  'delete',
  'check_run',
  'repository',
  'repository_dispatch',
];

/** Starts a GitHub of one App, with nobody and nothing in it yet. Dispose it to stop it and to remove its folder. */
export async function startGitHub(options: GitHubOptions = {}): Promise<GitHubStandIn> {
  const base = options.now ?? Date.now;
  let offset = 0;
  const now = () => base() + offset;
  const chronicle = createChronicle(now);
  const { world, privateKey } = await createWorld(options, now);
  const faults = createFaults();
  const contract = loadContract();
  const violations: string[] = [];
  const webhooks = startWebhooks(world, chronicle, options);
  world.emit = webhooks.emit;
  world.wants = webhooks.wants;
  const limits = createRateLimits({ now, steady: base }, { ...unlimited, ...options.rateLimit });
  const api = { world, contract, limits, webhooks, strict: options.strict ?? true };
  const http = await listen({ api, chronicle, faults, violations }, options.port ?? 0);
  const { id, slug, bot } = world.app;
  return {
    ...chronicled(world, chronicle, createPeople(world)),
    ...chronicled(world, chronicle, createInstallations(world)),
    url: http.url,
    apiUrl: `${http.url}/api/v3`,
    app: {
      id,
      slug,
      privateKey,
      get webhookSecret() {
        return world.app.webhookSecret;
      },
      botLogin: bot.login,
      botId: bot.id,
    },
    connectWebhook: webhooks.connect,
    disconnectWebhook: webhooks.disconnect,
    failDeliveries: webhooks.fail,
    loseDeliveries: webhooks.lose,
    setClock: (offsetMs) => {
      offset = offsetMs;
    },
    now,
    addKey: async () => {
      const keys = await createKeys();
      world.app.publicKeys.add(keys.publicKey);
      return keys.privateKey;
    },
    removeKey: (key) => {
      world.app.publicKeys.delete(createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString());
    },
    setWebhookSecret: (secret) => {
      world.app.webhookSecret = secret;
    },
    chronicle: chronicle.entries,
    mark: (text, data = null) => {
      chronicle.write({ type: 'mark', text, data });
    },
    get limitAnswers() {
      return http.history.filter((entry) => entry.limit !== undefined);
    },
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
    clearFaults: () => {
      faults.clear();
      limits.open();
    },
    intercept: http.intercept,
    servePages: http.servePages,
    [Symbol.asyncDispose]: async () => {
      webhooks.close();
      await http.close();
      await rm(world.root, { recursive: true, force: true });
    },
  };
}

function startWebhooks(world: World, chronicle: Chronicle, options: GitHubOptions) {
  const onEnd = (delivery: Delivery, sentAt: number, isLost: boolean) => {
    chronicle.write(deliveryPart(delivery, sentAt, isLost));
  };
  const timeoutMs = options.webhookTimeoutMs ?? 10_000;
  return createWebhooks(world, { timeoutMs, onEnd, steady: chronicle.steady });
}

async function createKeys(): Promise<{ publicKey: string; privateKey: string }> {
  return promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
}

async function createWorld(options: GitHubOptions, now: () => number): Promise<{ world: World; privateKey: string }> {
  const keys = await createKeys();
  const slug = options.slug ?? 'backend-developer';
  let lastId = 1_000_000;
  const nextId = () => (lastId += 1);
  const owner: User = { id: nextId(), login: 'app-owner', type: 'User', createdAt: now(), token: '' };
  const bot: User = { id: nextId(), login: `${slug}[bot]`, type: 'Bot', createdAt: now(), token: '' };
  const world: World = {
    now,
    url: '',
    root: await makeScratchFolder('github-stand-in-'),
    app: {
      id: nextId(),
      slug,
      name: slug,
      clientId: `Iv23li${randomBytes(7).toString('hex')}`,
      publicKeys: new Set([keys.publicKey]),
      webhookSecret: randomBytes(24).toString('hex'),
      permissions: options.permissions ?? usualPermissions,
      events: options.events ?? usualEvents,
      owner,
      bot,
      createdAt: now(),
    },
    otherApps: new Map(),
    users: new Map([owner, bot].map((user) => [user.login.toLowerCase(), user])),
    installations: new Map(),
    repos: new Map(),
    moved: new Map(),
    tokens: new Map(),
    tokenLifetimeMs: options.tokenLifetimeMs ?? 3_600_000,
    nextId,
    emit: () => undefined,
    wants: () => false,
    changes: createChanges(),
  };
  return { world, privateKey: keys.privateKey };
}
