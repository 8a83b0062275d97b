import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkRequest } from '../../src/domain/index.ts';
import type { Claim, Delivery, Reading, Store } from '../../src/store/index.ts';

export function aRequest(changes: Partial<WorkRequest> = {}): WorkRequest {
  return {
    verb: 'implement',
    said: 'implement',
    via: 'label',
    trigger: 'backend',
    repository: { id: 501, owner: 'acme', name: 'shop', installationId: 77 },
    subject: { kind: 'issue', number: 12 },
    sender: { id: 9, login: 'mona', type: 'User' },
    requestedAt: '2026-03-01T10:00:00Z',
    instruction: '',
    source: { type: 'issue' },
    seen: { title: 'Pages for the list of orders', body: 'It is too long.' },
    intention: `comment:${randomUUID()}`,
    round: 0,
    ...changes,
  };
}

export function aDelivery(changes: Partial<Delivery> = {}): Delivery {
  return { id: randomUUID(), event: 'issues', bodyHash: randomUUID(), ...changes };
}

export function work(changes: Partial<WorkRequest> = {}): Reading {
  return { type: 'work', request: aRequest(changes) };
}

/** A job waiting in the queue; returns its id. */
export async function aJob(store: Store, changes: Partial<WorkRequest> = {}): Promise<string> {
  const receipt = await store.receive(aDelivery(), work(changes));
  if (receipt.type !== 'queued') throw new Error(`Expected a new job, got ${receipt.type}.`);
  return receipt.jobId;
}

/** Takes that job and keeps it until the worker is stopped; other jobs that come first are answered. */
export async function aClaim(store: Store, jobId: string): Promise<{ claim: Claim; stop: () => Promise<void> }> {
  const taken = Promise.withResolvers<Claim>();
  const worker = await store.work({
    concurrency: 1,
    handle: async (claim, signal) => {
      if (claim.jobId !== jobId) {
        await store.finish(claim, { type: 'answered' });
        return;
      }
      taken.resolve(claim);
      await aborted(signal);
    },
  });
  return { claim: await taken.promise, stop: () => worker.stop(0) };
}

/** Rejects with the signal's reason once it is aborted. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const leave = () => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  });
}

/** Waits for a state; the test's own time limit ends a wait in vain. */
export async function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await sleep(20);
  }
}

/** Waits until the job is in that state. */
export function untilState(store: Store, jobId: string, state: 'queued' | 'running' | 'finished') {
  return until(async () => {
    const run = await store.run(jobId);
    return run?.state === state && run;
  });
}
