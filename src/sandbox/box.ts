import type { ChangeSet, Checkout } from '../domain/index.ts';
import type { BlockedHost } from '../egress/index.ts';

/** The five tools that run inside the box, named as the models know them. */
export const toolNames = ['Bash', 'Read', 'Write', 'Edit', 'Grep'] as const;
export type ToolName = (typeof toolNames)[number];

/** What the model gets to read. `isError` is the tool's own failure (no such file, no match), never a failure of ours. */
export interface ToolReply {
  readonly text: string;
  readonly isError: boolean;
}

/** How a command the host asked for ended. `exitCode` is null when it was killed at its time limit. */
export interface ExecResult {
  readonly exitCode: number | null;
  /** Both streams in order of arrival, cut in the middle. */
  readonly output: string;
  readonly durationMs: number;
}

export interface BoxOptions {
  readonly checkout: Checkout;
  /** Hosts that the allow-list proxy lets through. Undefined means no network at all. */
  readonly allowedHosts?: readonly string[];
  /** What to make the box from, where boxes are containers; the operator's when undefined. */
  readonly image?: string;
  readonly signal: AbortSignal;
}

/**
 * The sandbox of one job while it lives: one tool host inside it, spoken to over pipes.
 * Disposing it ends every process in it. Answers from it are untrusted and checked before they reach the caller.
 * Every method throws BotError `box-lost` when the box died, at once also for the calls that were under way, `aborted` when the box's signal fired,
 * and `disk-full` when what failed did so because the host's disk is. A command that was killed with its box is `box-lost` too, and no failed command. After `box-lost` the way on is another box on a fresh checkout.
 */
export interface Box extends AsyncDisposable {
  /** Runs one of the agent's tools. What the tool itself finds wrong is a reply with `isError`, not an exception. */
  tool(name: ToolName, input: Readonly<Record<string, unknown>>): Promise<ToolReply>;
  /** Runs a command line with bash in the repository's root, in a process tree of its own that dies at the limit. */
  exec(command: string, timeoutMs: number): Promise<ExecResult>;
  /** What the work tree holds that the base commit doesn't, ignored files left out. Throws `change-set-refused` on anything that is not a plain file, link or deletion, or too much of it. */
  changes(): Promise<ChangeSet>;
  /** Makes the work tree hold these changes. */
  apply(changes: ChangeSet): Promise<void>;
  /** Hosts refused so far by the allow-list proxy, each once. */
  blockedHosts(): readonly BlockedHost[];
}

/** Makes boxes. One per process. */
export interface Sandbox {
  /** Whether a box's image may be chosen. */
  readonly takesImages?: true;
  /** Engine and image in words, where boxes are containers. Throws BotError `box-unavailable`. */
  madeWith?(): Promise<string>;
  /** Proves, by trying, that a box denies what it must. Throws BotError `box-unavailable` saying what is missing and how to get it. */
  selfTest(): Promise<void>;
  open(options: BoxOptions): Promise<Box>;
}
