/** A repository as GitHub identifies it. `id` is the identity; owner and name may change (rename, transfer). */
export interface Repository {
  readonly id: number;
  readonly owner: string;
  readonly name: string;
  /** The App's installation that gives us access to it. */
  readonly installationId: number;
}

/** The issue or pull request that a request is about. */
export interface Subject {
  readonly kind: 'issue' | 'pull_request';
  readonly number: number;
}

/** A GitHub account. `id` is the identity; the login may change. */
export interface Account {
  readonly id: number;
  readonly login: string;
  readonly type: 'User' | 'Bot' | 'Organization';
}

/** A commit that something starts from: the branch's name and where it pointed when we looked. */
export interface Base {
  readonly branch: string;
  readonly sha: string;
}

/** Something is there, and it is not read as a file. */
export interface UnreadFile {
  readonly unread: 'symlink' | 'submodule' | 'dir' | 'large' | 'encoding';
}

/** A file that an owner keeps for all repositories. */
export interface OrganisationFile {
  /** Where it stands: `<owner>/.github`. */
  readonly repository: string;
  readonly text: string | UnreadFile;
}
