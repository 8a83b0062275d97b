import { createAppAuth } from '@octokit/auth-app';
import { Octokit } from '@octokit/rest';
import type { GitHubStandIn } from './index.ts';
import type { Permissions } from './world.ts';

interface Installed {
  readonly id: number;
  readonly installationId: number;
}

const quiet = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/** The real client as the App itself: it signs its own token. */
export function appOctokit(github: GitHubStandIn): Octokit {
  const auth = { appId: github.app.id, privateKey: github.app.privateKey };
  return new Octokit({ baseUrl: github.apiUrl, authStrategy: createAppAuth, auth, log: quiet });
}

/** The real client as the App's installation: it fetches its own installation token. */
export function installationOctokit(github: GitHubStandIn, repo: Installed): Octokit {
  const auth = { appId: github.app.id, privateKey: github.app.privateKey, installationId: repo.installationId };
  return new Octokit({ baseUrl: github.apiUrl, authStrategy: createAppAuth, auth, log: quiet });
}

/** The real client with a token that somebody already has. */
export function tokenOctokit(github: GitHubStandIn, token: string): Octokit {
  return new Octokit({ baseUrl: github.apiUrl, auth: token, log: quiet });
}

/** An installation token for one repository with no more than these permissions. */
export async function mintFor(github: GitHubStandIn, repo: Installed, permissions: Permissions): Promise<string> {
  const { data } = await appOctokit(github).request('POST /app/installations/{installation_id}/access_tokens', {
    installation_id: repo.installationId,
    repository_ids: [repo.id],
    permissions,
  });
  return data.token;
}

/** What a refused call was refused with: `404 Not Found`. Throws when it was not refused. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error && 'status' in error)
      return `${String(error.status)} ${error.message.split(' - https')[0] ?? ''}`;
    throw error;
  }
  throw new Error('the call was answered');
}

function ignore(): void {
  // The client's own log says nothing that a test asks for.
}
