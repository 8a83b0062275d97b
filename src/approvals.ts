import { createHash } from 'node:crypto';
import type { RepositoryClient } from './github/index.ts';
import { canWrite } from './policy/index.ts';
import type { WaitingPlan } from './store/index.ts';
import { readThumbUp } from './trigger/index.ts';
import type { Deps } from './deps.ts';

/** A plan that nobody answered for this long is not looked at any more; `approve` still carries it out. */
const patienceMs = 14 * 24 * 60 * 60_000;

/** How many plans are looked at in a round: each costs a read, and a few more once it has a 👍. */
const most = 50;

/**
 * Files the 👍 of people with write permission on plans that wait: GitHub sends no delivery for reactions. A plan's is filed once, whoever
 * gives how many; nothing is looked at while GitHub's limits leave no room.
 */
export async function sweepApprovals(deps: Deps, { signal }: { readonly signal: AbortSignal }): Promise<void> {
  const { store, github, log, now } = deps;
  for (const waiting of await store.waitingPlans(now() - patienceMs, most)) {
    if (signal.aborted || !(await store.hasRoom())) return;
    const client = github.repository(waiting.request.repository);
    await fileThumbUp(waiting, client, deps).catch((error: unknown) => {
      log.warn({ err: error, repository: client.repository.id }, 'the reactions to a plan could not be looked at');
    });
  }
}

async function fileThumbUp(
  { request: { subject }, commentId }: WaitingPlan,
  client: RepositoryClient,
  { store, log }: Deps,
): Promise<void> {
  const { repository } = client;
  const given = await findPermitted(commentId, client);
  const issue = given && (await client.issue(subject.number));
  if (given === undefined || issue?.state !== 'open') return;
  const request = readThumbUp({ repository, issue, commentId, ...given });
  const id = `sweep:${repository.id}:${request.intention}`;
  const bodyHash = createHash('sha256').update(id).digest('hex');
  const receipt = await store.receive({ id, event: 'sweep', bodyHash }, { type: 'work', request });
  log.info({ repository: repository.id, subject: issue.number, receipt: receipt.type }, 'a plan was given 👍');
}

/** The first 👍 of a person who may approve. Ours says how the wish for the plan ended, and those of other Apps say nothing. */
async function findPermitted(commentId: number, client: RepositoryClient) {
  for (const given of await client.thumbsUp(commentId)) {
    const isPerson = given.by.type === 'User' && !given.by.login.endsWith('[bot]');
    if (isPerson && canWrite(await client.permissionOf(given.by))) return given;
  }
  return undefined;
}
