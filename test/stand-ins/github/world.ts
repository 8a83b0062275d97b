import { randomBytes } from 'node:crypto';
import type { Changes } from './changes.ts';

/** What GitHub knows: accounts, repositories, issues, tokens. Branches, commits and trees are not here: they are in each bare repository. */
export interface World {
  readonly now: () => number;
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  url: string;
  /** Folder that holds `<id>.git` of every repository. */
  readonly root: string;
  readonly app: AppRecord;
  /** Apps of other people, by the id of their bot. */
  readonly otherApps: Map<number, KnownApp>;
  readonly users: Map<string, User>;
  readonly installations: Map<number, Installation>;
  readonly repos: Map<number, Repo>;
  /** `owner/name` in lower case of a renamed or transferred repository, and where it is now. */
  readonly moved: Map<string, number>;
  readonly tokens: Map<string, Token>;
  readonly tokenLifetimeMs: number;
  readonly nextId: () => number;
  /** Tells the webhook sender; set by the server. */
  emit: (event: WorldEvent) => void;
  /** False when nobody would hear of such an event, so that its payload needn't be made. */
  wants: (name: string) => boolean;
  /** Who collects what changes. */
  readonly changes: Changes;
}

export interface WorldEvent {
  readonly name: string;
  readonly action?: string;
  readonly repo?: Repo;
  readonly installation: Installation;
  readonly sender: User;
  readonly fields: Record<string, unknown>;
}

export const levels = { none: 0, read: 1, write: 2, admin: 3 } as const;
export type Level = 'read' | 'write' | 'admin';
export type Permissions = Readonly<Record<string, Level>>;

export const roles = ['none', 'read', 'triage', 'write', 'maintain', 'admin'] as const;
export type Role = (typeof roles)[number];

export interface AppRecord {
  readonly id: number;
  readonly slug: string;
  readonly name: string;
  readonly clientId: string;
  /** All of them are good: an App has several while one takes over from another. */
  readonly publicKeys: Set<string>;
  webhookSecret: string;
  readonly permissions: Permissions;
  readonly events: readonly string[];
  readonly owner: User;
  readonly bot: User;
  readonly createdAt: number;
}

/** What everybody may know of an App. */
export type KnownApp = Omit<AppRecord, 'publicKeys' | 'webhookSecret'>;

export interface User {
  readonly id: number;
  login: string;
  readonly type: 'User' | 'Bot' | 'Organization';
  readonly createdAt: number;
  /** A personal access token of theirs (empty for bots and organizations). */
  readonly token: string;
}

export interface Installation {
  readonly id: number;
  readonly account: User;
  readonly permissions: Permissions;
  readonly createdAt: number;
  suspendedAt: number | undefined;
  suspendedBy: User | undefined;
  /** Repositories of the account that were taken out of it. */
  readonly removed: Set<number>;
}

export interface Token {
  readonly value: string;
  readonly installation: Installation;
  readonly permissions: Permissions;
  /** undefined: every repository of the installation. */
  readonly repositoryIds: readonly number[] | undefined;
  readonly expiresAt: number;
}

export interface Label {
  readonly id: number;
  name: string;
  color: string;
  description: string | null;
  readonly isDefault: boolean;
}

export interface Reaction {
  readonly id: number;
  readonly user: User;
  readonly content: string;
  readonly createdAt: number;
}

export interface Comment {
  readonly id: number;
  readonly issueNumber: number;
  readonly user: User;
  readonly viaApp: boolean;
  body: string;
  readonly createdAt: number;
  updatedAt: number;
  readonly reactions: Reaction[];
}

export interface Review {
  readonly id: number;
  readonly user: User;
  readonly body: string;
  /** `APPROVED`, `CHANGES_REQUESTED`, `COMMENTED`, `DISMISSED`, or `PENDING`, which nobody but the author sees. */
  state: string;
  readonly commitId: string;
  readonly submittedAt: number;
}

/** Somebody's copy of a repository, of which the stand-in keeps no more than this. */
export interface Fork {
  readonly id: number;
  readonly owner: User;
  isGone: boolean;
}

/** Lines of a pull request's change, as they were when somebody spoke of them. */
export interface DiffPlace {
  readonly path: string;
  readonly side: 'LEFT' | 'RIGHT';
  readonly line: number;
  /** The first of several lines. */
  readonly startLine: number | undefined;
  /** Head of the pull request then. */
  readonly commitId: string;
  /** Its hunk down to the line, and the line's number in the whole difference of the file. */
  readonly hunk: string;
  readonly position: number;
}

export interface ReviewComment {
  readonly id: number;
  readonly issueNumber: number;
  readonly reviewId: number;
  readonly user: User;
  body: string;
  readonly place: DiffPlace;
  /** The first comment of the thread; undefined for that one itself. */
  readonly inReplyTo: number | undefined;
  readonly createdAt: number;
  updatedAt: number;
  readonly reactions: Reaction[];
  isMinimized: boolean;
}

/** What makes an issue a pull request. */
export interface Pull {
  readonly id: number;
  readonly head: string;
  /** Set when the head is in a copy of the repository that somebody else owns; its branches are not ours. */
  readonly fork?: Fork;
  base: string;
  draft: boolean;
  headSha: string;
  baseSha: string;
  mergedAt: number | undefined;
  mergedBy: User | undefined;
  mergeSha: string | null;
  /** The ends for which GitHub has found out whether they can be merged: `<base>...<head>`. */
  mergeKnown: string | undefined;
  readonly requestedReviewers: User[];
  readonly reviews: Review[];
}

/** An entry of an issue's history: `labeled`, `closed`, … */
export interface IssueEvent {
  readonly id: number;
  readonly event: string;
  readonly actor: User;
  readonly createdAt: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Where an issue went that is no longer where it was. */
export type Gone =
  { readonly how: 'deleted' } | { readonly how: 'transferred'; readonly repository: number; readonly number: number };

/** A ref as it was moved; null before it was made and after it was deleted. */
export interface RefMove {
  readonly ref: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly at: number;
}

export interface Issue {
  readonly id: number;
  readonly number: number;
  readonly user: User;
  readonly viaApp: boolean;
  title: string;
  body: string | null;
  state: 'open' | 'closed';
  stateReason: string | null;
  locked: boolean;
  labels: Label[];
  assignees: User[];
  readonly createdAt: number;
  updatedAt: number;
  closedAt: number | undefined;
  closedBy: User | undefined;
  readonly reactions: Reaction[];
  readonly events: IssueEvent[];
  readonly pull: Pull | undefined;
}

export interface CheckAnnotation {
  readonly [field: string]: unknown;
}

export interface CheckRun {
  readonly id: number;
  readonly headSha: string;
  readonly suiteId: number;
  name: string;
  status: string;
  conclusion: string | null;
  externalId: string;
  readonly createdAt: number;
  detailsUrl: string;
  startedAt: number;
  completedAt: number | undefined;
  title: string | null;
  summary: string | null;
  text: string | null;
  readonly annotations: CheckAnnotation[];
  actions: readonly unknown[];
}

export interface Repo {
  readonly id: number;
  owner: User;
  name: string;
  readonly gitDir: string;
  readonly isPrivate: boolean;
  archived: boolean;
  defaultBranch: string;
  readonly createdAt: number;
  updatedAt: number;
  pushedAt: number;
  readonly collaborators: Map<number, Role>;
  readonly labels: Map<string, Label>;
  readonly issues: Map<number, Issue>;
  readonly comments: Map<number, Comment>;
  readonly reviewComments: Map<number, ReviewComment>;
  /** Who resolved a thread, by the id of its first comment. */
  readonly resolved: Map<number, User>;
  readonly checkRuns: Map<number, CheckRun>;
  readonly checkSuites: Map<string, number>;
  /** Issues that were deleted or transferred, by number: numbers are never used again. */
  readonly gone: Map<number, Gone>;
  /** Every move of a ref, oldest first. */
  readonly refLog: RefMove[];
  /** Those who read refs to change them wait for each other here. */
  refsFree: Promise<unknown>;
}

/** ISO 8601 in whole seconds, as GitHub writes times. */
export function iso(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** The account of that login, made if nobody has it yet. */
export function ensureUser(world: World, login: string, type: User['type'] = 'User'): User {
  const known = findUser(world, login);
  if (known !== undefined) return known;
  const token = type === 'User' ? `ghp_${randomBytes(27).toString('base64url').replace(/[-_]/g, '0')}` : '';
  const user: User = { id: world.nextId(), login, type, createdAt: world.now(), token };
  world.users.set(login.toLowerCase(), user);
  return user;
}

export function findUser(world: World, login: string): User | undefined {
  return world.users.get(login.toLowerCase());
}

export function findRepo(world: World, owner: string, name: string): Repo | undefined {
  const full = `${owner}/${name}`.toLowerCase();
  return [...world.repos.values()].find((repo) => fullName(repo).toLowerCase() === full);
}

export function fullName(repo: Repo): string {
  return `${repo.owner.login}/${repo.name}`;
}

export function installationOf(world: World, repo: Repo): Installation | undefined {
  const found = [...world.installations.values()].find((installation) => installation.account === repo.owner);
  return found?.removed.has(repo.id) === true ? undefined : found;
}

export function reposOf(world: World, installation: Installation): Repo[] {
  return [...world.repos.values()].filter(
    (repo) => repo.owner === installation.account && !installation.removed.has(repo.id),
  );
}

export function roleOf(repo: Repo, user: User): Role {
  if (repo.owner === user) return 'admin';
  return repo.collaborators.get(user.id) ?? (repo.isPrivate ? 'none' : 'read');
}

export function hasRole(role: Role, wanted: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(wanted);
}

export function nextNumber(repo: Repo): number {
  return Math.max(0, ...repo.issues.keys(), ...repo.gone.keys()) + 1;
}
