/**
 * A checkout of one commit on the host, made to be mounted into a box.
 * The box may write `tree` and `home`; it sees `gitDir` and `objects` read-only.
 */
export interface Checkout {
  /** Absolute path of the work tree. */
  readonly tree: string;
  /** Absolute path of the git directory, outside the work tree. */
  readonly gitDir: string;
  /** Absolute path of the mirror's objects, which `gitDir` borrows from. */
  readonly objects: string;
  /** Absolute path of a home folder kept between the boxes of one job (package caches). */
  readonly home: string;
}
