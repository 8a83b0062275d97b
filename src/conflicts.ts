import { createHash } from 'node:crypto';
import type { RepositoryClient } from './github/index.ts';
import type { OpenPull } from './store/index.ts';
import { readConflict } from './trigger/index.ts';
import type { Deps } from './deps.ts';

/** Of a pull request on which nothing was done for this long nobody expects an offer. */
const patienceMs = 14 * 24 * 60 * 60_000;

/** How many pull requests are looked at in a round: each costs a read. */
const most = 50;

/**
 * Files that a pull request of ours conflicts with its base: GitHub sends no delivery for that, and finds out when somebody reads it. A commit is
 * filed once; nothing is looked at while GitHub's limits leave no room.
 */
export async function sweepConflicts(deps: Deps, { signal }: { readonly signal: AbortSignal }): Promise<void> {
  const { store, github, log, now } = deps;
  for (const open of await store.publishedSince(now() - patienceMs, most)) {
    if (signal.aborted || !(await store.hasRoom())) return;
    const client = github.repository(open.repository);
    await fileConflict(open, client, deps).catch((error: unknown) => {
      log.warn({ err: error, repository: client.repository.id }, 'a pull request could not be looked at');
    });
  }
}

async function fileConflict({ pullNumber }: OpenPull, client: RepositoryClient, { store, log, now, github }: Deps) {
  const pull = await client.pull(pullNumber);
  if (pull?.state !== 'open' || pull.isConflicting !== true) return;
  const { repository } = client;
  const { botId: id, botLogin: login } = await github.identity();
  const sender = { id, login, type: 'Bot' } as const;
  const request = readConflict({ repository, pull, sender, at: new Date(now()).toISOString() });
  const sweep = `sweep:${repository.id}:${request.intention}`;
  const bodyHash = createHash('sha256').update(sweep).digest('hex');
  const receipt = await store.receive({ id: sweep, event: 'sweep', bodyHash }, { type: 'work', request });
  log.info({ repository: repository.id, subject: pullNumber, receipt: receipt.type }, 'a conflict was found');
}
