import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { access, chown, mkdtemp, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import pg from 'pg';

const run = promisify(execFile);

/** A private PostgreSQL server, empty but for the databases made here. */
export interface PostgresStandIn extends AsyncDisposable {
  /** Makes a fresh database, a copy of `template` when given, and returns its URL. */
  createDatabase(template?: string): Promise<string>;
  /** Stops the server as an operator would; open connections are cut. */
  stop(): Promise<void>;
  /** Starts it again at the same address. */
  start(): Promise<void>;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

interface Settings {
  readonly bin: string;
  readonly folder: string;
  readonly port: number;
  readonly account: Account | undefined;
}

/**
 * Starts a server from the distribution's own binaries, in a temporary folder, on a free loopback port. PostgreSQL refuses
 * to run as root: then it runs as `postgres` or `nobody`. Nothing is flushed to disk: its data is thrown away at the end.
 */
export async function startPostgres(): Promise<PostgresStandIn> {
  const bin = await findBinaries();
  const account = process.getuid?.() === 0 ? await findAccount() : undefined;
  const folder = await makeScratchFolder('postgres-');
  const password = randomBytes(12).toString('hex');
  await writeFile(join(folder, 'password'), password, { mode: 0o600 });
  if (account !== undefined)
    for (const path of [folder, join(folder, 'password')]) await chown(path, account.uid, account.gid);
  const settings: Settings = { bin, folder, port: await freePort(), account };
  await initialise(settings);
  let server = await launch(settings);
  const url = (name: string) => `postgres://postgres:${password}@127.0.0.1:${settings.port}/${name}`;
  let made = 0;
  return {
    createDatabase: async (template) => {
      made += 1;
      const name = `test_${made}`;
      const origin = template === undefined ? 'template0' : new URL(template).pathname.slice(1);
      await execute(url('postgres'), `create database ${name} template ${origin}`);
      return url(name);
    },
    stop: () => shutDown(server),
    start: async () => {
      server = await launch(settings);
    },
    [Symbol.asyncDispose]: async () => {
      await shutDown(server);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A temporary folder for a database of tests: in memory where there is room, because a database is a thousand small files. */
export async function makeScratchFolder(prefix: string): Promise<string> {
  const memory = '/dev/shm';
  const space = await statfs(memory).catch(() => undefined);
  const isRoomy = space !== undefined && space.bavail * space.bsize > 2 ** 30;
  return await mkdtemp(join(isRoomy ? memory : tmpdir(), prefix));
}

async function findBinaries(): Promise<string> {
  const distribution = '/usr/lib/postgresql';
  const versions = (await readdir(distribution).catch(() => [])).sort((a, b) => Number(b) - Number(a));
  const folders = [
    ...versions.map((version) => join(distribution, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  for (const folder of folders) {
    const isThere = await access(join(folder, 'initdb')).then(
      () => true,
      () => false,
    );
    if (isThere) return folder;
  }
  throw new Error(
    'PostgreSQL is missing: install the package `postgresql` (its server binaries, initdb and postgres).',
  );
}

async function findAccount(): Promise<Account> {
  for (const name of ['postgres', 'nobody']) {
    const ids = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]).catch(() => undefined);
    if (ids !== undefined) return { uid: Number(ids[0].stdout), gid: Number(ids[1].stdout) };
  }
  throw new Error('PostgreSQL does not run as root, and there is no user `postgres` or `nobody`.');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No loopback port is free.');
  return address.port;
}

async function initialise({ bin, folder, account }: Settings): Promise<void> {
  const options = [
    '--username=postgres',
    '--auth=scram-sha-256',
    `--pwfile=${folder}/password`,
    '--encoding=UTF8',
    '--no-sync',
  ];
  await run(join(bin, 'initdb'), ['-D', join(folder, 'data'), '--locale=C', ...options], { cwd: '/', ...account });
}

/** Resolves once the server accepts connections. */
async function launch({ bin, folder, port, account }: Settings): Promise<ChildProcess> {
  const settings = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'listen_addresses=127.0.0.1'];
  const place = [`port=${port}`, `unix_socket_directories=${folder}`];
  const flags = [...settings, ...place].flatMap((setting) => ['-c', setting]);
  const server = spawn(join(bin, 'postgres'), ['-D', join(folder, 'data'), ...flags], {
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
    ...account,
  });
  const said: string[] = [];
  for await (const line of createInterface({ input: server.stderr })) {
    said.push(line);
    if (line.includes('ready to accept connections')) {
      server.stderr.resume();
      return server;
    }
  }
  throw new Error(`PostgreSQL did not start:\n${said.join('\n')}`);
}

async function shutDown(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, 'exit');
  server.kill('SIGINT'); // "fast": cuts the connections, then ends in order
  await exited;
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
