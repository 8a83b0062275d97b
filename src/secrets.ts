import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { BotError } from './domain/index.ts';

/** Names whose values are secrets: they may come as `NAME_FILE=/path` and are taken out of the process's environment. */
export const secretNames = ['PRIVATE_KEY', 'WEBHOOK_SECRET', 'ANTHROPIC_API_KEY', 'DATABASE_URL'] as const;

/** A variable that names a file with a secret in it, and that file. */
export interface SecretFile {
  readonly variable: string;
  readonly path: string;
}

/** The variables with `NAME_FILE` and `PRIVATE_KEY_PATH` read; empty values count as absent, as in a shell. */
export function withSecretFiles(variables: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const values = presentIn(variables);
  for (const name of secretNames) {
    const file = secretFile(name, variables);
    if (file) values[name] = readSecretFile(name, file.path);
  }
  return values;
}

/** The file that a secret is taken from; undefined when its value stands in the variable itself, or nowhere. */
export function secretFile(
  name: (typeof secretNames)[number],
  variables: Readonly<Record<string, string | undefined>>,
): SecretFile | undefined {
  const values = presentIn(variables);
  if (values[name] !== undefined) return undefined;
  const candidates = name === 'PRIVATE_KEY' ? ['PRIVATE_KEY_FILE', 'PRIVATE_KEY_PATH'] : [`${name}_FILE`];
  for (const variable of candidates) {
    const path = values[variable];
    if (path !== undefined) return { variable, path };
  }
  return undefined;
}

function presentIn(variables: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter((entry): entry is [string, string] => !!entry[1]?.trim()));
}

function readSecretFile(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new BotError(
      'config-invalid',
      `${name}: the file ${file} cannot be read; name a file that this user may read`,
      {
        cause,
      },
    );
  }
}

/** A PEM as it is, with `\n` spelled out (one-line environment files), or base64 of it. */
export const PrivateKey = z.string().transform((value, context) => {
  const unescaped = value.replaceAll('\\n', '\n').trim();
  const pem = unescaped.includes('-----BEGIN') ? unescaped : Buffer.from(unescaped, 'base64').toString('utf8').trim();
  try {
    createPrivateKey(pem);
    return pem;
  } catch {
    context.addIssue({
      code: 'custom',
      message:
        'is not a readable private key: use the .pem file that GitHub made for the App (PRIVATE_KEY_PATH=./app.pem)',
    });
    return z.NEVER;
  }
});

/** More are no rotation any more, and every unsigned call is compared with each. */
const mostSecrets = 5;

/**
 * One webhook secret a line: several while a new one takes the place of an old one. A signature is only as good as the secret
 * behind it. Every word that is widely known (Probot's default is `development`) is shorter than ours have to be.
 */
export const WebhookSecrets = z.string().transform((value, context): readonly [string, ...string[]] => {
  const secrets = value
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const weak = secrets.findIndex(isWeak);
  const [first, ...more] = secrets;
  if (first !== undefined && weak === -1 && secrets.length <= mostSecrets) return [first, ...more];
  context.addIssue({ code: 'custom', message: explainSecrets(secrets.length, weak) });
  return z.NEVER;
});

function isWeak(secret: string): boolean {
  return secret.length < 32 || new Set(secret).size <= 4;
}

function explainSecrets(count: number, weak: number): string {
  if (count > mostSecrets) return `has ${count} secrets: keep the old and the new one, ${mostSecrets} at most`;
  const which = count > 1 ? `has secret ${weak + 1} of ${count} that is too weak` : 'is too weak';
  return `${which}: use at least 32 random characters, for example the output of \`openssl rand -hex 32\``;
}
