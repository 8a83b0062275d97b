import type { Job } from '../domain/index.ts';
import { ensureReply, type Doors } from './comments.ts';
import type { Status } from './status.ts';
import { renderEnding } from './status-text.ts';

/**
 * A job whose result is one reply shows nothing on the way: the status comment belongs to the work on its issue. It speaks up only when
 * there will be no other reply.
 */
export function openQuietStatus(job: Job, deps: Doors & { readonly command?: string }): Status {
  const command = deps.command ?? job.plan.command;
  const nothing = (): void => undefined;
  return {
    step: nothing,
    spent: nothing,
    note: nothing,
    refused: nothing,
    async finish(ending) {
      if (['answered', 'parked', 'paused'].includes(ending.type)) return;
      await ensureReply(job.request, `Not answered: ${renderEnding(ending, { job, command })}`, deps);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
