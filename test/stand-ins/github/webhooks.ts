import { createHmac, randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { grants } from './auth.ts';
import { organizationShape, userShape } from './shapes/accounts.ts';
import { repositoryShape } from './shapes/repositories.ts';
import { roleOf } from './world.ts';
import type { Role, World, WorldEvent } from './world.ts';

/** One attempt to hand an event to the App. */
export interface Delivery {
  readonly id: number;
  /** The same for every redelivery of an event: what `x-github-delivery` carries. */
  readonly guid: string;
  readonly event: string;
  readonly action: string | null;
  readonly deliveredAt: number;
  readonly redelivery: boolean;
  readonly installationId: number;
  readonly repositoryId: number | null;
  readonly requestHeaders: Readonly<Record<string, string>>;
  /** What the sender may do in the repository; null for events about none. Not part of what is sent. */
  readonly senderRole: Role | null;
  /** The exact bytes that were signed and sent. */
  readonly requestBody: string;
  readonly payload: Readonly<Record<string, unknown>>;
  state: 'sending' | 'answered' | 'failed';
  /** `OK`, or what went wrong, in GitHub's words. */
  status: string;
  statusCode: number;
  durationMs: number;
  responseHeaders: Record<string, string>;
  responseBody: string;
}

/** Which first deliveries: a share (0.1 is every tenth), or those that the function picks. A redelivery always goes through. */
export type Lot = number | ((delivery: Delivery) => boolean);

export interface Webhooks {
  readonly connect: (url: string) => void;
  readonly disconnect: () => void;
  /** These don't reach the App from now on; GitHub records them as failed. 0 ends it. */
  readonly fail: (lot: Lot) => void;
  /** These are never sent, and GitHub has no record of them. 0 ends it. */
  readonly lose: (lot: Lot) => void;
  readonly deliveries: readonly Delivery[];
  readonly emit: (event: WorldEvent) => void;
  /** Whether an event of that name would be sent to anybody now. */
  readonly wants: (name: string) => boolean;
  /** Sends the same bytes with the same GUID again. GitHub never does this by itself. */
  readonly redeliver: (id: number) => Delivery | undefined;
  /** Resolves when every delivery has been answered or has failed, those sent meanwhile included. */
  readonly settled: () => Promise<void>;
  /** Sends nothing any more and records nothing. */
  readonly close: () => void;
}

export interface WebhookOptions {
  /** How long an answer may take: 10 s on GitHub. */
  readonly timeoutMs: number;
  /** Hears of every attempt when it is over. */
  readonly onEnd: (delivery: Delivery, sentAt: number, isLost: boolean) => void;
  /** The clock of `sentAt`. */
  readonly steady: () => number;
}

/** Sends events as GitHub does: at once, each on its own, signed, never again by itself. */
export function createWebhooks(world: World, options: WebhookOptions): Webhooks {
  const deliveries: Delivery[] = [];
  const underWay = new Set<Promise<void>>();
  let target: string | undefined;
  // An App has a webhook address from the first time on; later it may be that nobody answers there.
  let isConfigured = false;
  let isFailing = drawing(0);
  let isLosing = drawing(0);

  function launch(delivery: Delivery): Delivery {
    const sentAt = options.steady();
    deliveries.push(delivery);
    const url = delivery.redelivery || !isFailing(delivery) ? target : undefined;
    if (url === undefined) {
      options.onEnd(fail(delivery, 'failed to connect to host', 502), sentAt, false);
      return delivery;
    }
    const sending = send(delivery, url, options.timeoutMs).finally(() => {
      underWay.delete(sending);
      options.onEnd(delivery, sentAt, false);
    });
    underWay.add(sending);
    return delivery;
  }

  function emit(event: WorldEvent): void {
    if (!isConfigured || !isWanted(world, event)) return;
    const delivery = firstDelivery(world, event);
    if (isLosing(delivery)) options.onEnd(delivery, options.steady(), true);
    else launch(delivery);
  }

  return {
    deliveries,
    emit,
    connect: (url) => {
      target = url;
      isConfigured = true;
    },
    disconnect: () => {
      target = undefined;
    },
    fail: (lot) => {
      isFailing = drawing(lot);
    },
    lose: (lot) => {
      isLosing = drawing(lot);
    },
    wants: (name) => isConfigured && world.app.events.includes(name),
    redeliver: (id) => {
      const earlier = deliveries.find((delivery) => delivery.id === id);
      return earlier === undefined ? undefined : launch(again(world, earlier));
    },
    settled: async () => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    close: () => {
      target = undefined;
      isConfigured = false;
    },
  };
}

/** A share is drawn evenly: exactly 100 of 1,000 for 0.1. */
function drawing(lot: Lot): (delivery: Delivery) => boolean {
  if (typeof lot === 'function') return lot;
  let due = 0;
  return () => {
    due += lot;
    // Sums of decimals fall a hair short of the whole.
    if (due < 1 - 1e-9) return false;
    due -= 1;
    return true;
  };
}

/** Events about the installation itself reach every App; the others only one that asked for them and may read them. */
function isWanted(world: World, event: WorldEvent): boolean {
  if (event.name.startsWith('installation')) return true;
  if (event.installation.suspendedAt !== undefined || !world.installations.has(event.installation.id)) return false;
  const scope = scopes[event.name] ?? 'metadata';
  return world.app.events.includes(event.name) && grants(event.installation.permissions, [scope, 'read']);
}

const scopes: Readonly<Record<string, string>> = {
  issues: 'issues',
  issue_comment: 'issues',
  label: 'issues',
  pull_request: 'pull_requests',
  pull_request_review: 'pull_requests',
  pull_request_review_comment: 'pull_requests',
  push: 'contents',
  create: 'contents',
  delete: 'contents',
  repository_dispatch: 'contents',
  check_run: 'checks',
  check_suite: 'checks',
};

function firstDelivery(world: World, event: WorldEvent): Delivery {
  const body = JSON.stringify(payloadOf(world, event));
  const guid = randomUUID();
  return withPayload({
    id: world.nextId(),
    guid,
    event: event.name,
    action: event.action ?? null,
    deliveredAt: world.now(),
    redelivery: false,
    installationId: event.installation.id,
    repositoryId: event.repo?.id ?? null,
    senderRole: event.repo === undefined ? null : roleOf(event.repo, event.sender),
    requestHeaders: headersOf(world, event.name, { guid, body }),
    requestBody: body,
    ...unanswered(),
  });
}

function again(world: World, earlier: Delivery): Delivery {
  const fresh = { id: world.nextId(), deliveredAt: world.now(), redelivery: true, ...unanswered() };
  return withPayload({ ...earlier, ...fresh });
}

/** The payload is read from the bytes when somebody asks: thousands of them would fill the memory. */
function withPayload(fields: Omit<Delivery, 'payload'>): Delivery {
  return Object.defineProperty(fields, 'payload', { get: () => JSON.parse(fields.requestBody) as unknown }) as Delivery;
}

function unanswered() {
  return {
    state: 'sending' as const,
    status: 'sending',
    statusCode: 0,
    durationMs: 0,
    responseHeaders: {},
    responseBody: '',
  };
}

/** The event's own fields, then the four that GitHub puts in every event where they apply. */
export function payloadOf(world: World, event: WorldEvent): Record<string, unknown> {
  const { repo, installation } = event;
  const owner = repo?.owner ?? installation.account;
  const node = Buffer.from(`MDIzOkludGVncmF0aW9uSW5zdGFsbGF0aW9u${installation.id}`).toString('base64');
  const simple = event.name.startsWith('installation') ? {} : { installation: { id: installation.id, node_id: node } };
  return {
    ...(event.action === undefined ? {} : { action: event.action }),
    ...(repo === undefined ? {} : { repository: { ...repositoryShape(world, repo), custom_properties: {} } }),
    ...event.fields,
    ...(owner.type === 'Organization' && repo !== undefined ? { organization: organizationShape(world, owner) } : {}),
    sender: userShape(world, event.sender),
    ...simple,
  };
}

function headersOf(world: World, event: string, sent: { guid: string; body: string }): Record<string, string> {
  const secret = world.app.webhookSecret;
  return {
    accept: '*/*',
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(sent.body)),
    'user-agent': 'GitHub-Hookshot/5e1f2d4',
    'x-github-delivery': sent.guid,
    'x-github-event': event,
    'x-github-hook-id': String(world.app.id + 1),
    'x-github-hook-installation-target-id': String(world.app.id),
    'x-github-hook-installation-target-type': 'integration',
    'x-hub-signature': `sha1=${createHmac('sha1', secret).update(sent.body).digest('hex')}`,
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(sent.body).digest('hex')}`,
  };
}

async function send(delivery: Delivery, url: string, timeoutMs: number): Promise<void> {
  const start = performance.now();
  try {
    const answer = await post(delivery, url, AbortSignal.timeout(timeoutMs));
    Object.assign(delivery, answer, { state: answer.statusCode < 400 ? 'answered' : 'failed' });
  } catch (error) {
    const late = error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError');
    fail(delivery, late ? 'timed out' : 'failed to connect to host', late ? 504 : 502);
  }
  delivery.durationMs = performance.now() - start;
}

function fail(delivery: Delivery, status: string, statusCode: number): Delivery {
  return Object.assign(delivery, { state: 'failed', status, statusCode });
}

async function post(delivery: Delivery, url: string, signal: AbortSignal) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = httpRequest(url, { method: 'POST', headers: delivery.requestHeaders, signal, agent: false });
    outgoing.on('response', resolve);
    outgoing.on('error', reject);
    outgoing.end(delivery.requestBody);
  });
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const statusCode = response.statusCode ?? 0;
  return {
    statusCode,
    status: statusCode < 400 ? 'OK' : (response.statusMessage ?? `Invalid HTTP Response: ${statusCode}`),
    responseHeaders: Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
    responseBody: Buffer.concat(chunks).toString(),
  };
}
