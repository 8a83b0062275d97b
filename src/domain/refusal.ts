/**
 * Why the way out of a box let nobody through to a host. `not listed`: nobody allowed it. The others no list changes: `address`, an address stood in
 * the place of a name; `port`, neither of the open ones; `private address`, the name leads to nothing that is on the public internet.
 */
export type RefusalReason = 'not listed' | 'address' | 'port' | 'private address';

/** A host that something in a box asked for and did not get. The name is the box's own word: a stranger's text. */
export interface RefusedHost {
  readonly host: string;
  readonly port: number;
  readonly reason: RefusalReason;
  /** The repository's own file that names it as a registry. */
  readonly namedIn?: string;
}

/** What one run of the install step was refused. */
export interface Refusal {
  readonly command: string;
  /** Whether the command ended well all the same. */
  readonly passed: boolean;
  readonly hosts: readonly RefusedHost[];
}
