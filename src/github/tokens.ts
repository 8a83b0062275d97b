import type { Octokit } from '@octokit/rest';
import type { Repository } from '../domain/index.ts';
import { purposes, type Purpose } from './calls.ts';

/** A token is used only while it lives at least this long, so that no single operation outlives it. */
const marginMs = 10 * 60_000;

interface Minted {
  readonly token: string;
  readonly usableUntil: number;
}

/** Installation tokens for one repository and one purpose each, opaque and of any length. */
export interface Tokens {
  get(repository: Repository, purpose: Purpose): Promise<string>;
  /** Forgets a token that GitHub refused, unless a newer one has taken its place. */
  drop(repository: Repository, purpose: Purpose, token: string): void;
}

/** Callers that ask at the same time share one request. A failed one is not remembered. Throws Octokit's errors. */
export function createTokens(app: Octokit): Tokens {
  const minted = new Map<string, Minted>();
  const pending = new Map<string, Promise<string>>();

  async function renew(repository: Repository, purpose: Purpose, key: string): Promise<string> {
    const fresh = await mint(app, repository, purpose);
    for (const [other, { usableUntil }] of minted) if (usableUntil <= Date.now()) minted.delete(other);
    minted.set(key, fresh);
    return fresh.token;
  }

  return {
    async get(repository, purpose) {
      const key = keyOf(repository, purpose);
      const known = minted.get(key);
      if (known && known.usableUntil > Date.now()) return known.token;
      const waiting = pending.get(key) ?? renew(repository, purpose, key).finally(() => pending.delete(key));
      pending.set(key, waiting);
      return waiting;
    },
    drop(repository, purpose, token) {
      const key = keyOf(repository, purpose);
      if (minted.get(key)?.token === token) minted.delete(key);
    },
  };
}

function keyOf({ installationId, id }: Repository, purpose: Purpose): string {
  return `${installationId}/${id}/${purpose}`;
}

async function mint(app: Octokit, repository: Repository, purpose: Purpose): Promise<Minted> {
  const { data } = await app.rest.apps.createInstallationAccessToken({
    installation_id: repository.installationId,
    repository_ids: [repository.id],
    permissions: purposes[purpose],
  });
  return { token: data.token, usableUntil: Date.parse(data.expires_at) - marginMs };
}
