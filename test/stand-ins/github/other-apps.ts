import { repoIn } from './people.ts';
import type { By, RepositoryRef } from './people.ts';
import { ensureUser, installationOf } from './world.ts';
import type { Permissions, Repo, User, World } from './world.ts';

/** Apps of other people, which act as their bots: `comment(…, { by: 'planner[bot]' })` once there is an App `planner`. */
export interface OtherApps {
  addApp(slug: string, permissions: Permissions): void;
  /** Somebody, or an App, calls `POST /repos/{owner}/{repo}/dispatches`. */
  dispatch(repo: RepositoryRef, event: By & { type: string; payload: Readonly<Record<string, unknown>> }): void;
}

export function createOtherApps(world: World): OtherApps {
  return {
    addApp: (slug, permissions) => {
      const bot = ensureUser(world, `${slug}[bot]`, 'Bot');
      const { owner, createdAt } = world.app;
      const names = { id: world.nextId(), slug, name: slug, clientId: `Iv23li${world.nextId()}` };
      world.otherApps.set(bot.id, { ...names, permissions, events: [], owner, bot, createdAt });
    },
    dispatch: (ref, { type, payload, by }) => {
      emitDispatch(world, repoIn(world, ref), { type, payload, by: ensureUser(world, by) });
    },
  };
}

/** The type that was dispatched is the event's action. */
export function emitDispatch(
  world: World,
  repo: Repo,
  at: { readonly type: string; readonly payload: Readonly<Record<string, unknown>>; readonly by: User },
): void {
  const installation = installationOf(world, repo);
  if (installation === undefined) return;
  const fields = { branch: repo.defaultBranch, client_payload: at.payload };
  world.emit({ name: 'repository_dispatch', action: at.type, repo, installation, sender: at.by, fields });
}
