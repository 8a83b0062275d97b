import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { pino } from 'pino';
import { run } from 'probot';
import type { SetupConfig } from './config.ts';

/**
 * Opens Probot's manifest flow: a page that creates the GitHub App and hands us its credentials, which are written to `.env`.
 * The page has no sign-in, so it is only for a machine where nobody else reaches `host`.
 */
export async function startSetup({ host, port, webhookUrl }: SetupConfig, say: (line: string) => void): Promise<void> {
  await run(() => undefined, {
    env: { HOST: host, PORT: String(port) },
    log: pino({ level: 'error' }),
    updateEnv: (values) => {
      writeEnvironmentFile('.env', values);
      say(
        'The App exists and its credentials are in .env. Add ANTHROPIC_API_KEY there, stop this and run npm start again.',
      );
      return values;
    },
  });
  say(`No GitHub App is configured yet. Open http://${host}:${port}/probot to create one.`);
  say(
    webhookUrl
      ? `GitHub will deliver webhooks to ${webhookUrl}.`
      : 'GitHub must reach this machine: stop, set PUBLIC_URL=https://your.address and start again, or correct the webhook URL in the App’s settings later.',
  );
}

/** Merges into the file and makes it readable by its owner only: it holds the App's private key. */
export function writeEnvironmentFile(file: string, values: Readonly<Record<string, string | undefined>>): void {
  const before = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
  const lines = Object.entries({ ...before, ...values }).map(([name, value]) => `${name}=${quote(value ?? '')}`);
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
  chmodSync(file, 0o600); // a file that was there keeps its mode otherwise
}

/** Probot hands the key over in quotes already; `parseEnv` reads `\n` in double quotes as a new line. */
function quote(value: string): string {
  const bare = value.replace(/^"([\s\S]*)"$/, '$1');
  return /[\s#"']/.test(bare) ? `"${bare.replaceAll('\n', '\\n')}"` : bare;
}
