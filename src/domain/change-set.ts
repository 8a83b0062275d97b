/** Git's modes of the things we publish: a file, an executable file, a symbolic link (its bytes are the target). */
export type FileMode = '100644' | '100755' | '120000';

/** One path that differs from the base commit. Paths are relative, `/`-separated UTF-8. */
export type Change =
  | { readonly path: string; readonly type: 'put'; readonly mode: FileMode; readonly bytes: Uint8Array }
  | { readonly path: string; readonly type: 'delete' };

/** Everything that differs from a base commit, sorted by path: the only thing that ever leaves a box to be published. */
export type ChangeSet = readonly Change[];
