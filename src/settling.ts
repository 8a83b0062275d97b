import type { Outcome, WorkRequest } from './domain/index.ts';
import type { Decision } from './policy/index.ts';
import { ensureReply, ensureSeen } from './publish/index.ts';
import { openIssueFor } from './delegation.ts';
import type { Desk } from './deps.ts';
import { standDown } from './stopping.ts';

/** Answers what is no new work: help, a polite no, silence, an end to what is under way, or a push to what is parked. */
export async function settle(
  decision: Exclude<Decision, { type: 'accept' }>,
  request: WorkRequest,
  desk: Desk,
): Promise<Outcome> {
  switch (decision.type) {
    case 'ignore':
      return { type: 'ignored', reason: decision.reason };
    case 'answer':
      await ensureReply(request, decision.text, desk);
      return { type: 'answered' };
    case 'decline':
      await ensureReply(request, decision.reason, desk);
      return { type: 'declined', reason: decision.reason };
    case 'open':
      return openIssueFor(request, desk);
    case 'stop':
      return standDown(request, desk);
    case 'go-on':
      await ensureSeen(request, desk);
      await desk.store.resume(desk.claim, decision.jobId);
      return { type: 'answered' };
  }
}
