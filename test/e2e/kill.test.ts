import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadFixture, rehearse } from '../demo/rehearsal.ts';
import { startGitHub } from '../stand-ins/github/index.ts';
import { hang, startModel, type ModelRequest, type ModelStandIn, type Script } from '../stand-ins/model/index.ts';
import { startPostgres, type PostgresStandIn } from '../stand-ins/postgres.ts';
import { environmentFor, labelIssue, until } from './world.ts';

const fixture = loadFixture('node-orders');
const rehearsed = rehearse([fixture], 'honest');
const main = join(import.meta.dirname, '../../src/main.ts');

let postgres: PostgresStandIn;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres[Symbol.asyncDispose]());

/** Answers as rehearsed, but leaves the first request for one turn hanging: there the process is killed. */
function hangOnceAt(turn: number): Script {
  let isHung = false;
  return (request: ModelRequest, asked: number) => {
    if (asked !== turn || isHung) return typeof rehearsed === 'function' ? rehearsed(request, asked) : hang();
    isHung = true;
    return hang();
  };
}

async function startProcess(environment: Record<string, string>): Promise<ChildProcess> {
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], NODE_ENV: 'test', ...environment },
    stdio: 'ignore',
  });
  const url = `http://127.0.0.1:${environment['PORT'] ?? ''}/readyz`;
  await until(async () => ((await fetch(url).catch(() => undefined))?.ok ? true : undefined));
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.signalCode !== null || child.exitCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server's address is never a string
  server.close();
  await once(server, 'close');
  return port;
}

function turnsAsked(model: ModelStandIn): number[] {
  return model.requests.map(({ turn }) => turn);
}

it.concurrent.each([
  ['the embedded database', async () => ({})],
  ['PostgreSQL', async () => ({ databaseUrl: await postgres.createDatabase() })],
])('goes on from its last turn after kill -9, on %s, and publishes once', { timeout: 180_000 }, async (_, place) => {
  await using started = new AsyncDisposableStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'backend-kill-'));
  started.defer(() => rm(dataDir, { recursive: true, force: true }));
  const github = started.use(await startGitHub());
  const model = started.use(await startModel(hangOnceAt(3)));
  const PORT = String(await freePort());
  const environment = environmentFor({ github, model, dataDir }, { ...(await place()), environment: { PORT } });
  const first = await startProcess(environment);
  started.defer(() => kill(first));
  github.connectWebhook(`http://127.0.0.1:${PORT}/api/github/webhooks`);
  const { repository, issue } = await labelIssue(github, fixture);
  await model.received(3);
  await kill(first);

  const second = await startProcess(environment);
  started.defer(async () => {
    const gone = once(second, 'exit');
    second.kill('SIGTERM');
    expect(await gone).toEqual([0, null]);
  });
  await until(() => repository.comments(issue.number).find(({ body }) => body.includes('pull request #')));
  expect(turnsAsked(model)).toEqual([1, 2, 3, 3, 4]);
  expect(model.prefixChanges).toBe(0);
  expect(repository.pulls()).toHaveLength(1);
  expect(repository.comments(issue.number)).toHaveLength(1);
  expect(repository.checkRuns()).toMatchObject([{ conclusion: 'success' }]);
  expect(await repository.commits(`main..${repository.pulls()[0]?.headSha ?? ''}`)).toHaveLength(1);
});
