import type { Base } from './repository.ts';

/** The means a job may use. Reaching any of them ends the agent's run; the work done until then is kept. */
export interface Budget {
  readonly usd: number;
  readonly turns: number;
  readonly minutes: number;
}

/** Commands the repository names itself; a missing one is detected from its files. */
export interface CheckCommands {
  readonly test?: string;
  readonly lint?: string;
  readonly types?: string;
}

/** A pull request of ours that work goes on with: a commit on top of `headSha`, the newest when it was decided. */
export interface Continued {
  readonly pullNumber: number;
  readonly branch: string;
  readonly headSha: string;
  /** Where the branch left its base, when the base's newest commit is to be brought in: the commit on top of it has that one as a parent, too. */
  readonly leftBaseAt?: string;
}

/** An earlier job whose work goes on. */
export interface Resumed {
  readonly jobId: string;
  /** Both begin from the same commits, so that what it had changed without publishing it is put back. */
  readonly isSameGround: boolean;
}

/** What policy grants a request: everything the later stages need to know, decided once. */
export interface Plan {
  /** What is to be done; undefined means `implement`, as in plans from before there was anything else. */
  readonly work?: 'implement' | 'revise' | 'explain' | 'test' | 'plan';
  /** Name of the agent definition, a file in `agents/`. */
  readonly agent: string;
  /** A model id or alias; undefined means what the agent definition names. */
  readonly model?: string;
  /** What the whole change is a difference from. */
  readonly base: Base;
  readonly branch: string;
  /** The pull request by somebody else whose branch is the base: what is opened goes into it. */
  readonly stackedOn?: number;
  /** Undefined where a pull request is opened. */
  readonly continues?: Continued;
  /** The earlier job that stopped short of what was wanted, and that this one goes on with. */
  readonly resumes?: Resumed;
  readonly budget: Budget;
  readonly draft: boolean;
  /** The install step, the only one that may reach the network allow-list; undefined means detected. */
  readonly setup?: string;
  readonly checks: CheckCommands;
  /** What boxes are made from where they are containers; undefined means the operator's image. */
  readonly image?: string;
  /** What to keep in mind where it was said earlier: `retry` is asked without the words of the work that it repeats. */
  readonly instruction?: string;
  /** The word that begins a command in this repository; undefined means `/backend`. */
  readonly command?: string;
  /** Why a plan is put up for approval where work was asked for: ends a sentence that begins with “because”. */
  readonly planFirst?: string;
  /** The comment with the plan that was approved, as it stood then. */
  readonly approved?: string;
  /** What the issue said when the work was accepted, where what asked for it does not hold it. */
  readonly seen?: { readonly title: string; readonly body: string };
  /** Hosts the set-up step may reach beyond the package registries of the detected stack. */
  readonly allowedHosts: readonly string[];
  /** Path patterns that need a person, beyond our own list. */
  readonly protectedPaths: readonly string[];
  /** File of the repository read with AGENTS.md and CLAUDE.md. */
  readonly preferencesPath: string;
}
