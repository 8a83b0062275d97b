import { isUtf8 } from 'node:buffer';
import type { RestEndpointMethodTypes } from '@octokit/rest';
import { requestById, type Caller } from '../calls/index.ts';
import type { Account, Repository, UnreadFile } from '../domain/index.ts';
import type { IssueFacts, Permission, RepositoryClient, RepositoryFacts } from './client.ts';

type Data<M extends keyof RestEndpointMethodTypes['repos']> = RestEndpointMethodTypes['repos'][M]['response']['data'];

/** What is true on GitHub right now about the repository, its people and its issues. `host` is where people's browsers go. */
export function createReads(caller: Caller, repositoryId: number, host: string) {
  return {
    /** By id, so that a renamed or transferred repository is found under its new name. */
    async facts() {
      const data = await caller.call('facts', requestById(repositoryId));
      const facts = toRepositoryFacts(data as Data<'get'>, host); // GitHub's "repository"
      caller.locate({ owner: facts.owner, repo: facts.name });
      return facts;
    },
    async permissionOf(account) {
      const data = await caller.find('permission', (kit, at) =>
        kit.rest.repos.getCollaboratorPermissionLevel({ ...at, username: account.login }),
      );
      return data ? toPermission(data, account) : 'none';
    },
    async appPermissions(slug) {
      const app = await caller.find('app', (kit, { headers, request }) =>
        kit.rest.apps.getBySlug({ headers, request, app_slug: slug }),
      );
      return app?.permissions as Readonly<Record<string, string>> | undefined; // each value is a level
    },
    async issue(number) {
      const data = await caller.find('issue', (kit, at) => kit.rest.issues.get({ ...at, issue_number: number }));
      return data && toIssueFacts(data);
    },
    /** GitHub reads a comma as "and", so what it finds is compared once more. */
    async issuesWithLabel(label) {
      const pages = await caller.all('issuesWithLabel', (kit, at, page) =>
        kit.rest.issues.listForRepo({ ...at, labels: label, state: 'open', per_page: 100, page }),
      );
      const issues = pages.flat().map(toIssueFacts);
      return issues.filter((issue) => !issue.isPullRequest && issue.labels.some((each) => isLabel(each, label)));
    },
    async issuesBy(creator, since) {
      const issues = await caller.call('issuesBy', (kit, at) =>
        kit.rest.issues.listForRepo({ ...at, creator, since, state: 'all', per_page: 100 }),
      );
      return issues.map(toIssueFacts).filter((issue) => !issue.isPullRequest);
    },
    /** GitHub lists an issue's events oldest first. */
    async labelings(issueNumber, label) {
      const pages = await caller.all('labelings', (kit, at, page) =>
        kit.rest.issues.listEvents({ ...at, issue_number: issueNumber, per_page: 100, page }),
      );
      const labeled = pages.flat().filter((each) => each.event === 'labeled');
      const last = labeled.findLast((each) => 'label' in each && isLabel(each.label.name, label));
      return last && { actor: toAccount(last.actor), at: last.created_at };
    },
    async pullPaths(number) {
      const pages = await caller.all('pullPaths', (kit, at, page) =>
        kit.rest.pulls.listFiles({ ...at, pull_number: number, per_page: 100, page }),
      );
      return pages.flat().map(({ filename }) => filename);
    },
    fileText: (path, ref) => readFileText(caller, 'fileText', { path, ref }),
    readToken: (refused) => caller.token('clone', refused),
  } satisfies Partial<RepositoryClient>;
}

/** The repositories that an installation has given the App, whoever they belong to. */
export async function readRepositories(caller: Caller, installationId: number): Promise<readonly Repository[]> {
  const pages = await caller.all('repositories', (kit, { headers, request }, page) =>
    kit.rest.apps.listReposAccessibleToInstallation({ headers, request, per_page: 100, page }),
  );
  return pages
    .flatMap(({ repositories }) => repositories)
    .map(({ id, owner, name }) => ({ id, owner: owner.login, name, installationId }));
}

/** Labels are the same in any letter case. */
function isLabel(name: string, wanted: string): boolean {
  return name.toLowerCase() === wanted.toLowerCase();
}

/** The clone address is rebuilt on the host we are configured for: a token of ours goes nowhere else. */
function toRepositoryFacts(data: Data<'get'>, host: string): RepositoryFacts {
  const { id, owner, name, default_branch: defaultBranch, archived, private: isPrivate, html_url: htmlUrl } = data;
  const cloneUrl = new URL(new URL(data.clone_url).pathname, host).href;
  return { id, owner: owner.login, name, defaultBranch, archived, isPrivate, htmlUrl, cloneUrl };
}

const permissions: readonly string[] = ['admin', 'maintain', 'write', 'triage', 'read', 'none'] satisfies Permission[];

/** A login can be given up and taken by somebody else, so the answer counts only for the same id. `role_name` may be a custom role; `permission` is then its base. */
function toPermission(data: Data<'getCollaboratorPermissionLevel'>, account: Account): Permission {
  if (data.user?.id !== account.id) return 'none';
  const known = [data.role_name, data.permission].find((role) => permissions.includes(role));
  return (known ?? 'none') as Permission; // narrowed by the list above
}

export function toAccount(user: { id: number; login: string; type: string } | null | undefined): Account {
  // A deleted account is shown as "ghost".
  if (!user) return { id: 10137, login: 'ghost', type: 'User' };
  const type = user.type === 'Bot' || user.type === 'Organization' ? user.type : 'User';
  return { id: user.id, login: user.login, type };
}

export function toIssueFacts(data: RestEndpointMethodTypes['issues']['get']['response']['data']): IssueFacts {
  return {
    number: data.number,
    title: data.title,
    body: data.body ?? '',
    state: data.state === 'closed' ? 'closed' : 'open',
    locked: data.locked,
    labels: data.labels.map((label) => (typeof label === 'string' ? label : (label.name ?? ''))),
    author: toAccount(data.user),
    isPullRequest: data.pull_request !== undefined,
    updatedAt: data.updated_at,
  };
}

const longestFile = 64 * 1024;

/**
 * Asked for by its path, a link is answered with the file that it points to. So its folder is listed, where a link says that it is one,
 * and a submodule calls itself a file whose blob is nowhere ("REST API endpoints for repository contents"). Without `ref`: in the default
 * branch.
 */
export async function readFileText(
  caller: Caller,
  call: 'fileText' | 'organisationFile',
  { path, ref }: { readonly path: string; readonly ref?: string },
): ReturnType<RepositoryClient['fileText']> {
  const [, folder = '', name = ''] = /^(?:(.*)\/)?([^/]*)$/su.exec(path) ?? [];
  const wanted = { path: folder, ...(ref !== undefined && { ref }) };
  const listing = await caller.find(call, (kit, at) => kit.rest.repos.getContent({ ...at, ...wanted }));
  const entry = entryOf(listing, name);
  if (entry?.type !== 'file') return entry && { unread: entry.type };
  if (entry.size > longestFile) return { unread: 'large' };
  const blob = await caller.find(call, (kit, at) => kit.rest.git.getBlob({ ...at, file_sha: entry.sha }));
  return blob ? decode(Buffer.from(blob.content, 'base64')) : { unread: 'submodule' };
}

function decode(bytes: Buffer): string | UnreadFile {
  return isUtf8(bytes) ? bytes.toString('utf8') : { unread: 'encoding' };
}

/** A folder that is none itself is what is there instead of the file. */
function entryOf(listing: Data<'getContent'> | undefined, name: string) {
  if (Array.isArray(listing)) return listing.find((each) => each.name === name);
  return listing?.type === 'file' ? undefined : listing;
}
