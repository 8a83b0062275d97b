import type { RateLimits } from './rate-limit.ts';
import type { Webhooks } from './webhooks.ts';
import type { Installation, Level, Repo, Role, Token, User, World } from './world.ts';

/** Who is calling, as the `Authorization` header proves. */
export type Actor =
  | { readonly type: 'app' }
  | { readonly type: 'installation'; readonly token: Token; readonly installation: Installation; readonly user: User }
  | { readonly type: 'user'; readonly user: User }
  | { readonly type: 'anonymous' };

export type Body = Readonly<Record<string, unknown>>;

/** One request, after authentication, look-up of the repository, permission and body checks. */
export interface Call {
  readonly world: World;
  readonly actor: Actor;
  readonly method: string;
  /** The path below `/issues/<number>`, for the redirect of a transferred issue. */
  readonly belowIssue: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Body;
  /** The body as it came when it is not an object (a list of label names, for example). */
  readonly rawBody: unknown;
  readonly accept: string;
  /** Reads see things as they were then, in milliseconds: earlier than now when a planted fault says so. */
  readonly asOf: number;
  readonly limits: RateLimits;
  readonly webhooks: Webhooks;
}

export interface RepoCall extends Call {
  readonly repo: Repo;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  /** All items of a list; the server cuts the page and writes the Link header. */
  readonly list?: readonly unknown[];
  /** Wraps the page of `list` for routes that answer `{ total_count, check_runs }`. */
  readonly wrap?: (page: readonly unknown[], total: number) => unknown;
  readonly bytes?: { readonly type: string; readonly data: Buffer };
  readonly headers?: Readonly<Record<string, string>>;
  /** What the stand-in itself did wrong; GitHub would not have answered this. */
  readonly mistake?: string;
}

/** `issues: write`; several needs are alternatives, any one of them is enough. */
export type Need = readonly [scope: string, level: Level];

interface RouteBase {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** The path as GitHub's OpenAPI description writes it. */
  readonly path: string;
}

/** A route is a row. `access` says who may call it. */
export type Route =
  | (RouteBase & { readonly access: 'app' | 'anyone' | 'installation'; readonly handle: Handle<Call> })
  | (RouteBase & {
      readonly access: 'repository';
      readonly needs: readonly Need[];
      /** The role a person needs; only people's own tokens are asked for it. */
      readonly role: Role;
      readonly handle: Handle<RepoCall>;
    });

export type Handle<C> = (call: C) => Answer | Promise<Answer>;

/** The account an action is done as. Anonymous callers and the bare App never get this far. */
export function actingUser(call: Call): User {
  if (call.actor.type === 'installation' || call.actor.type === 'user') return call.actor.user;
  return call.world.app.bot;
}

export function textField(body: Body, name: string): string | undefined {
  const value = body[name];
  return typeof value === 'string' ? value : undefined;
}

export function flagField(body: Body, name: string): boolean | undefined {
  const value = body[name];
  return typeof value === 'boolean' ? value : undefined;
}

export function listField(body: Body, name: string): readonly unknown[] | undefined {
  const value = body[name];
  return Array.isArray(value) ? value : undefined;
}

export function textsField(body: Body, name: string): readonly string[] {
  return (listField(body, name) ?? []).filter((item) => typeof item === 'string');
}

export function objectField(body: Body, name: string): Body | undefined {
  const value = body[name];
  return isObject(value) ? value : undefined;
}

export function isObject(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function param(call: Call, name: string): string {
  return call.params[name] ?? '';
}

export function numberParam(call: Call, name: string): number {
  return Number(param(call, name));
}
