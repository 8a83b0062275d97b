import type { Change } from './changes.ts';
import type { HistoryEntry } from './server.ts';
import type { Delivery } from './webhooks.ts';
import type { Role } from './world.ts';

/** What all entries have. */
export interface Stamp {
  /** Counts from 1 without a gap, in the order in which things had happened. */
  readonly seq: number;
  /** Milliseconds since 1970 on a clock that nobody sets: when the entry was written. */
  readonly at: number;
  /** What the stand-in's own clock said then, which tests may set. */
  readonly clock: number;
}

/** Everything that happened, oldest first; plain JSON. */
export type ChronicleEntry = Stamp & ChroniclePart;
export type ChroniclePart = CallPart | ActionPart | DeliveryPart | FaultPart | MarkPart;

/** A call of an API or of git, written when it had its effect (or never would), before its answer left. */
export interface CallPart {
  readonly type: 'call';
  readonly arrivedAt: number;
  readonly kind: HistoryEntry['kind'];
  readonly method: string;
  readonly route: string | null;
  readonly path: string;
  readonly actor: string;
  readonly installation: number | null;
  readonly userAgent: string;
  /** The answer's status, whether or not it arrived; 0 when the call was cut off before anything happened. */
  readonly result: number;
  /** Whether GitHub counts it against its limits for content. */
  readonly isContent: boolean;
  /** What a planted fault did to it: after `lose-reply` the caller never hears the answer. */
  readonly fault: string | null;
  /** The limit that the caller ran into by itself; null when there was none, or when it was planted. */
  readonly limit: 'primary' | 'content' | null;
  readonly changes: readonly Change[];
}

/** What a person did on GitHub's pages. */
export interface ActionPart {
  readonly type: 'action';
  /** What follows from it may be seen before it is over. */
  readonly begunAt: number;
  readonly action: string;
  readonly by: string;
  /** The person's role in the repository when it was done; null when it is about no repository. */
  readonly role: Role | null;
  readonly repository: number | null;
  readonly changes: readonly Change[];
}

/** An attempt to deliver an event, written when it was over. */
export interface DeliveryPart {
  readonly type: 'delivery';
  readonly id: number;
  readonly guid: string;
  readonly sentAt: number;
  readonly event: string;
  readonly action: string | null;
  readonly redelivery: boolean;
  /** `lost`: GitHub itself knows nothing of it. */
  readonly state: 'answered' | 'failed' | 'lost';
  readonly statusCode: number;
  readonly installation: number;
  readonly repository: number | null;
  readonly issue: number | null;
  /** The label that came or went. */
  readonly label: string | null;
  /** The issue's labels when it was sent. */
  readonly labels: readonly string[];
  readonly comment: { readonly id: number; readonly body: string } | null;
  readonly sender: string;
  readonly senderRole: Role | null;
}

/** A planted fault that struck, or a hook that cut a connection (`cut-before`, `cut-after`). */
export interface FaultPart {
  readonly type: 'fault';
  readonly then: string;
  readonly method: string;
  readonly path: string;
  readonly installation: number | null;
  /** For a planted primary limit: when it ends, on the clock of `at`. */
  readonly until: number | null;
}

/** What the test wants to be remembered: a kill, a restart, a stop. */
export interface MarkPart {
  readonly type: 'mark';
  readonly text: string;
  readonly data: unknown;
}

export interface Chronicle {
  readonly entries: readonly ChronicleEntry[];
  readonly write: (part: ChroniclePart) => void;
  /** The clock of `at`, which no test can set. */
  readonly steady: () => number;
}

export function createChronicle(clock: () => number): Chronicle {
  const entries: ChronicleEntry[] = [];
  const steady = () => performance.timeOrigin + performance.now();
  return {
    entries,
    steady,
    write: (part) => {
      entries.push({ seq: entries.length + 1, at: steady(), clock: clock(), ...part });
    },
  };
}

/** What of a delivery is remembered: not the payload, which is large, but what it is about. */
export function deliveryPart(delivery: Delivery, sentAt: number, isLost = false): DeliveryPart {
  const { payload } = delivery;
  return {
    type: 'delivery',
    id: delivery.id,
    guid: delivery.guid,
    sentAt,
    event: delivery.event,
    action: delivery.action,
    redelivery: delivery.redelivery,
    state: isLost ? 'lost' : delivery.state === 'answered' ? 'answered' : 'failed',
    statusCode: delivery.statusCode,
    installation: delivery.installationId,
    repository: delivery.repositoryId,
    issue: numberIn(payload, 'issue', 'number'),
    label: textIn(payload, 'label', 'name'),
    labels: labelsIn(payload),
    comment: commentIn(payload),
    sender: textIn(payload, 'sender', 'login') ?? '',
    senderRole: delivery.senderRole,
  };
}

function labelsIn(payload: Delivery['payload']): readonly string[] {
  const labels = valueIn(payload, ['issue', 'labels']);
  if (!Array.isArray(labels)) return [];
  return labels.map((label: unknown) => valueIn(label, ['name'])).filter((name) => typeof name === 'string');
}

function commentIn(payload: Delivery['payload']): DeliveryPart['comment'] {
  const id = numberIn(payload, 'comment', 'id');
  return id === null ? null : { id, body: textIn(payload, 'comment', 'body') ?? '' };
}

function numberIn(payload: Delivery['payload'], ...path: string[]): number | null {
  const value = valueIn(payload, path);
  return typeof value === 'number' ? value : null;
}

function textIn(payload: Delivery['payload'], ...path: string[]): string | null {
  const value = valueIn(payload, path);
  return typeof value === 'string' ? value : null;
}

function valueIn(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null
        ? Object.entries(inner).find(([key]) => key === name)?.[1]
        : undefined,
    value,
  );
}
