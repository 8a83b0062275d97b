import { briefRepositories, installationShape, installedRepositories, selectionOf } from './shapes/accounts.ts';
import { repoIn } from './people.ts';
import type { RepositoryRef } from './people.ts';
import { ensureUser, findUser, fullName, installationOf } from './world.ts';
import type { Installation, Repo, World } from './world.ts';

/** What owners do with the App and with their repositories. */
export interface Installations {
  suspend(owner: string, by: { by: string }): void;
  unsuspend(owner: string, by: { by: string }): void;
  /** Tokens stop working at once. */
  uninstall(owner: string, by: { by: string }): void;
  archive(repo: RepositoryRef, by: { by: string }): void;
  /** The old address goes on working: it answers with the new one. */
  rename(repo: RepositoryRef, name: string, by: { by: string }): void;
  deleteRepository(repo: RepositoryRef, by: { by: string }): void;
  /** Out of the installation, which goes on for the account's other repositories. */
  removeRepository(repo: RepositoryRef, by: { by: string }): void;
  /** Into the installation again. */
  addRepository(repo: RepositoryRef, by: { by: string }): void;
}

export function createInstallations(world: World): Installations {
  return {
    suspend: (owner, at) => {
      const installation = installationFor(world, owner);
      installation.suspendedAt = world.now();
      installation.suspendedBy = ensureUser(world, at.by);
      tell(world, installation, 'suspended');
      emitInstallation(world, installation, { action: 'suspend', by: at.by });
    },
    unsuspend: (owner, at) => {
      const installation = installationFor(world, owner);
      installation.suspendedAt = undefined;
      installation.suspendedBy = undefined;
      tell(world, installation, 'unsuspended');
      emitInstallation(world, installation, { action: 'unsuspend', by: at.by });
    },
    uninstall: (owner, at) => {
      const installation = installationFor(world, owner);
      emitInstallation(world, installation, { action: 'deleted', by: at.by });
      world.installations.delete(installation.id);
      tell(world, installation, 'deleted');
    },
    archive: (ref, at) => {
      repoIn(world, ref).archived = true;
      emitRepository(world, ref, { action: 'archived', by: at.by, fields: {} });
    },
    rename: (ref, name, at) => {
      const repo = repoIn(world, ref);
      const from = repo.name;
      world.moved.set(fullName(repo).toLowerCase(), repo.id);
      repo.name = name;
      world.moved.delete(fullName(repo).toLowerCase());
      const fields = { changes: { repository: { name: { from } } } };
      emitRepository(world, ref, { action: 'renamed', by: at.by, fields });
    },
    deleteRepository: (ref, at) => {
      emitRepository(world, ref, { action: 'deleted', by: at.by, fields: {} });
      world.repos.delete(ref.id);
    },
    removeRepository: (ref, at) => {
      const { repo, installation } = installed(world, ref);
      installation.removed.add(repo.id);
      emitChoice(world, installation, { action: 'removed', by: at.by, repo });
    },
    addRepository: (ref, at) => {
      const { repo, installation } = installed(world, ref);
      installation.removed.delete(repo.id);
      emitChoice(world, installation, { action: 'added', by: at.by, repo });
    },
  };
}

function installationFor(world: World, owner: string): Installation {
  const account = findUser(world, owner);
  const found = [...world.installations.values()].find((installation) => installation.account === account);
  if (found === undefined) throw new Error(`the App is not installed for ${owner}`);
  return found;
}

function installed(world: World, ref: RepositoryRef): { repo: Repo; installation: Installation } {
  const repo = repoIn(world, ref);
  return { repo, installation: installationFor(world, repo.owner.login) };
}

function tell(world: World, installation: Installation, did: string): void {
  world.changes.tell({ what: 'installation', did, installation: installation.id });
}

/** Which repositories an installation covers has changed. */
function emitChoice(
  world: World,
  installation: Installation,
  at: { action: 'added' | 'removed'; by: string; repo: Repo },
): void {
  const { action, repo } = at;
  world.changes.tell({ what: 'repository', did: action, repository: repo.id, installation: installation.id });
  const chosen = briefRepositories([repo]);
  const fields = {
    installation: installationShape(world, installation),
    repository_selection: selectionOf(installation),
    repositories_added: action === 'added' ? chosen : [],
    repositories_removed: action === 'removed' ? chosen : [],
    requester: null,
  };
  world.emit({ name: 'installation_repositories', action, installation, sender: ensureUser(world, at.by), fields });
}

function emitInstallation(world: World, installation: Installation, at: { action: string; by: string }): void {
  const repositories = at.action === 'deleted' ? { repositories: installedRepositories(world, installation) } : {};
  const fields = { installation: installationShape(world, installation), ...repositories };
  const sender = ensureUser(world, at.by);
  world.emit({ name: 'installation', action: at.action, installation, sender, fields });
}

function emitRepository(
  world: World,
  ref: RepositoryRef,
  at: { action: string; by: string; fields: Record<string, unknown> },
): void {
  const repo = repoIn(world, ref);
  world.changes.tell({ what: 'repository', did: at.action, repository: repo.id, name: fullName(repo) });
  const installation = installationOf(world, repo);
  if (installation === undefined) return;
  const sender = ensureUser(world, at.by);
  world.emit({ name: 'repository', action: at.action, repo, installation, sender, fields: at.fields });
}
