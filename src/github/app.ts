import type { Octokit } from '@octokit/rest';
import {
  carryOut,
  purposes,
  readPages,
  readRefusal,
  translate,
  type Answer,
  type Asking,
  type Errand,
  type InstallationTokens,
  type Line,
  type Target,
  type Wish,
} from '../calls/index.ts';
import { BotError } from '../domain/index.ts';
import { createTokens, type Minted, type TokenSource } from '../tokens/index.ts';
import type { AppIdentity, DeliveryFacts, DeliveryPayload, GitHub, Watch } from './client.ts';
import { anonymousScope } from '../quota/index.ts';

export interface AppOptions {
  readonly line: Line;
  readonly appId: number;
  readonly anonymous: Octokit;
  /** Octokit as the App, by the App's key (PEM). */
  readonly authenticated: (key: string) => Octokit;
  /** The key; read again when GitHub refuses the last one. */
  readonly readKey: () => string;
  /** Where GitHub is, for messages. */
  readonly host: string;
  readonly watch?: Watch | undefined;
}

/** What we ask GitHub as the App itself, with tokens that its key signs. */
export interface App extends Pick<GitHub, 'identity' | 'deliveries' | 'deliveryPayload' | 'installations'> {
  readonly tokens: InstallationTokens;
}

const scope = 'github:app';

export function createApp(options: AppOptions): App {
  const asApp = createAsApp(options);
  let identity: Promise<AppIdentity> | undefined;

  const ask: Ask = async (doing, send, charged = scope) => {
    const call = reading(doing);
    return asApp({ call, where: options.host, scopes: [charged] }, send).catch((error: unknown) => {
      throw translate(error, call, options.host);
    });
  };

  return {
    tokens: createTokens(tokenSource(asApp, options)),
    identity() {
      identity ??= readIdentity(ask, options).catch((error: unknown) => {
        identity = undefined;
        throw error;
      });
      return identity;
    },
    deliveries: (sinceIso) => readDeliveries(ask, Date.parse(sinceIso)),
    deliveryPayload: (id) => readDeliveryPayload(ask, id),
    async installations() {
      const pages = await readPages((page) => {
        const list = { per_page: 100, page };
        return ask('list the installations', (kit, request) => kit.rest.apps.listInstallations({ ...list, request }));
      });
      return pages.flat().map((each) => ({ id: each.id, suspended: each.suspended_at !== null }));
    },
  };
}

type Ask = <T>(doing: string, send: SendAsApp<T>, charged?: string) => Promise<Answer<T>>;

function reading(doing: string): Asking {
  return { doing, needs: 'Metadata: read', kind: 'read' };
}

/** The bot's account is public; its id tells our comments from those of somebody with a similar name. */
async function readIdentity(ask: Ask, { anonymous, host }: AppOptions): Promise<AppIdentity> {
  const { data } = await ask('ask who we are', (kit, request) => kit.rest.apps.getAuthenticated({ request }));
  if (!data) throw new BotError('github-unavailable', 'GitHub did not say who we are.');
  const { id, slug = '', owner, permissions, events } = data;
  const botLogin = `${slug}[bot]`;
  const bot = await ask(
    'look up our account',
    (_, request) => anonymous.rest.users.getByUsername({ username: botLogin, request }),
    anonymousScope,
  );
  const settings =
    'type' in owner && owner.type === 'Organization' ? `organizations/${owner.login}/settings` : 'settings';
  const settingsUrl = `${host}/${settings}/apps/${slug}`;
  return {
    id,
    slug,
    botLogin,
    botId: bot.data.id,
    permissions: permissions as Record<string, string>,
    events,
    settingsUrl,
  };
}

async function readDeliveries(ask: Ask, since: number): Promise<readonly DeliveryFacts[]> {
  const pages = await readPages(
    (_, cursor) =>
      ask('list the deliveries', (kit, request) =>
        kit.rest.apps.listWebhookDeliveries({ per_page: 100, ...(cursor !== undefined && { cursor }), request }),
      ),
    (page) => page.some((delivery) => Date.parse(delivery.delivered_at) < since),
  );
  return pages
    .flat()
    .filter((delivery) => Date.parse(delivery.delivered_at) >= since)
    .map(({ id, guid, event, action, delivered_at: deliveredAt, status_code: statusCode }) => {
      return { id: String(id), guid, event, action, deliveredAt, statusCode };
    });
}

async function readDeliveryPayload(ask: Ask, id: string): Promise<DeliveryPayload | undefined> {
  const delivery_id = id as unknown as number; // it only becomes part of the path, and large ones fit no number
  try {
    const { data } = await ask('read a delivery', (kit, request) =>
      kit.rest.apps.getWebhookDelivery({ delivery_id, request }),
    );
    const { event, guid, request } = data;
    return request.payload ? { event, guid, payload: withoutBigints(request.payload) } : undefined;
  } catch (error) {
    if (error instanceof BotError && readRefusal(error.cause).status === 404) return undefined;
    throw error;
  }
}

/** Octokit reads large numbers as bigints, which nothing else expects in JSON. */
function withoutBigints(payload: DeliveryPayload['payload']): DeliveryPayload['payload'] {
  const text = JSON.stringify(payload, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value));
  return JSON.parse(text) as DeliveryPayload['payload']; // what was just written
}

type SendAsApp<T> = (octokit: Octokit, request: { readonly signal: AbortSignal }) => Promise<Answer<T>>;
type AsApp = <T>(errand: Errand, send: SendAsApp<T>) => Promise<Answer<T>>;

/**
 * Carries errands out as the App. Octokit signs anew by GitHub's Date when our clock is off. A key that GitHub refuses may have
 * been replaced meanwhile: it is read again, and the call is tried once with the new one.
 */
function createAsApp({ line, authenticated, readKey }: AppOptions): AsApp {
  let current: { readonly key: string; readonly kit: Octokit } | undefined;
  const open = (key: string) => (current = { key, kit: authenticated(key) });

  return (errand, send) =>
    carryOut(line, errand, async (trip) => {
      const used = current ?? open(readKey());
      const sendBy = async (kit: Octokit) => {
        await trip.ready();
        return trip.send((signal) => send(kit, { signal }));
      };
      try {
        return await sendBy(used.kit);
      } catch (error) {
        if (readRefusal(error).status !== 401) throw error;
        const key = readKey();
        if (key === used.key) throw error;
        return sendBy((current?.key === key ? current : open(key)).kit);
      }
    });
}

/** A token is used only while it lives at least this long, so that no single operation outlives it. */
const marginMs = 10 * 60_000;

function tokenSource(asApp: AsApp, { anonymous, line, watch }: AppOptions): TokenSource<Wish> {
  const ownerOf = ({ target }: Wish) => `${target.installationId}/`;
  return {
    ownerOf,
    keyOf: (wish) => `${ownerOf(wish)}${wish.target.id ?? (wish.target.name || 'all')}/${wish.purpose}`,
    now: () => line.limits.now(),
    // Uninstalled or suspended.
    isOver: (error) => [403, 404].includes(readRefusal(error).status),
    async mint({ target, purpose }) {
      const minted = await mint(asApp, target, purpose);
      watch?.minted(minted.token);
      return minted;
    },
    /** One try: what cannot be revoked ends within the hour by itself. */
    async revoke(token) {
      const headers = { authorization: `token ${token}` };
      const request = { signal: AbortSignal.timeout(revokeMs) };
      const isRevoked = anonymous.rest.apps.revokeInstallationAccessToken({ headers, request }).then(() => true);
      if (await isRevoked.catch(() => false)) watch?.over(token);
    },
  };
}

/** Nobody waits longer for a token to be revoked. */
const revokeMs = 2_000;

async function mint(asApp: AsApp, { installationId, id, name }: Target, purpose: Wish['purpose']): Promise<Minted> {
  const errand = {
    call: reading('get a token'),
    where: `installation ${installationId}`,
    scopes: [scope, `github:${installationId}`],
  } as const;
  const { data } = await asApp(errand, (kit, request) =>
    kit.rest.apps.createInstallationAccessToken({
      installation_id: installationId,
      ...(id !== undefined ? { repository_ids: [id] } : name !== '' && { repositories: [name] }),
      permissions: purposes[purpose],
      request,
    }),
  );
  return { token: data.token, usableUntil: Date.parse(data.expires_at) - marginMs };
}
