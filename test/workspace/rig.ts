import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkspaceOptions } from '../../src/workspace/index.ts';
import type { Entry, GitServer } from './git-server.ts';
import { startGitServer } from './git-server.ts';

/** The only token that the rig's server takes. */
export const token = 'ghs_first.token_that_is_opaque';

export const files: readonly Entry[] = [
  { path: 'README.md', content: '# Orders\n' },
  { path: 'bin/run', mode: '100755', content: '#!/bin/sh\n' },
];

/** A git server with its repositories below `root`, and a data folder for the workspaces under test. */
export interface Rig extends AsyncDisposable {
  readonly root: string;
  readonly dataDir: string;
  readonly server: GitServer;
  /** Options for a repository served under `name`. Each call is another repository id and job unless given. */
  optionsFor(name: string, sha: string, over?: Partial<WorkspaceOptions>): WorkspaceOptions;
}

export async function startRig(): Promise<Rig> {
  const root = await mkdtemp(join(tmpdir(), 'workspace-'));
  const server = await startGitServer(root);
  server.tokens.add(token);
  const dataDir = join(root, 'data');
  let lastId = 0;
  return {
    root,
    dataDir,
    server,
    optionsFor(name, sha, over = {}) {
      lastId += 1;
      return {
        dataDir,
        jobId: randomUUID(),
        repository: { id: lastId, owner: 'acme', name: 'orders', installationId: 1 },
        base: { branch: 'main', sha },
        remoteUrl: `${server.url}/${name}`,
        token: async () => token,
        signal: new AbortController().signal,
        ...over,
      };
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true });
    },
  };
}
