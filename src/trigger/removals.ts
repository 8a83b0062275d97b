import { z } from 'zod';
import type { Reading } from '../store/index.ts';

type Removed = Extract<Reading, { type: 'uninstalled' }>;

const Id = z.int().positive();
const installation = z.object({ id: Id });

/** What deliveries of any kind may have, besides what they are about. */
const optional = z.unknown().optional();
const surroundings = { action: z.string(), sender: optional, organization: optional, enterprise: optional };

/**
 * Deliveries after which what we keep about repositories has to go: nobody gives us access to them any more. The name of the event is not
 * signed, so a delivery of another kind could be sent again under one of these: they must have what these have, and nothing else.
 */
const removals: Readonly<Record<string, (payload: unknown) => Omit<Removed, 'type'>>> = {
  'installation.deleted': (payload) => {
    const whole = z.object({ id: Id, app_id: Id });
    const more = { repositories: optional, requester: optional };
    const read = z.strictObject({ ...surroundings, ...more, installation: whole }).parse(payload);
    return { installationId: read.installation.id };
  },
  'installation_repositories.removed': (payload) => {
    const read = z.object({ installation, repositories_removed: z.array(z.object({ id: Id })) }).parse(payload);
    return { installationId: read.installation.id, repositoryIds: read.repositories_removed.map(({ id }) => id) };
  },
  'repository.deleted': (payload) => {
    const read = z.strictObject({ ...surroundings, installation, repository: z.object({ id: Id }) }).parse(payload);
    return { installationId: read.installation.id, repositoryIds: [read.repository.id] };
  },
};

/** Their kinds, as `event.action`. */
export const removalEvents = Object.keys(removals);

/** The repositories that a delivery takes from us; undefined for any other delivery, and for one that is not shaped as documented. */
export function readRemoval(event: string, payload: unknown): Removed | undefined {
  const named = z.object({ action: z.string() }).safeParse(payload);
  const read = named.success ? removals[`${event}.${named.data.action}`] : undefined;
  if (read === undefined) return undefined;
  try {
    return { type: 'uninstalled', ...read(payload) };
  } catch (error) {
    if (error instanceof z.ZodError) return undefined;
    throw error;
  }
}
