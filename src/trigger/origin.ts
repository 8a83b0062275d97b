import { z } from 'zod';
import type { WorkRequest } from '../domain/index.ts';
import { Payload } from './payload.ts';

/** One delivery as it came: GitHub's id for it, and when (ISO 8601, our clock), since not every payload has a time of its own. */
export interface Arrival {
  readonly id: string;
  readonly at: string;
}

/** What tells where a delivery comes from, which is all that those about neither an issue nor a pull request have in common. */
export const Origin = z.object({
  repository: Payload.shape.repository,
  installation: Payload.shape.installation.unwrap(),
  sender: Payload.shape.sender,
});

/** The parts of a request that follow from where it comes from. What the issue says is not in such a delivery. */
export function readOrigin(
  { repository, installation, sender }: z.infer<typeof Origin>,
  { at }: Arrival,
): Pick<WorkRequest, 'repository' | 'sender' | 'requestedAt' | 'seen' | 'source' | 'round'> {
  const { id, name, owner } = repository;
  return {
    repository: { id, owner: owner.login, name, installationId: installation.id },
    sender: { id: sender.id, login: sender.login, type: isPerson(sender) ? 'User' : 'Bot' },
    requestedAt: at,
    seen: { title: '', body: '' },
    source: { type: 'issue' },
    round: 0,
  };
}

/** Accounts of Apps end in `[bot]`, a suffix that nobody can register. */
export function isPerson({ type, login }: Payload['sender']): boolean {
  return type === 'User' && !login.endsWith('[bot]');
}
