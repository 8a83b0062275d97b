import { ApiError, notAccessible, notFound } from '../api-error.ts';
import { grants, mintToken, suspended } from '../auth.ts';
import { listField, numberParam, objectField, param, textsField } from '../route.ts';
import type { Answer, Body, Call, Route } from '../route.ts';
import { appShape, installationShape, publicUserShape, selectionOf } from '../shapes/accounts.ts';
import { permissionFlags, repositoryShape } from '../shapes/repositories.ts';
import { findUser, iso, reposOf } from '../world.ts';
import type { Installation, Level, Permissions, Repo } from '../world.ts';

export const appRoutes: readonly Route[] = [
  { method: 'GET', path: '/app', access: 'app', handle: getApp },
  { method: 'GET', path: '/app/installations', access: 'app', handle: listInstallations },
  { method: 'GET', path: '/app/installations/{installation_id}', access: 'app', handle: getInstallation },
  {
    method: 'POST',
    path: '/app/installations/{installation_id}/access_tokens',
    access: 'app',
    handle: createToken,
  },
  { method: 'GET', path: '/apps/{app_slug}', access: 'anyone', handle: getAppBySlug },
  { method: 'DELETE', path: '/installation/token', access: 'installation', handle: revokeToken },
  { method: 'GET', path: '/installation/repositories', access: 'installation', handle: listRepositories },
  { method: 'GET', path: '/repos/{owner}/{repo}/installation', access: 'app', handle: repositoryInstallation },
  { method: 'GET', path: '/users/{username}', access: 'anyone', handle: getUser },
  { method: 'GET', path: '/rate_limit', access: 'anyone', handle: rateLimit },
];

function getApp(call: Call): Answer {
  return { status: 200, body: { ...appShape(call.world), installations_count: call.world.installations.size } };
}

function getAppBySlug(call: Call): Answer {
  const { world } = call;
  const apps = [world.app, ...world.otherApps.values()];
  const app = apps.find(({ slug }) => slug === param(call, 'app_slug').toLowerCase());
  if (app === undefined) throw notFound();
  return { status: 200, body: appShape(world, app) };
}

function listInstallations(call: Call): Answer {
  const { world } = call;
  return { status: 200, list: [...world.installations.values()].map((each) => installationShape(world, each)) };
}

function getInstallation(call: Call): Answer {
  return { status: 200, body: installationShape(call.world, installationById(call)) };
}

function repositoryInstallation(call: Call): Answer {
  const { world } = call;
  const full = `${param(call, 'owner')}/${param(call, 'repo')}`.toLowerCase();
  const found = [...world.installations.values()].find((installation) =>
    reposOf(world, installation).some((repo) => `${repo.owner.login}/${repo.name}`.toLowerCase() === full),
  );
  if (found === undefined) throw notFound();
  return { status: 200, body: installationShape(world, found) };
}

/** A token may have less than the installation has, never more. */
function createToken(call: Call): Answer {
  const { world } = call;
  const installation = installationById(call);
  if (installation.suspendedAt !== undefined) throw suspended();
  const permissions = wantedPermissions(installation, objectField(call.body, 'permissions'));
  const chosen = chosenRepositories(call, installation);
  const token = mintToken(world, installation, { permissions, repositoryIds: chosen?.map((repo) => repo.id) });
  world.changes.tell({ what: 'token', did: 'minted', installation: installation.id });
  const selected = chosen?.map((repo) => ({
    ...repositoryShape(world, repo),
    permissions: permissionFlags('none'),
  }));
  return {
    status: 201,
    body: {
      token: token.value,
      expires_at: iso(token.expiresAt),
      permissions: token.permissions,
      repository_selection: selected === undefined ? selectionOf(installation) : 'selected',
      ...(selected === undefined ? {} : { repositories: selected }),
    },
  };
}

function installationById(call: Call): Installation {
  const installation = call.world.installations.get(numberParam(call, 'installation_id'));
  if (installation === undefined) throw notFound();
  return installation;
}

function wantedPermissions(installation: Installation, wanted: Body | undefined): Permissions {
  if (wanted === undefined || Object.keys(wanted).length === 0) return installation.permissions;
  const levels = Object.entries(wanted).filter((entry): entry is [string, Level] => typeof entry[1] === 'string');
  if (!levels.every(([scope, level]) => grants(installation.permissions, [scope, level]))) {
    throw new ApiError(422, 'The permissions requested are not granted to this installation.');
  }
  return { ...Object.fromEntries(levels), metadata: 'read' };
}

function chosenRepositories(call: Call, installation: Installation): Repo[] | undefined {
  const ids = listField(call.body, 'repository_ids') ?? [];
  const names = textsField(call.body, 'repositories');
  if (ids.length === 0 && names.length === 0) return undefined;
  const ours = reposOf(call.world, installation);
  const chosen = [
    ...ids.map((id) => ours.find((repo) => repo.id === id)),
    ...names.map((name) => ours.find((repo) => repo.name.toLowerCase() === name.toLowerCase())),
  ];
  if (chosen.includes(undefined)) {
    const message =
      'There is at least one repository that does not exist or is not accessible to the parent installation.';
    throw new ApiError(422, message);
  }
  return chosen.filter((repo) => repo !== undefined);
}

function revokeToken(call: Call): Answer {
  if (call.actor.type === 'installation') call.world.tokens.delete(call.actor.token.value);
  return { status: 204 };
}

function listRepositories(call: Call): Answer {
  if (call.actor.type !== 'installation') throw notAccessible();
  const { installation, token } = call.actor;
  const repos = reposOf(call.world, installation).filter((repo) => token.repositoryIds?.includes(repo.id) ?? true);
  return {
    status: 200,
    list: repos.map((repo) => ({ ...repositoryShape(call.world, repo), permissions: permissionFlags('none') })),
    wrap: (page, total) => ({
      total_count: total,
      repositories: page,
      repository_selection: token.repositoryIds === undefined ? selectionOf(installation) : 'selected',
    }),
  };
}

function getUser(call: Call): Answer {
  const user = findUser(call.world, param(call, 'username'));
  if (user === undefined) throw notFound();
  return { status: 200, body: publicUserShape(call.world, user) };
}

/** Asking costs nothing. */
function rateLimit(call: Call): Answer {
  const core = call.limits.state(call.actor);
  const search = { limit: 30, used: 0, remaining: 30, reset: core.reset };
  const body = { resources: { core, search }, rate: core };
  return { status: 200, body };
}
