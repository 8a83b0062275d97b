import { iso, reposOf } from '../world.ts';
import type { Installation, KnownApp, Repo, User, World } from '../world.ts';

export function nodeId(kind: string, id: number | string): string {
  return Buffer.from(`0:${kind}${id}`).toString('base64');
}

export function apiUrl(world: World): string {
  return `${world.url}/api/v3`;
}

/** A bot's pages carry its App's slug, its API address the whole login. */
export function userShape(world: World, user: User): Record<string, unknown> {
  const url = `${apiUrl(world)}/users/${encodeURIComponent(user.login)}`;
  const page = user.type === 'Bot' ? `apps/${user.login.replace('[bot]', '')}` : user.login;
  return {
    login: user.login,
    id: user.id,
    node_id: nodeId(user.type, user.id),
    avatar_url: `${world.url}/avatars/u/${user.id}?v=4`,
    gravatar_id: '',
    url,
    html_url: `${world.url}/${page}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: user.type,
    site_admin: false,
  };
}

export function publicUserShape(world: World, user: User): Record<string, unknown> {
  return {
    ...userShape(world, user),
    name: null,
    company: null,
    blog: '',
    location: null,
    email: null,
    hireable: null,
    bio: null,
    twitter_username: null,
    public_repos: 0,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: iso(user.createdAt),
    updated_at: iso(user.createdAt),
  };
}

export function organizationShape(world: World, user: User): Record<string, unknown> {
  const url = `${apiUrl(world)}/orgs/${user.login}`;
  return {
    login: user.login,
    id: user.id,
    node_id: nodeId('Organization', user.id),
    url,
    repos_url: `${url}/repos`,
    events_url: `${url}/events`,
    hooks_url: `${url}/hooks`,
    issues_url: `${url}/issues`,
    members_url: `${url}/members{/member}`,
    public_members_url: `${url}/public_members{/member}`,
    avatar_url: `${world.url}/avatars/u/${user.id}?v=4`,
    description: '',
  };
}

/** The App as an "integration", its name inside other answers. */
export function appShape(world: World, app: KnownApp = world.app): Record<string, unknown> {
  return {
    id: app.id,
    client_id: app.clientId,
    slug: app.slug,
    node_id: nodeId('Integration', app.id),
    owner: userShape(world, app.owner),
    name: app.name,
    description: 'A stand-in for tests',
    external_url: 'https://example.com',
    html_url: `${world.url}/apps/${app.slug}`,
    created_at: iso(app.createdAt),
    updated_at: iso(app.createdAt),
    permissions: app.permissions,
    events: app.events,
  };
}

/** The App that speaks through a bot; null for people. */
export function appOf(world: World, { id, type }: User): Record<string, unknown> | null {
  return type === 'Bot' ? appShape(world, world.otherApps.get(id) ?? world.app) : null;
}

export function installationShape(world: World, installation: Installation): Record<string, unknown> {
  const url = `${apiUrl(world)}/app/installations/${installation.id}`;
  return {
    id: installation.id,
    client_id: world.app.clientId,
    account: userShape(world, installation.account),
    repository_selection: selectionOf(installation),
    access_tokens_url: `${url}/access_tokens`,
    repositories_url: `${apiUrl(world)}/installation/repositories`,
    html_url: `${world.url}/settings/installations/${installation.id}`,
    app_id: world.app.id,
    app_slug: world.app.slug,
    target_id: installation.account.id,
    target_type: installation.account.type,
    permissions: installation.permissions,
    events: world.app.events,
    created_at: iso(installation.createdAt),
    updated_at: iso(installation.createdAt),
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: installation.suspendedBy === undefined ? null : userShape(world, installation.suspendedBy),
    suspended_at: installation.suspendedAt === undefined ? null : iso(installation.suspendedAt),
  };
}

/** All of the account's repositories, or some that its owner chose. */
export function selectionOf(installation: Installation): 'all' | 'selected' {
  return installation.removed.size === 0 ? 'all' : 'selected';
}

/** The repositories an installation names in its webhooks. */
export function installedRepositories(world: World, installation: Installation): Record<string, unknown>[] {
  return briefRepositories(reposOf(world, installation));
}

export function briefRepositories(repos: readonly Repo[]): Record<string, unknown>[] {
  return repos.map((repo) => ({
    id: repo.id,
    node_id: nodeId('Repository', repo.id),
    name: repo.name,
    full_name: `${repo.owner.login}/${repo.name}`,
    private: repo.isPrivate,
  }));
}
