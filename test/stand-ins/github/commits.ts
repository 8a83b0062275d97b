import { createHmac } from 'node:crypto';
import { git, gitText } from './git.ts';
import { iso } from './world.ts';
import type { User, World } from './world.ts';

export interface Person {
  readonly name: string;
  readonly email: string;
  /** Milliseconds. */
  readonly at: number;
}

export interface CommitRecord {
  readonly sha: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: Person;
  readonly committer: Person;
  readonly message: string;
  readonly signature: string | null;
  /** What the signature is of. */
  readonly payload: string;
  /** Signed by GitHub itself: what the page shows as Verified. */
  readonly verified: boolean;
}

export interface NewCommit {
  readonly tree: string;
  readonly parents: readonly string[];
  readonly message: string;
  readonly author: Person;
  readonly committer: Person;
  /** GitHub signs only what it commits itself: neither author nor committer named by the caller. */
  readonly sign: boolean;
}

/** Address that GitHub gives an account's commits. */
export function personOf(user: User, at: number): Person {
  return { name: user.login, email: `${user.id}+${user.login}@users.noreply.github.com`, at };
}

export function gitHubItself(at: number): Person {
  return { name: 'GitHub', email: 'noreply@github.com', at };
}

/** Writes a commit object and returns its sha. No ref points at it yet. */
export async function writeCommit(gitDir: string, commit: NewCommit): Promise<string> {
  const head = [
    `tree ${commit.tree}`,
    ...commit.parents.map((parent) => `parent ${parent}`),
    `author ${line(commit.author)}`,
    `committer ${line(commit.committer)}`,
  ].join('\n');
  const payload = `${head}\n\n${commit.message}`;
  const signed = `${head}\ngpgsig ${signatureOf(payload).replaceAll('\n', '\n ')}\n\n${commit.message}`;
  return gitText(gitDir, ['hash-object', '-t', 'commit', '-w', '--stdin'], { input: commit.sign ? signed : payload });
}

export async function readCommit(gitDir: string, sha: string): Promise<CommitRecord> {
  const text = (await git(gitDir, ['cat-file', 'commit', sha])).out.toString();
  return parseCommit(sha, text);
}

/** Newest first, as `git log` orders them; `range` is a sha or `a..b`. */
export async function logOf(gitDir: string, range: string, extra: readonly string[] = []): Promise<CommitRecord[]> {
  const [before, paths] = splitAt(extra, extra.indexOf('--'));
  const shas = await gitText(gitDir, ['rev-list', ...before, range, ...paths]);
  return Promise.all(
    shas
      .split('\n')
      .filter((sha) => sha !== '')
      .map((sha) => readCommit(gitDir, sha)),
  );
}

/** The `verification` of a commit in every answer that has one. */
export function verificationOf(commit: CommitRecord): Record<string, unknown> {
  if (commit.signature === null) {
    return { verified: false, reason: 'unsigned', signature: null, payload: null, verified_at: null };
  }
  return {
    verified: commit.verified,
    reason: commit.verified ? 'valid' : 'unknown_key',
    signature: commit.signature,
    payload: commit.payload,
    verified_at: commit.verified ? iso(commit.committer.at) : null,
  };
}

/** The account behind an address in a commit, if there is one. */
export function accountOf(world: World, person: Person): User | undefined {
  const id = /^(\d+)\+.*@users\.noreply\.github\.com$/.exec(person.email)?.[1];
  return [...world.users.values()].find(
    (user) => String(user.id) === id || `${user.login}@users.noreply.github.com` === person.email,
  );
}

function parseCommit(sha: string, text: string): CommitRecord {
  const end = text.indexOf('\n\n');
  const head = text.slice(0, end);
  const message = text.slice(end + 2);
  const unsigned = head.replace(/\ngpgsig (?:.*)(?:\n .*)*/, '');
  const values = (name: string) =>
    unsigned.split('\n').flatMap((row) => (row.startsWith(`${name} `) ? [row.slice(name.length + 1)] : []));
  const signature = /\ngpgsig ((?:.*)(?:\n .*)*)/.exec(head)?.[1]?.replaceAll('\n ', '\n') ?? null;
  const payload = `${unsigned}\n\n${message}`;
  return {
    sha,
    tree: values('tree')[0] ?? '',
    parents: values('parent'),
    author: parsePerson(values('author')[0] ?? ''),
    committer: parsePerson(values('committer')[0] ?? ''),
    message: message.replace(/\n$/, ''),
    signature,
    payload,
    verified: signature === signatureOf(payload),
  };
}

function parsePerson(text: string): Person {
  const [, name = '', email = '', seconds = '0'] = /^(.*) <(.*)> (\d+) [+-]\d{4}$/.exec(text) ?? [];
  return { name, email, at: Number(seconds) * 1000 };
}

function line(person: Person): string {
  return `${person.name} <${person.email}> ${Math.floor(person.at / 1000)} +0000`;
}

/** Stands for GitHub's own key: nobody else can make one that fits another payload by copying it. */
function signatureOf(payload: string): string {
  const mark = createHmac('sha256', 'the stand-in signs as GitHub').update(payload).digest('base64');
  return `-----BEGIN PGP SIGNATURE-----\n\n${mark}\n-----END PGP SIGNATURE-----`;
}

function splitAt(list: readonly string[], index: number): [readonly string[], readonly string[]] {
  return index < 0 ? [list, []] : [list.slice(0, index), list.slice(index)];
}
