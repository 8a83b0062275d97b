import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readConfig, type Config } from '../config.ts';
import { openDataDir } from '../data-dir.ts';
import { BotError, toBotError } from '../domain/index.ts';
import { createGitHub } from '../github/index.ts';
import { createModel } from '../model/index.ts';
import { createSandbox } from '../sandbox/index.ts';
import { openStore } from '../store/index.ts';
import { loadDefinition } from '../team/index.ts';
import { compareApp, readManifest } from './app-permissions.ts';
import { describeSandbox, openLimitsLog } from './kernel-limits.ts';

/** What one check found. A problem's words say what is wrong and what puts it right. */
export interface Finding {
  readonly check: string;
  /** `warned`: the service starts, and does less or protects less than it could. */
  readonly verdict: 'good' | 'warned' | 'bad';
  readonly words: string;
}

interface Check {
  readonly name: string;
  /** Whether this configuration needs it. */
  readonly isNeeded: (config: Config) => boolean;
  /** Answers what is good, in words. Throws a BotError whose message says what is not, and how to mend it. */
  readonly look: (config: Config) => Promise<string | Pick<Finding, 'verdict' | 'words'>>;
}

const always = () => true;

/** Everything a start needs, in the order in which it needs it. */
const checks: readonly Check[] = [
  { name: 'data folder', isNeeded: always, look: lookAtDataDir },
  { name: 'database', isNeeded: always, look: lookAtDatabase },
  { name: 'sandbox', isNeeded: ({ role }) => role !== 'web', look: lookAtSandbox },
  { name: 'GitHub App', isNeeded: always, look: lookAtGitHub },
  { name: 'model', isNeeded: ({ role }) => role !== 'web', look: lookAtModel },
];

/**
 * Looks at everything a start needs and yields what it finds, one after the other. Changes nothing but what a start changes as well (the
 * data folder and the database's schema are made). Never throws for what it looks at.
 */
export async function* examine(variables: Readonly<Record<string, string | undefined>>): AsyncGenerator<Finding> {
  const config = read(variables);
  if ('verdict' in config) {
    yield config;
    return;
  }
  yield {
    check: 'configuration',
    verdict: 'good',
    words: `read: role ${config.role}, ${config.concurrency} at a time`,
  };
  for (const { name, isNeeded, look } of checks) {
    if (isNeeded(config)) yield await finding(name, () => look(config));
  }
}

function read(variables: Readonly<Record<string, string | undefined>>): Config | Finding {
  try {
    return readConfig(variables);
  } catch (error) {
    return { check: 'configuration', verdict: 'bad', words: toBotError(error).message };
  }
}

async function finding(check: string, look: () => ReturnType<Check['look']>): Promise<Finding> {
  try {
    const found = await look();
    return { check, ...(typeof found === 'string' ? { verdict: 'good', words: found } : found) };
  } catch (error) {
    return { check, verdict: 'bad', words: toBotError(error).message };
  }
}

async function lookAtDataDir({ dataDir }: Config): Promise<string> {
  await openDataDir(dataDir);
  return `${dataDir} can be written to`;
}

async function lookAtDatabase({ dataDir, databaseUrl }: Config): Promise<string> {
  try {
    await using store = await openStore({ dataDir, ...(databaseUrl && { databaseUrl }) });
    await store.ping();
  } catch (error) {
    if (error instanceof BotError && error.code === 'store-locked') return 'the service has it open';
    throw error;
  }
  return databaseUrl ? 'PostgreSQL answers and its schema is up to date' : 'the embedded one opens';
}

async function lookAtSandbox({
  sandbox: kind,
  sandboxImage: image,
}: Config): Promise<Pick<Finding, 'verdict' | 'words'>> {
  if (kind === 'unsafe-none')
    return {
      verdict: 'warned',
      words:
        'SANDBOX=unsafe-none: the model’s commands and the code of repositories run on this machine; unset it for bubblewrap',
    };
  const { missing, log } = openLimitsLog();
  const sandbox = createSandbox({ kind, nodePath: process.execPath, log, ...(image !== undefined && { image }) });
  await sandbox.selfTest();
  return describeSandbox((await sandbox.madeWith?.()) ?? kind, missing);
}

async function lookAtGitHub({ github }: Config): ReturnType<Check['look']> {
  const { appId, readPrivateKey, apiUrl: baseUrl } = github;
  const app = createGitHub({ appId, privateKey: () => readPrivateKey(), baseUrl });
  const [identity, installations] = [await app.identity(), await app.installations()];
  return compareApp(identity, await readManifest()) ?? `${identity.slug} is installed ${installations.length} times`;
}

/** Whether the API takes the key, and which of its models each agent gets today; a model that it does not have is a remark. */
async function lookAtModel({ model: options }: Config): ReturnType<Check['look']> {
  const model = createModel(options);
  await model.reach();
  const files = (await readdir(agentsDir)).filter((name) => name.endsWith('.md')).toSorted();
  const agents = await Promise.all(files.map((name) => loadDefinition(agentsDir, name.slice(0, -'.md'.length))));
  const got = await Promise.all(agents.map(async (agent) => ({ ...agent, ...(await model.resolve(agent.model)) })));
  const words = [
    'the API takes the key',
    ...got.map(({ name, model: wanted, id }) => `${name} asks for ${wanted} and gets ${id}`),
  ];
  const notes = [...new Set(got.flatMap(({ note }) => note ?? []))];
  return { verdict: notes.length === 0 ? 'good' : 'warned', words: [words.join('; '), ...notes].join('. ') };
}

const agentsDir = join(import.meta.dirname, '..', '..', 'agents');
