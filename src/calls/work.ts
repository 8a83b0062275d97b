import type { CallName } from './calls.ts';

/** One write that is about to be sent. `content`: GitHub counts it as creating content, for which its secondary limits are strict. */
export interface Write {
  readonly name: CallName;
  readonly content: boolean;
}

/** On whose behalf calls are made, and what must hold for each write. */
export interface Work {
  /** `job <id>/<epoch>`; ends up in the user agent. */
  readonly name: string;
  /** Awaited right before each write is sent, also before a second send. When it rejects, nothing is sent and its error is thrown. */
  readonly beforeWrite: (write: Write) => Promise<void>;
  /** Ends waits and calls; what then is thrown is the signal's reason, or `aborted` when that is no BotError. */
  readonly signal?: AbortSignal;
}
