import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { BotError } from './domain/index.ts';

/** Names whose values are secrets: they may come as `NAME_FILE=/path` and are taken out of the process's environment. */
export const secretNames = ['PRIVATE_KEY', 'WEBHOOK_SECRET', 'ANTHROPIC_API_KEY', 'DATABASE_URL'] as const;

/** The variables with `NAME_FILE` and `PRIVATE_KEY_PATH` read; empty values count as absent, as in a shell. */
export function withSecretFiles(variables: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const present = Object.entries(variables).filter((entry): entry is [string, string] => !!entry[1]?.trim());
  const values = Object.fromEntries(present);
  for (const name of secretNames) {
    const file = values[`${name}_FILE`] ?? (name === 'PRIVATE_KEY' ? values['PRIVATE_KEY_PATH'] : undefined);
    if (values[name] === undefined && file) values[name] = readSecretFile(name, file);
  }
  return values;
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
export function readPrivateKey(value: string, context: z.RefinementCtx): string {
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
}

/** A signature is only as good as the secret behind it. Every word that is widely known (Probot's default is `development`) is shorter than this. */
export function refuseWeakSecret(value: string, context: z.RefinementCtx): void {
  if (value.length >= 32 && new Set(value).size > 4) return;
  context.addIssue({
    code: 'custom',
    message: 'is too weak: use at least 32 random characters, for example the output of `openssl rand -hex 32`',
  });
}
