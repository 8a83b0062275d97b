import { fullName, hasRole, iso } from '../world.ts';
import type { Label, Repo, Role, World } from '../world.ts';
import { apiUrl, nodeId, userShape } from './accounts.ts';

export function repoUrl(world: World, repo: Repo): string {
  return `${apiUrl(world)}/repos/${fullName(repo)}`;
}

export function repoPage(world: World, repo: Repo): string {
  return `${world.url}/${fullName(repo)}`;
}

/** The repository as lists, webhooks and other objects carry it. */
export function repositoryShape(world: World, repo: Repo): Record<string, unknown> {
  const openIssues = [...repo.issues.values()].filter((issue) => issue.state === 'open').length;
  return {
    id: repo.id,
    node_id: nodeId('Repository', repo.id),
    name: repo.name,
    full_name: fullName(repo),
    private: repo.isPrivate,
    owner: userShape(world, repo.owner),
    description: null,
    fork: false,
    ...repositoryLinks(world, repo),
    created_at: iso(repo.createdAt),
    updated_at: iso(repo.updatedAt),
    pushed_at: iso(repo.pushedAt),
    homepage: null,
    size: 1,
    stargazers_count: 0,
    watchers_count: 0,
    language: null,
    has_issues: true,
    has_projects: true,
    has_downloads: true,
    has_wiki: true,
    has_pages: false,
    has_discussions: false,
    forks_count: 0,
    mirror_url: null,
    archived: repo.archived,
    disabled: false,
    open_issues_count: openIssues,
    license: null,
    allow_forking: true,
    is_template: false,
    web_commit_signoff_required: false,
    topics: [],
    visibility: repo.isPrivate ? 'private' : 'public',
    forks: 0,
    open_issues: openIssues,
    watchers: 0,
    default_branch: repo.defaultBranch,
  };
}

/** What `GET /repos/{owner}/{repo}` adds. */
export function fullRepositoryShape(world: World, repo: Repo, role: Role): Record<string, unknown> {
  const organization = repo.owner.type === 'Organization' ? { organization: userShape(world, repo.owner) } : {};
  return {
    ...repositoryShape(world, repo),
    permissions: permissionFlags(role),
    temp_clone_token: '',
    custom_properties: {},
    network_count: 0,
    subscribers_count: 0,
    ...organization,
  };
}

export function permissionFlags(role: Role): Record<string, boolean> {
  return {
    admin: hasRole(role, 'admin'),
    maintain: hasRole(role, 'maintain'),
    push: hasRole(role, 'write'),
    triage: hasRole(role, 'triage'),
    pull: hasRole(role, 'read'),
  };
}

export function labelShape(world: World, repo: Repo, label: Label): Record<string, unknown> {
  return {
    id: label.id,
    node_id: nodeId('Label', label.id),
    url: `${repoUrl(world, repo)}/labels/${encodeURIComponent(label.name)}`,
    name: label.name,
    color: label.color,
    default: label.isDefault,
    description: label.description,
  };
}

/** Ends of the addresses that are the same under every repository; the key is the field without `_url`. */
const linkEnds: Readonly<Record<string, string>> = {
  forks: '/forks',
  keys: '/keys{/key_id}',
  collaborators: '/collaborators{/collaborator}',
  teams: '/teams',
  hooks: '/hooks',
  issue_events: '/issues/events{/number}',
  events: '/events',
  assignees: '/assignees{/user}',
  branches: '/branches{/branch}',
  tags: '/tags',
  blobs: '/git/blobs{/sha}',
  git_tags: '/git/tags{/sha}',
  git_refs: '/git/refs{/sha}',
  trees: '/git/trees{/sha}',
  statuses: '/statuses/{sha}',
  languages: '/languages',
  stargazers: '/stargazers',
  contributors: '/contributors',
  subscribers: '/subscribers',
  subscription: '/subscription',
  commits: '/commits{/sha}',
  git_commits: '/git/commits{/sha}',
  comments: '/comments{/number}',
  issue_comment: '/issues/comments{/number}',
  contents: '/contents/{+path}',
  compare: '/compare/{base}...{head}',
  merges: '/merges',
  archive: '/{archive_format}{/ref}',
  downloads: '/downloads',
  issues: '/issues{/number}',
  pulls: '/pulls{/number}',
  milestones: '/milestones{/number}',
  notifications: '/notifications{?since,all,participating}',
  labels: '/labels{/name}',
  releases: '/releases{/id}',
  deployments: '/deployments',
};

function repositoryLinks(world: World, repo: Repo): Record<string, string> {
  const url = repoUrl(world, repo);
  const page = repoPage(world, repo);
  const links = Object.entries(linkEnds).map(([name, end]): [string, string] => [`${name}_url`, url + end]);
  const host = new URL(world.url).host;
  return {
    html_url: page,
    url,
    ...Object.fromEntries(links),
    git_url: `git://${host}/${fullName(repo)}.git`,
    ssh_url: `git@${host}:${fullName(repo)}.git`,
    clone_url: `${page}.git`,
    svn_url: page,
  };
}
