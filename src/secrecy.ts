import type { Config } from './config.ts';
import { BotError } from './domain/index.ts';
import type { Watch } from './github/index.ts';
import { createLeakScan, type LeakScan, type Secret } from './leaks/index.ts';
import type { Journal } from './store/index.ts';

/** A scan for every secret of this installation. */
export function openLeakScan({ github, model, databaseUrl }: Config): LeakScan {
  const webhookSecrets = github.readWebhookSecrets().map((value) => ({ name: 'WEBHOOK_SECRET', value }));
  return createLeakScan([
    { name: 'PRIVATE_KEY', value: github.privateKey },
    ...webhookSecrets,
    ...(model.apiKey === undefined ? [] : [{ name: 'ANTHROPIC_API_KEY', value: model.apiKey }]),
    ...(databaseUrl === undefined ? [] : databaseSecrets(databaseUrl)),
  ]);
}

/** Its password, unless that is a word that everybody tries first: one that is found everywhere says nothing about us. */
function databaseSecrets(text: string): Secret[] {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url) return [];
  const { username, pathname, searchParams } = url;
  const isPublic = new Set(['', username, pathname.slice(1), 'postgres', 'postgresql', 'password', 'secret']);
  const passwords = [url.password, decoded(url.password), searchParams.get('password') ?? ''];
  return passwords.filter((value) => !isPublic.has(value)).map((value) => ({ name: 'DATABASE_URL', value }));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a percent sign that stands for itself
  }
}

/** Throws `secret-found` for a text with a part of a secret in it; names the secret and repeats nothing of the text. */
export function requireNoSecret(text: string | Uint8Array, where: string, leaks: LeakScan): void {
  const name = leaks.find(text);
  if (name !== undefined) throw secretFound(name, where);
}

function secretFound(name: string, where: string): BotError {
  const advice = 'Find out how it got there before this job is tried again, and change that secret.';
  return new BotError('secret-found', `${where} has a part of ${name} in it, so the job was stopped. ${advice}`);
}

/** What the door to GitHub tells us of what leaves, and of its tokens. */
export function watchGitHub(leaks: LeakScan): Watch {
  return {
    inspect(text) {
      requireNoSecret(text, 'What was about to be sent to GitHub', leaks);
    },
    minted(token) {
      leaks.add('an installation token', token);
    },
    over(token) {
      leaks.forget(token);
    },
  };
}

/**
 * The journal, which people can read, without secrets: what has one in it is kept with `[secret NAME]` in its place, and then the
 * job ends with `secret-found`, because whoever wrote it could reach a secret.
 */
export function guardJournal(journal: Journal, leaks: LeakScan): Journal {
  return {
    ...journal,
    async append(kind, data, usd) {
      const name = leaks.find(toText(data));
      await journal.append(kind, name === undefined ? data : withoutSecrets(data, leaks), usd);
      if (name !== undefined) throw secretFound(name, 'What the model wrote or a tool answered');
    },
    once: (key, produce) =>
      journal.once(key, async () => {
        const data = await produce();
        requireNoSecret(toText(data), 'What a step of the job brought to light', leaks);
        return data;
      }),
    async saveChanges(changes) {
      for (const change of changes) {
        requireNoSecret(change.path, 'The name of a changed file', leaks);
        if (change.type === 'put') requireNoSecret(change.bytes, 'A changed file', leaks);
      }
      await journal.saveChanges(changes);
    },
  };
}

/** The same JSON value with every secret in it covered. */
export function withoutSecrets<T>(data: T, leaks: LeakScan): T {
  const text = toText(data);
  const name = leaks.find(text);
  if (name === undefined) return data;
  const covered = cover(data, leaks) as T; // strings are replaced by strings
  // Spread over several strings: nothing of it is kept.
  return leaks.find(JSON.stringify(covered)) === undefined ? covered : (coverWhole(data, `[secret ${name}]`) as T);
}

function cover(value: unknown, leaks: LeakScan): unknown {
  return mapStrings(value, (text) => leaks.redact(text));
}

function coverWhole(value: unknown, instead: string): unknown {
  return mapStrings(value, (text) => (text.length < 3 ? text : instead));
}

/** As the journal keeps it. */
function toText(data: unknown): string {
  return JSON.stringify(data ?? null);
}

function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((each) => mapStrings(each, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [change(key), mapStrings(each, change)]));
}
