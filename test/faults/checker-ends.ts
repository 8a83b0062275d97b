import type { ChronicleEntry, PullChange } from '../stand-ins/github/index.ts';
import type { End, Finding } from './checker.ts';
import { replyMarker, statusMarker } from './checker-copies.ts';
import { isAccepted, isWishIn, keyOf, only, writers } from './checker-scene.ts';
import type { ActionEntry, DeliveryEntry, Done, Scene } from './checker-scene.ts';

/** A wish that we took on. */
interface Intent {
  readonly issue: string;
  /** When it was first said; ends come later. */
  readonly at: number;
  readonly comment: number | undefined;
  readonly evidence: readonly ChronicleEntry[];
}

/** Every intent has ended, and one that is alone on its issue in exactly one way. */
export function checkEnds(scene: Scene): readonly Finding[] {
  if (!scene.expected.isOver) return [];
  const intents = readIntents(scene);
  const ofIssue = Map.groupBy(intents, ({ issue }) => issue);
  const words = Map.groupBy(readWords(scene), ({ issue }) => issue);
  const pulls = Map.groupBy(readPulls(scene), ({ change }) => scene.issueOfPull(change));
  return intents.flatMap((intent) => {
    const { issue } = intent;
    const seen = whatBecameOf(intent, scene, { words: words.get(issue) ?? [], pulls: pulls.get(issue) ?? [] });
    const problem = unfinished(seen) ?? (ofIssue.get(intent.issue)?.length === 1 ? contradiction(seen) : undefined);
    if (problem === undefined) return [];
    const what = intent.comment === undefined ? 'the label' : `comment ${intent.comment}`;
    return [{ message: `${intent.issue}, ${what}: ${problem}`, evidence: [...intent.evidence, ...seen.evidence] }];
  });
}

/** What there is to see of an intent, as anybody reads it on GitHub. */
interface Seen {
  readonly hasReply: boolean;
  readonly hasPull: boolean;
  readonly isStopped: boolean;
  readonly isGone: boolean;
  /** What the status comment last said since the intent; undefined when it said nothing since, or is not there. */
  readonly line: string | undefined;
  readonly end: End | undefined;
  readonly evidence: readonly ChronicleEntry[];
}

function unfinished(seen: Seen): string | undefined {
  if (seen.isGone || seen.hasReply) return undefined;
  if (seen.line !== undefined) {
    return seen.end === undefined ? `the status comment still says "${seen.line}"` : undefined;
  }
  return seen.hasPull || seen.isStopped ? undefined : 'nothing became of it';
}

function contradiction(seen: Seen): string | undefined {
  if (seen.isGone) return undefined;
  if (seen.hasReply) return besidesReply(seen);
  const { hasPull, end } = seen;
  const says = `the status comment says "${seen.line ?? ''}"`;
  if (end === 'pull request' && !hasPull) return `${says}, and there is no pull request`;
  return hasPull && isOtherEnd(seen) ? `there is a pull request, and ${says}` : undefined;
}

/** Whoever stops it may find a pull request that was already there. */
function isOtherEnd({ end, isStopped }: Seen): boolean {
  return end !== undefined && end !== 'pull request' && !(end === 'stopped' && isStopped);
}

function besidesReply({ hasPull, end, line = '' }: Seen): string | undefined {
  if (hasPull) return 'it was answered, and there is a pull request';
  return end === undefined || end === 'answer' ? undefined : `it was answered, and the status comment says "${line}"`;
}

/** What we wrote about one issue, oldest first. */
interface Traces {
  readonly words: readonly Word[];
  readonly pulls: readonly Done<PullChange>[];
}

function whatBecameOf(intent: Intent, scene: Scene, traces: Traces): Seen {
  const later = traces.words.filter(({ at }) => at >= intent.at);
  const wanted =
    intent.comment === undefined ? `label:${intent.issue.split('#')[1] ?? ''}:` : `comment:${intent.comment}`;
  const replies = later.filter(({ body }) => isReplyTo(replyMarker.exec(body)?.[1], wanted));
  const status = later.findLast(({ body }) => statusMarker.test(body));
  const line = status === undefined || status.did === 'deleted' ? undefined : stateIn(status.body);
  const pulls = traces.pulls.filter(({ entry }) => entry.at >= intent.at);
  const stops = scene.signals(intent.issue).filter(({ type, at }) => type === 'stop' && at >= intent.at);
  return {
    hasReply: replies.length > 0,
    hasPull: pulls.length > 0,
    isStopped: stops.length > 0,
    isGone: (scene.goneAt(intent.issue) ?? -Infinity) >= intent.at,
    line,
    end: line === undefined ? undefined : scene.expected.endOf(line),
    evidence: [
      ...replies.map(({ entry }) => entry),
      ...pulls.map(({ entry }) => entry),
      ...(status === undefined ? [] : [status.entry]),
    ],
  };
}

function isReplyTo(marker: string | undefined, wanted: string): boolean {
  return marker !== undefined && (wanted.endsWith(':') ? marker.startsWith(wanted) : marker === wanted);
}

/** The line after the marker, without the title in bold. */
function stateIn(body: string): string {
  return (body.split('\n')[1] ?? '').replace(/^\*\*[^*]*\*\*:\s*/, '').trim();
}

/** A change of a comment of ours. */
interface Word {
  readonly id: number;
  readonly did: string;
  readonly issue: string;
  readonly at: number;
  readonly body: string;
  readonly entry: ChronicleEntry;
}

function readPulls(scene: Scene): Done<PullChange>[] {
  return only(scene.done, 'pull').filter(({ change }) => change.did === 'opened' && change.author === scene.bot);
}

function readWords(scene: Scene): Word[] {
  return only(scene.done, 'comment')
    .filter(({ change }) => change.author === scene.bot)
    .map(({ entry, change }) => {
      const { id, did, body, repository, issue } = change;
      return { id, did, body, issue: keyOf(repository, issue), at: entry.at, entry };
    });
}

/** One for all deliveries of a label's coming, and one for each comment, however often they were delivered. */
function readIntents(scene: Scene): readonly Intent[] {
  const { expected, entries } = scene;
  const firstSaid = readFirstSaid(entries);
  const heard = entries.flatMap((entry) =>
    entry.type === 'delivery' ? readDelivery(entry, firstSaid.get(entry.guid) ?? entry.sentAt, scene) : [],
  );
  const said = entries.flatMap((entry) => (entry.type === 'action' ? readAction(entry, scene) : []));
  const named = (expected.intents ?? []).map(({ repository, issue, comment }): Intent => {
    return { issue: keyOf(repository, issue), at: 0, comment, evidence: [] };
  });
  const intents = new Map<string, Intent>();
  for (const intent of [...named, ...(expected.everyWish === true ? said : []), ...heard]) {
    const key = `${intent.issue} ${intent.comment ?? 'label'}`;
    // A later wish of the same kind must end as well: what ended the earlier one is no end of it.
    const known = intents.get(key);
    intents.set(key, known === undefined || known.at < intent.at ? intent : known);
  }
  return [...intents.values()];
}

/** A redelivery says what was said when the event was first sent. */
function readFirstSaid(entries: readonly ChronicleEntry[]): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const entry of entries) {
    if (entry.type === 'delivery') times.set(entry.guid, Math.min(entry.sentAt, times.get(entry.guid) ?? Infinity));
  }
  return times;
}

function readDelivery(entry: DeliveryEntry, at: number, scene: Scene): Intent[] {
  const { repository, issue, senderRole, sender } = entry;
  const isOurs = isAccepted(entry) && writers.has(senderRole) && sender !== scene.bot;
  if (!isOurs || repository === null || issue === null) return [];
  const common = { issue: keyOf(repository, issue), at, evidence: [entry] };
  const comment = wishIn(entry, scene);
  if (comment !== undefined) return [{ ...common, comment }];
  return bringsLabel(entry, scene.expected.label) ? [{ ...common, comment: undefined }] : [];
}

function wishIn({ event, action, comment }: DeliveryEntry, scene: Scene): number | undefined {
  if (event !== 'issue_comment' || action !== 'created' || comment === null) return undefined;
  return isWishIn(comment.body, scene.expected.command) ? comment.id : undefined;
}

function bringsLabel({ event, action, label, labels }: DeliveryEntry, wanted: string): boolean {
  if (event !== 'issues') return false;
  if (action === 'opened') return labels.some((name) => name.toLowerCase() === wanted);
  return action === 'labeled' && label?.toLowerCase() === wanted;
}

function readAction(entry: ActionEntry, { expected }: Scene): Intent[] {
  if (!writers.has(entry.role)) return [];
  return entry.changes.flatMap((change): Intent[] => {
    const said = { at: entry.begunAt, evidence: [entry] };
    if (change.what === 'comment') {
      const isWish = change.did === 'created' && isWishIn(change.body, expected.command);
      return isWish ? [{ ...said, issue: keyOf(change.repository, change.issue), comment: change.id }] : [];
    }
    if (change.what !== 'issue' || change.did !== 'labeled') return [];
    const isLabel = change.label?.toLowerCase() === expected.label;
    return isLabel ? [{ ...said, issue: keyOf(change.repository, change.number), comment: undefined }] : [];
  });
}
