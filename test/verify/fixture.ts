import { readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { ChangeSet } from '../../src/domain/index.ts';
import type { Workspace } from '../../src/workspace/index.ts';
import { openWorkspace } from '../../src/workspace/index.ts';
import type { Entry } from '../workspace/git-server.ts';
import { commit, startGitServer } from '../workspace/git-server.ts';

const repositories = join(import.meta.dirname, '../fixtures/repositories');

/** An issue of a fixture repository, with a change that solves it and one that doesn't. */
export interface FixtureTask {
  readonly title: string;
  readonly body: string;
  readonly changes: Readonly<Record<string, string>>;
  readonly testFile: string;
  readonly wrong: Readonly<Record<string, string>>;
}

export const fixtureNames = ['node-orders', 'python-inventory', 'go-shortener'] as const;

export function readTask(name: string): FixtureTask {
  return JSON.parse(readFileSync(join(repositories, `${name}.task.json`), 'utf8')) as FixtureTask;
}

export function fixtureFiles(name: string): Readonly<Record<string, string>> {
  const root = join(repositories, name);
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((path) => join(root, path));
  const files = paths.filter((path) => statSync(path).isFile());
  return Object.fromEntries(files.map((path) => [relative(root, path), readFileSync(path, 'utf8')]));
}

export function toChanges(files: Readonly<Record<string, string>>): ChangeSet {
  const put = (path: string, text: string) =>
    ({ path, type: 'put', mode: '100644', bytes: Buffer.from(text) }) as const;
  return Object.entries(files).map(([path, text]) => put(path, text));
}

/** Repositories of one test file, served by real git over HTTP, and workspaces on them. */
export interface Repositories extends AsyncDisposable {
  open(files: Readonly<Record<string, string>>): Promise<Workspace>;
}

export async function startRepositories(): Promise<Repositories> {
  const root = await mkdtemp(join(tmpdir(), 'verify-'));
  const server = await startGitServer(root);
  server.tokens.add('token');
  const opened: Workspace[] = [];
  return {
    async open(files) {
      const id = opened.length + 1;
      const name = `${String(id)}.git`;
      const sha = commit(
        root,
        name,
        Object.entries(files).map(([path, content]): Entry => ({ path, content })),
      );
      const workspace = await openWorkspace({
        dataDir: join(root, 'data'),
        jobId: randomUUID(),
        repository: { id, owner: 'acme', name: 'fixture', installationId: 1 },
        base: { branch: 'main', sha },
        remoteUrl: `${server.url}/${name}`,
        token: async () => 'token',
        signal: new AbortController().signal,
      });
      opened.push(workspace);
      return workspace;
    },
    async [Symbol.asyncDispose]() {
      for (const workspace of opened) await workspace[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true });
    },
  };
}
