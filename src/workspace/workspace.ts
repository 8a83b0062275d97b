import type { Base, ChangeSet, Checkout, Repository } from '../domain/index.ts';
import type { TreeEntry } from '../git/index.ts';
import type { Caps } from './disk.ts';

/** A merge of the base into a branch, finished but for its conflicts: those stand in their files between markers, the branch's part first. */
export interface Merge {
  readonly changes: ChangeSet;
  /** Paths, sorted. */
  readonly conflicts: readonly string[];
  /** What git says about each, a line each. */
  readonly said: readonly string[];
}

export interface WorkspaceOptions {
  readonly dataDir: string;
  readonly jobId: string;
  readonly repository: Repository;
  readonly base: Base;
  /** `https://github.com/owner/name.git`, without credentials. */
  readonly remoteUrl: string;
  /** A token that may read the repository's contents; asked for when one is needed, never kept. Given one that the server has just refused, it answers another. */
  readonly token: (refused?: string) => Promise<string>;
  /** Instead of the usual ones. */
  readonly caps?: Partial<Caps>;
  readonly signal: AbortSignal;
}

/**
 * Our copy of a repository for one job: a shared bare mirror and as many checkouts of the base commit as asked for.
 * All git here runs on the host with git directories that no box can write. Disposing removes the job's checkouts.
 */
export interface Workspace extends AsyncDisposable {
  readonly base: Base;
  /** Every file of the base commit. */
  readonly files: readonly TreeEntry[];
  /** What is unusual in this repository and a reader or the agent must know: submodules, LFS pointers, paths that collide on case, names that are not UTF-8. One sentence each. */
  readonly peculiarities: readonly string[];
  /**
   * A checkout of the base commit under that name, made anew: one that a box had is never used again. It begins with a copy of the package and build caches in the home of the checkout `cachesOf`, if that one is there:
   * only ever one that no agent touched.
   */
  checkout(name: string, cachesOf?: string): Promise<Checkout>;
  removeCheckout(name: string): Promise<void>;
  /** What that commit holds other than the base, fetched when it isn't here; submodules and names that aren't UTF-8 are left out. */
  changesTo(head: Base): Promise<ChangeSet>;
  /** The base's newest commit brought into a branch that left the base's at `origin`: what the merge holds other than the base. */
  mergeInto(head: Base, origin: string): Promise<Merge>;
  /** What became of a branch's own change when the base was brought in, as `git range-diff` tells it; empty when it is the same. */
  compareChanges(before: Base, origin: string, after: Base): Promise<string>;
  /** What puts these paths back to what they are in the base. */
  originals(paths: readonly string[]): Promise<ChangeSet>;
  /** Text of a regular UTF-8 file of the base commit of at most 64 KiB; undefined when there is none such. */
  readText(path: string): Promise<string | undefined>;
  /** Subjects of the newest commits of the base, newest first: the repository's own commit style. */
  recentSubjects(count: number): Promise<readonly string[]>;
}
