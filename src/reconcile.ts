import { createHash } from 'node:crypto';
import { branchFor } from './job/index.ts';
import { readSettings } from './settings/index.ts';
import type { IssueFacts, RepositoryClient } from './github/index.ts';
import { readLabeledIssue, wantedEvents } from './trigger/index.ts';
import { labelsToStart } from './ways/index.ts';
import { hashDelivery } from './web/index.ts';
import type { Deps } from './deps.ts';
import { gatherSettings } from './facts.ts';
import { keepDelivery } from './keep-delivery.ts';

/** GitHub keeps deliveries for three days ("Viewing webhook deliveries"). */
const windowMs = 3 * 24 * 60 * 60_000;

/** A delivery may be listed a little after it was made. */
const overlapMs = 10 * 60_000;

/**
 * The time of a labelling and the one at which it changed its issue differ by a second or so. Everything else that moves the latter (an
 * edit, a comment, another label) looks alike: the REST API does not say when a body was edited.
 */
const labelingMs = 2_000;

interface When {
  readonly since: number | undefined;
  readonly signal: AbortSignal;
}

/** Takes in what GitHub sent and we did not get: asked for by its id, it is the same delivery, and so taken in once. */
export async function sweepDeliveries(deps: Deps, { since, signal }: When): Promise<void> {
  const { github, store, log, now } = deps;
  const oldest = now() - windowMs;
  if (since !== undefined && since < oldest)
    log.warn(
      { since: new Date(since).toISOString() },
      'away for longer than GitHub keeps deliveries: labelled issues are looked for instead',
    );
  const from = Math.max((since ?? oldest) - overlapMs, oldest);
  const sent = await github.deliveries(new Date(from).toISOString());
  const ours = sent.filter(({ event, action }) => wantedEvents.has(`${event}.${action ?? ''}`));
  const unknown = new Set(await store.unknownDeliveries(ours.map(({ guid }) => guid)));
  for (const { id, guid } of ours.toReversed()) {
    if (signal.aborted || !unknown.delete(guid)) continue;
    const found = await github.deliveryPayload(id);
    if (found === undefined) continue;
    const { event, payload } = found;
    const receipt = await keepDelivery({ id: guid, event, payload, bodyHash: hashDelivery(event, payload) }, deps);
    log.info({ delivery: guid, receipt: receipt.type }, 'a delivery that had not arrived was taken in');
  }
}

/** Finds the issues that carry the trigger label and that no delivery told us of: after three days away nothing else does. */
export async function sweepLabels(deps: Deps, { signal }: When): Promise<void> {
  const { github, log } = deps;
  const missed = once(() => sweepDeliveries(deps, { since: undefined, signal }));
  for (const installation of await github.installations()) {
    if (installation.suspended) continue;
    for (const repository of await github.repositoriesOf(installation.id)) {
      if (signal.aborted) return;
      const client = github.repository(repository);
      await sweepRepository(client, deps, missed).catch((error: unknown) => {
        log.warn({ err: error, repository: repository.id }, 'labelled issues could not be looked for');
      });
    }
  }
}

/** Done when it is first asked for, and not again. */
function once(action: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= action());
}

async function sweepRepository(client: RepositoryClient, deps: Deps, missed: () => Promise<void>): Promise<void> {
  const facts = await client.facts();
  if (facts.archived) return;
  const { settingsText, organisationSettings } = await gatherSettings(client, facts);
  const reading = readSettings(settingsText, organisationSettings);
  const labels = labelsToStart('settings' in reading ? reading.settings.triggers : reading.triggers);
  const [label] = labels;
  if (label === undefined) return;
  const branchPattern = 'settings' in reading ? reading.settings.branch : undefined;
  const how = { labels, branchPattern, missed };
  for (const issue of await client.issuesWithLabel(label))
    if (carries(issue, labels)) await takeUp(issue, how, client, deps);
}

function carries(issue: IssueFacts, labels: readonly string[]): boolean {
  const on = issue.labels.map((label) => label.toLowerCase());
  return labels.every((label) => on.includes(label.toLowerCase()));
}

/** Of labels that start work together, the last one did. */
async function findLabeling(client: RepositoryClient, number: number, labels: readonly string[]) {
  const found = await Promise.all(
    labels.map(async (label) => {
      const labeling = await client.labelings(number, label);
      return labeling && { ...labeling, label };
    }),
  );
  return found.toSorted((a, b) => Date.parse(a?.at ?? '') - Date.parse(b?.at ?? '')).at(-1);
}

interface How {
  readonly labels: readonly string[];
  readonly branchPattern: string | undefined;
  /** Takes in what GitHub still has of the deliveries that did not arrive. */
  readonly missed: () => Promise<void>;
}

/**
 * A delivery says what the issue was when it was labelled; without one there is only what it is now. Changed since, it may say what
 * nobody approved, and is asked about instead.
 */
async function takeUp(
  issue: IssueFacts,
  { labels, branchPattern, missed }: How,
  client: RepositoryClient,
  { store, log, now }: Deps,
): Promise<void> {
  const { repository } = client;
  const labeling = await findLabeling(client, issue.number, labels);
  if (labeling?.actor.type !== 'User') return;
  const { label } = labeling;
  const isKnown = () => store.hasLabelWish(repository.id, issue.number, label, labeling.at);
  if (await isKnown()) return;
  const changedSince = Date.parse(issue.updatedAt) - Date.parse(labeling.at) > labelingMs;
  if (changedSince && now() - Date.parse(labeling.at) < windowMs) {
    await missed();
    if (await isKnown()) return;
  }
  if (branchPattern !== undefined && (await hasPull(client, branchFor(branchPattern, issue)))) return;
  const asked = readLabeledIssue({ repository, issue, label, labeling });
  const request = changedSince ? { ...asked, changedSince } : asked;
  const id = `sweep:${repository.id}:${request.intention}`;
  const bodyHash = createHash('sha256').update(id).digest('hex');
  const receipt = await store.receive({ id, event: 'sweep', bodyHash }, { type: 'work', request });
  log.info({ repository: repository.id, subject: issue.number, receipt: receipt.type }, 'a labelled issue was found');
}

/** Work that was published before our records were lost is not begun again. */
async function hasPull(client: RepositoryClient, branch: string): Promise<boolean> {
  return (await client.pullsByHead(branch)).some(({ state }) => state === 'open');
}
