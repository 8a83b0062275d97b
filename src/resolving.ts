import { BotError, type Job } from './domain/index.ts';
import type { ReviewThreadFacts } from './github/index.ts';
import type { Desk } from './deps.ts';

/** A thread in which our answer says that what was asked is done. */
export interface Done {
  /** The first comment of the thread. */
  readonly firstId: number;
  /** Our answer. */
  readonly answerId: number;
}

/**
 * Resolves threads that people began and whose last word is our answer: who said more since then is heard first. One that is resolved
 * already is left alone. The work stands whatever GitHub says to this: a refusal is given back as a sentence for people.
 */
export async function ensureResolved(job: Job, done: readonly Done[], desk: Desk): Promise<string | undefined> {
  try {
    for (const each of done) await ensureOneResolved(job.request.subject.number, each, desk);
    return undefined;
  } catch (error) {
    if (!(error instanceof BotError) || !error.code.startsWith('github-')) throw error;
    desk.log.warn({ error: error.message }, 'threads were not resolved');
    return `What is done is said in its thread, but the threads could not all be resolved: ${error.reasonForRequester}`;
  }
}

async function ensureOneResolved(pullNumber: number, done: Done, { client, effects }: Desk): Promise<void> {
  const find = async () => (await client.reviewThreads(pullNumber)).find((thread) => isOver(thread, done));
  const thread = await find();
  if (thread === undefined) return;
  await effects.ensure(`resolve:${done.firstId}`, {
    look: async () => ((await find())?.isResolved === true ? thread.id : undefined),
    make: async () => {
      await client.resolveThread(thread.id);
      return thread.id;
    },
  });
}

function isOver({ firstId, lastId, isByPerson }: ReviewThreadFacts, done: Done): boolean {
  return firstId === done.firstId && lastId === done.answerId && isByPerson;
}
