import { createVerify, randomBytes } from 'node:crypto';
import { ApiError, badCredentials, notAccessible } from './api-error.ts';
import { isObject } from './route.ts';
import type { Actor, Body, Need } from './route.ts';
import { hasRole, levels, roleOf } from './world.ts';
import type { Installation, Permissions, Repo, Role, Token, User, World } from './world.ts';

/** Who an `Authorization` header proves the caller to be. Throws 401 as GitHub words it. */
export function authenticate(world: World, header: string | undefined): Actor {
  if (header === undefined) return { type: 'anonymous' };
  const secret = /^(?:bearer|token)\s+(\S+)$/i.exec(header)?.[1] ?? basicPassword(header);
  if (secret === undefined) throw badCredentials();
  if (secret.split('.').length === 3 && !secret.startsWith('ghs_')) return verifyAppToken(world, secret);
  return actorOfToken(world, secret);
}

/** Who seems to be calling; a caller who will be refused is anonymous. */
export function callerOf(world: World, kind: 'api' | 'git' | 'other', header: string | undefined): Actor {
  try {
    if (kind === 'git' && header !== undefined) return actorOfToken(world, basicPassword(header) ?? '');
    return authenticate(world, header);
  } catch {
    return { type: 'anonymous' };
  }
}

/** The actor behind an installation token or a person's token. Expired, revoked and unknown ones answer alike. */
export function actorOfToken(world: World, secret: string): Actor {
  const person = [...world.users.values()].find((user) => user.token !== '' && user.token === secret);
  if (person !== undefined) return { type: 'user', user: person };
  const token = world.tokens.get(secret);
  if (token === undefined || token.expiresAt <= world.now()) throw badCredentials();
  if (!world.installations.has(token.installation.id)) throw badCredentials();
  if (token.installation.suspendedAt !== undefined) throw suspended();
  return { type: 'installation', token, installation: token.installation, user: world.app.bot };
}

/** A new installation token: opaque, about 520 characters with dots and underscores, as GitHub has made them since 2026. */
export function mintToken(
  world: World,
  installation: Installation,
  grant: Pick<Token, 'permissions' | 'repositoryIds'>,
): Token {
  const head = `ghs_${world.app.id}_${randomBytes(24).toString('base64url')}.`;
  const tail = randomBytes(400)
    .toString('base64url')
    .slice(0, 520 - head.length - 45);
  const value = `${head}${tail}.${randomBytes(33).toString('base64url')}`;
  const token: Token = { value, installation, ...grant, expiresAt: world.now() + world.tokenLifetimeMs };
  world.tokens.set(value, token);
  return token;
}

export function suspended(): ApiError {
  return new ApiError(403, 'This installation has been suspended');
}

/** 404 for what the caller may not know of, 403 for what it may see and not do. */
export function requireAccess(actor: Actor, repo: Repo, needs: readonly Need[], role: Role): void {
  if (!canSee(actor, repo)) throw new ApiError(404, 'Not Found');
  if (actor.type === 'installation') {
    requirePermission(actor.token.permissions, needs);
    return;
  }
  if (actor.type === 'user' && !hasRole(roleOf(repo, actor.user), role)) {
    throw new ApiError(403, 'Must have admin rights to Repository.');
  }
  if (actor.type === 'anonymous' && role !== 'read') throw new ApiError(401, 'Requires authentication');
  if (actor.type === 'app') throw notAccessible();
}

/** True when the caller may know that the repository exists. */
export function canSee(actor: Actor, repo: Repo): boolean {
  if (actor.type === 'installation') return coversRepository(actor.token, repo);
  if (actor.type === 'user') return hasRole(roleOf(repo, actor.user), 'read');
  return !repo.isPrivate;
}

export function coversRepository(token: Token, repo: Repo): boolean {
  const { account, removed } = token.installation;
  if (repo.owner !== account || removed.has(repo.id)) return false;
  return token.repositoryIds?.includes(repo.id) ?? true;
}

export function grants(permissions: Permissions, [scope, level]: Need): boolean {
  if (scope === 'metadata') return true;
  const granted = permissions[scope];
  return granted !== undefined && levels[granted] >= levels[level];
}

/** The value of `x-accepted-github-permissions`: alternatives apart by semicolons. */
export function acceptedPermissions(needs: readonly Need[]): string {
  return needs.map(([scope, level]) => `${scope}=${level}`).join('; ');
}

export function requirePermission(permissions: Permissions, needs: readonly Need[]): void {
  if (!needs.some((need) => grants(permissions, need))) throw notAccessible();
}

export function basicPassword(header: string): string | undefined {
  const encoded = /^basic\s+(\S+)$/i.exec(header)?.[1];
  if (encoded === undefined) return undefined;
  const [, ...rest] = Buffer.from(encoded, 'base64').toString().split(':');
  return rest.join(':');
}

export function permissionsOf(actor: Actor): Permissions | undefined {
  return actor.type === 'installation' ? actor.token.permissions : undefined;
}

export function actorName(actor: Actor): string {
  if (actor.type === 'app') return 'app';
  return actor.type === 'anonymous' ? 'anonymous' : actor.user.login;
}

export function userOf(actor: Actor): User | undefined {
  return actor.type === 'installation' || actor.type === 'user' ? actor.user : undefined;
}

/** An App's own token: RS256 by its key, issued by its id, at most ten minutes long. */
function verifyAppToken(world: World, jwt: string): Actor {
  const [head = '', claims = '', signature = ''] = jwt.split('.');
  const header = decodePart(head);
  const body = decodePart(claims);
  if (header?.['alg'] !== 'RS256' || body === undefined) throw undecodable();
  const issuer = String(body['iss']);
  if (issuer !== String(world.app.id) && issuer !== world.app.clientId)
    throw new ApiError(404, 'Integration not found');
  const signed = Buffer.from(signature, 'base64url');
  const isGood = (key: string) => createVerify('RSA-SHA256').update(`${head}.${claims}`).verify(key, signed);
  if (![...world.app.publicKeys].some(isGood)) throw undecodable();
  checkTimes(body, Math.floor(world.now() / 1000));
  return { type: 'app' };
}

function checkTimes(claims: Body, now: number): void {
  const { iat, exp } = claims;
  if (!Number.isInteger(iat) || Number(iat) > now) {
    throw new ApiError(
      401,
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    );
  }
  if (!Number.isInteger(exp) || Number(exp) <= now) {
    throw new ApiError(
      401,
      "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
    );
  }
  if (Number(exp) > now + 600) {
    throw new ApiError(401, "'Expiration time' claim ('exp') is too far in the future");
  }
}

function undecodable(): ApiError {
  return new ApiError(401, 'A JSON web token could not be decoded');
}

function decodePart(part: string): Body | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
