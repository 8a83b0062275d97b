import { readFileSync } from 'node:fs';
import { readDelivery } from '../../src/trigger/index.ts';
import type { Case } from './case.ts';

export type Payload = Readonly<Record<string, unknown>>;

/** As GitHub sends them, and signs them: the event's name is a header beside. */
export function recorded(name: string): Payload {
  const file = new URL(`../fixtures/deliveries/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as Payload; // recorded: an object
}

/** What of a repository a delivery names. */
export interface Repository {
  readonly id: number;
  readonly installationId: number;
}

export function withInstallation(payload: Payload, { id, installationId }: Repository): Payload {
  const installation = { ...(payload['installation'] as Payload), id: installationId };
  return {
    ...payload,
    installation,
    ...('repository' in payload && { repository: { ...(payload['repository'] as Payload), id } }),
  };
}

/** Signed bodies about other things that are sent once more under another event's name, which is not signed. */
export const replays: readonly (readonly [
  name: string,
  event: string,
  payload: (repository: Repository) => Payload,
])[] = [
  ...['installation', 'repository', 'installation_repositories'].flatMap((event) =>
    (
      [
        ['a comment’s deletion', 'issue_comment.created', { action: 'deleted' }],
        ['an issue’s deletion', 'issues.deleted', {}],
        ['a label’s deletion', 'issues.labeled', { action: 'deleted' }],
      ] as const
    ).map(
      ([what, recording, change]) =>
        [
          `${what} sent again as ${event}`,
          event,
          (repository: Repository) => {
            const base = withInstallation({ installation: {}, ...recorded(recording) }, repository);
            return { ...base, ...change, repository: { ...(base['repository'] as Payload), id: repository.id } };
          },
        ] as const,
    ),
  ),
  [
    'a repository’s deletion sent again as installation',
    'installation',
    (repository) => withInstallation(recorded('repository.deleted'), repository),
  ],
  [
    'a removal of other repositories sent again as installation',
    'installation',
    (repository) => ({
      ...withInstallation(recorded('installation_repositories.removed'), repository),
      action: 'deleted',
    }),
  ],
  [
    'the removal of another repository',
    'installation_repositories',
    (repository) => withInstallation(recorded('installation_repositories.removed'), repository),
  ],
  [
    'the suspension of the App sent again',
    'installation',
    (repository) => ({ ...withInstallation(recorded('installation.deleted'), repository), action: 'suspend' }),
  ],
];

const ours: Repository = { id: 70_010, installationId: 7001 };

/** Whether the delivery is taken for the end of our access. What becomes of the rows then is what `removal` looks at. */
function isRemoval(event: string, payload: Payload): boolean {
  const reading = readDelivery(
    event,
    payload,
    { appId: 4711, slug: 'back-bot' },
    { id: 'guid-1', at: '2025-06-01T10:00:00Z' },
  );
  return reading.type === 'uninstalled' && (reading.repositoryIds ?? [ours.id]).includes(ours.id);
}

/** Our installation is named, and the header says that something was removed. */
function isRemovalNaively(event: string, payload: Payload): boolean {
  return (
    /^(?:installation|repository)/.test(event) && (payload['installation'] as Payload)['id'] === ours.installationId
  );
}

const uninstalled = withInstallation(recorded('installation.deleted'), ours);

/** Nothing but the reading of a delivery: no database, no server. */
export const replayCases: readonly Case[] = replays.map(([name, event, payload]) => ({
  id: 'D7',
  name: `${name} is taken for the end of our access`,
  baseline: () => isRemovalNaively(event, payload(ours)),
  attack: () => isRemoval(event, payload(ours)),
  twin: () => isRemoval('installation', uninstalled),
}));
