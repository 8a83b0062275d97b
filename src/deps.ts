import type { Logger } from 'pino';
import type { JobProgress } from './domain/index.ts';
import type { AppIdentity, GitHub, RepositoryClient } from './github/index.ts';
import type { Model } from './model/index.ts';
import type { LeakScan } from './leaks/index.ts';
import { passGate } from './gate.ts';
import type { ProgressBus } from './progress.ts';
import type { Sandbox } from './sandbox/index.ts';
import { guardJournal, withoutSecrets } from './secrecy.ts';
import type { Claim, Effects, Journal, Store } from './store/index.ts';

/** What the whole process shares, built once in app.ts. */
export interface Deps {
  readonly settings: {
    /** The App's own: what it wrote itself asks nothing of us. */
    readonly appId: number;
    readonly dataDir: string;
    readonly agentsDir: string;
    readonly preferencesPath?: string;
    readonly budget: { readonly usdPerJob: number; readonly usdPerDay: number };
    /** Sentences that every pull request has to carry. */
    readonly warnings: readonly string[];
    /** Where people reach the live pages; absent when there are none. */
    readonly publicUrl?: string;
  };
  readonly store: Store;
  readonly github: GitHub;
  readonly model: Model;
  readonly sandbox: Sandbox;
  readonly progress: ProgressBus;
  /** Knows our secrets. */
  readonly leaks: LeakScan;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What one claimed job works with: the process's doors, bound to this job and this claim. Disposing gives its tokens back. */
export interface Desk extends Deps, AsyncDisposable {
  readonly claim: Claim;
  readonly bot: AppIdentity;
  readonly client: RepositoryClient;
  readonly journal: Journal;
  readonly effects: Effects;
  readonly signal: AbortSignal;
  /** Whether GitHub's limits leave room for edits that only show progress. */
  readonly hasRoom: () => Promise<boolean>;
  /** Adds job and time. */
  readonly report: (progress: JobProgress) => void;
}

/** Binds the doors to a claim. Asks GitHub who we are, which is what tells our comments from others'. */
export async function openDesk(claim: Claim, deps: Deps, signal: AbortSignal): Promise<Desk> {
  const client = deps.github.repository(claim.request.repository, {
    name: `job ${claim.jobId}/${claim.epoch}`,
    beforeWrite: (call) => passGate(call, claim, { store: deps.store, signal }),
    signal,
  });
  return {
    ...deps,
    claim,
    signal,
    bot: await deps.github.identity(),
    client,
    [Symbol.asyncDispose]: () => client.release(),
    journal: guardJournal(deps.store.journal(claim), deps.leaks),
    effects: deps.store.effects(claim),
    hasRoom: () => deps.store.hasRoom(),
    log: deps.log.child({
      job: claim.jobId,
      repository: claim.request.repository.id,
      subject: claim.request.subject.number,
    }),
    report: (progress) => {
      deps.progress.report({
        ...withoutSecrets(progress, deps.leaks),
        jobId: claim.jobId,
        at: new Date(deps.now()).toISOString(),
      });
    },
  };
}
