import { setTimeout as pause } from 'node:timers/promises';
import { sweepApprovals } from './approvals.ts';
import { sweepConflicts } from './conflicts.ts';
import { sweepDeliveries, sweepLabels } from './reconcile.ts';
import { greetWaiting, removeAllTwins, tellStalled } from './courtesy.ts';
import type { Deps } from './deps.ts';

/** Something done every so often by one of our processes, whichever comes first. `since`: when it was last done, in ms since 1970. */
interface Sweep {
  readonly name: string;
  readonly everyMs: number;
  readonly run: (
    deps: Deps,
    when: { readonly since: number | undefined; readonly signal: AbortSignal },
  ) => Promise<void>;
}

const minute = 60_000;
const day = 24 * 60 * minute;

/** How long transcripts, journals and deliveries are kept. */
const retentionMs = 14 * day;

const sweeps: readonly Sweep[] = [
  { name: 'deliveries', everyMs: 5 * minute, run: sweepDeliveries },
  { name: 'labels', everyMs: 15 * minute, run: sweepLabels },
  { name: 'approvals', everyMs: 5 * minute, run: sweepApprovals },
  { name: 'conflicts', everyMs: 15 * minute, run: sweepConflicts },
  { name: 'queue', everyMs: minute / 2, run: greetWaiting },
  { name: 'stalled', everyMs: minute, run: tellStalled },
  { name: 'twins', everyMs: minute, run: removeAllTwins },
  { name: 'retention', everyMs: day, run: ({ store, now }) => store.purge(now() - retentionMs) },
];

/** Looks for a duty that has become due this often, in milliseconds; the database's clock says which has. */
const lookEveryMs = 5_000;

/** How long a stopping process waits for a sweep, in milliseconds: half of one does no harm. */
const stopMs = 2_000;

/** Starts the sweeps of this process. Each is done at once, for what was missed meanwhile; one that fails is done again when it is next due. */
export function startSweeps(deps: Deps): AsyncDisposable {
  const closed = new AbortController();
  const running = Promise.all(sweeps.map((sweep) => keepSweeping(sweep, deps, closed.signal)));
  return {
    async [Symbol.asyncDispose]() {
      closed.abort();
      await Promise.race([running, pause(stopMs, undefined, { ref: false })]);
    },
  };
}

async function keepSweeping(sweep: Sweep, deps: Deps, signal: AbortSignal): Promise<void> {
  for (let dueAfter = 0; !signal.aborted; dueAfter = sweep.everyMs) {
    await sweepOnce({ ...sweep, everyMs: dueAfter }, deps, signal).catch((error: unknown) => {
      if (!signal.aborted) deps.log.warn({ err: error, sweep: sweep.name }, 'a sweep failed and comes again');
    });
    await pause(Math.min(lookEveryMs, sweep.everyMs), undefined, { signal, ref: false }).catch(() => undefined);
  }
}

async function sweepOnce({ name, everyMs, run }: Sweep, deps: Deps, signal: AbortSignal): Promise<void> {
  const duty = await deps.store.takeDuty(name, everyMs);
  if (duty === undefined) return;
  await run(deps, { since: duty.since, signal });
  if (signal.aborted) return; // half done: the next one begins where this one did
  await deps.store.endDuty(name, duty);
}
