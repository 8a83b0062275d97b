import type {
  ActionPart,
  CallPart,
  Change,
  ChronicleEntry,
  CommentChange,
  DeliveryPart,
  IssueChange,
  PullChange,
  RefChange,
  Stamp,
} from '../stand-ins/github/index.ts';
import type { End, Expectations } from './checker.ts';

export type CallEntry = Stamp & CallPart;
export type ActionEntry = Stamp & ActionPart;
export type DeliveryEntry = Stamp & DeliveryPart;

/** A change with the entry that made it. */
export interface Done<Kind extends Change = Change> {
  readonly entry: CallEntry | ActionEntry;
  readonly change: Kind;
}

/** A wish to work on an issue, or to stop doing so. */
export interface Signal {
  readonly type: 'start' | 'stop';
  readonly at: number;
  readonly entry: ChronicleEntry;
}

/** The history, read once: what changed, by whom, and what people wished for. */
export interface Scene {
  readonly entries: readonly ChronicleEntry[];
  readonly calls: readonly CallEntry[];
  /** Every change, oldest first. */
  readonly done: readonly Done[];
  readonly bot: string;
  readonly expected: Rules;
  isOurs(done: Done): boolean;
  /** `12#7`: issue 7 of the repository with id 12. */
  issueOfPull(pull: PullChange): string;
  /** The issue that a branch is about, if anything says so. */
  issueOfBranch(repository: number, branch: string): string | undefined;
  /** Of that issue, oldest first. */
  signals(issue: string): readonly Signal[];
  /** When the issue, its repository or our way to it went away; undefined while all are there. */
  goneAt(issue: string): number | undefined;
}

export interface Rules extends Omit<Expectations, 'pace'> {
  readonly label: string;
  readonly command: string;
  readonly isOver: boolean;
  readonly stopWithinMs: number;
  readonly underWayMs: number;
  readonly pace: Expectations['pace'];
  readonly issueOf: (pull: { readonly head: string; readonly body: string }) => number | undefined;
  readonly endOf: (line: string) => End | undefined;
}

export const writers: ReadonlySet<string | null> = new Set(['write', 'maintain', 'admin']);

export function readScene(given: readonly ChronicleEntry[], expectations: Expectations): Scene {
  const entries = [...given].sort((a, b) => a.seq - b.seq);
  const expected = rulesOf(expectations);
  const bot = expectations.bot ?? 'backend-developer[bot]';
  const done = entries.flatMap((entry) =>
    entry.type === 'call' || entry.type === 'action' ? entry.changes.map((change) => ({ entry, change })) : [],
  );
  const issueOfPull = (pull: PullChange) => {
    const number = expected.issueOf(pull);
    return number === undefined ? `${pull.repository}:${pull.head}` : keyOf(pull.repository, number);
  };
  const heads = new Map(
    only(done, 'pull').map(({ change }) => [`${change.repository}:${change.head}`, issueOfPull(change)] as const),
  );
  const signals = readSignals({ entries, expected, bot, issueOfPull });
  const gone = readGone(entries, done);
  return {
    entries,
    calls: entries.filter((entry) => entry.type === 'call'),
    done,
    bot,
    expected,
    issueOfPull,
    isOurs: ({ entry }) => entry.type === 'call' && entry.actor === bot,
    issueOfBranch: (repository, branch) => {
      const known = heads.get(`${repository}:${branch}`);
      const number = numberIn(branch);
      return known ?? (number === undefined ? undefined : keyOf(repository, number));
    },
    signals: (issue) => signals.get(issue) ?? [],
    goneAt: (issue) => gone(issue),
  };
}

export function keyOf(repository: number, issue: number): string {
  return `${repository}#${issue}`;
}

/** Of all changes those of one kind. */
export function only<What extends Change['what']>(done: readonly Done[], what: What): Done<OfKind<What>>[] {
  return done.flatMap(({ entry, change }) => (isA(change, what) ? [{ entry, change }] : []));
}

type OfKind<What extends Change['what']> = Change & { readonly what: What };

function isA<What extends Change['what']>(change: Change, what: What): change is OfKind<What> {
  return change.what === what;
}

export function branchOf({ ref }: RefChange): string {
  return ref.replace('refs/heads/', '');
}

/** When an effect was asked for: a call may have been held up on purpose before it had it. */
export function askedAt(entry: CallEntry | ActionEntry): number {
  return entry.type === 'call' ? entry.arrivedAt : entry.at;
}

/** The verb after the command word, in a line of its own; undefined for a comment without one. */
export function verbIn(body: string, command: string): string | undefined {
  for (const line of body.split('\n')) {
    const [word, verb] = line.trim().split(/\s+/);
    if (word?.toLowerCase() === command.toLowerCase()) return (verb ?? '').toLowerCase();
  }
  return undefined;
}

function rulesOf(given: Expectations): Rules {
  return {
    ...given,
    label: (given.label ?? 'backend').toLowerCase(),
    command: given.command ?? '/backend',
    isOver: given.isOver ?? true,
    stopWithinMs: given.stopWithinMs ?? 10_000,
    underWayMs: given.underWayMs ?? 250,
    pace: given.pace,
    issueOf: given.issueOf ?? usualIssueOf,
    endOf: given.endOf ?? usualEndOf,
  };
}

function usualIssueOf({ head, body }: { head: string; body: string }): number | undefined {
  const closed = /\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#(\d+)/i.exec(body)?.[1];
  return closed === undefined ? numberIn(head) : Number(closed);
}

function numberIn(branch: string): number | undefined {
  const found = /(?:^|[/_-])(\d+)(?=$|[/_-])/.exec(branch)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** A reason is part of the end: without one nobody knows why. */
function usualEndOf(line: string): End | undefined {
  if (/^pull request #\d+/.test(line)) return 'pull request';
  if (/^(?:nothing to change because \S|not done: \S|answered)/.test(line)) return 'answer';
  if (/^stopped\b/.test(line)) return 'stopped';
  if (/^parked\b[^:]*: \S/.test(line)) return 'parked';
  return /^failed\b[^:]*: \S/.test(line) ? 'failed' : undefined;
}

interface Reading {
  readonly entries: readonly ChronicleEntry[];
  readonly expected: Rules;
  readonly bot: string;
  readonly issueOfPull: (pull: PullChange) => string;
}

function readSignals(reading: Reading): Map<string, Signal[]> {
  const signals = new Map<string, Signal[]>();
  for (const entry of reading.entries) {
    for (const { issue, type } of signalsIn(entry, reading)) {
      const at = type === 'start' && entry.type === 'action' ? entry.begunAt : entry.at;
      signals.set(issue, [...(signals.get(issue) ?? []), { type, at, entry }]);
    }
  }
  return signals;
}

type Found = Pick<Signal, 'type'> & { readonly issue: string };

/** States count from when they change, as everybody can read them; a comment that says stop counts once we were told of it. */
function signalsIn(entry: ChronicleEntry, reading: Reading): Found[] {
  if (entry.type === 'delivery') return stopHeard(entry, reading);
  if (entry.type !== 'action') return [];
  return entry.changes.flatMap((change) => {
    if (change.what === 'comment') return wishSaid(change, entry, reading);
    if (change.what === 'issue') return stateChanged(change, reading);
    const isEnd = change.what === 'pull' && (change.did === 'closed' || change.did === 'merged');
    return isEnd ? [{ issue: reading.issueOfPull(change), type: 'stop' as const }] : [];
  });
}

function stopHeard(entry: DeliveryEntry, { expected, bot }: Reading): Found[] {
  const { comment, issue, repository, action, sender } = entry;
  const isHeard = isAccepted(entry) && action === 'created' && sender !== bot && writers.has(entry.senderRole);
  if (!isHeard || comment === null || issue === null || repository === null) return [];
  return verbIn(comment.body, expected.command) === 'stop' ? [{ issue: keyOf(repository, issue), type: 'stop' }] : [];
}

export function isAccepted({ state, statusCode }: DeliveryEntry): boolean {
  return state === 'answered' && statusCode >= 200 && statusCode < 300;
}

function stateChanged(change: IssueChange, { expected }: Reading): Found[] {
  const { did, repository, number } = change;
  const issue = keyOf(repository, number);
  const isOurLabel = change.label?.toLowerCase() === expected.label;
  if (did === 'labeled') return isOurLabel ? [{ issue, type: 'start' }] : [];
  const isEnd = did === 'unlabeled' ? isOurLabel : ['closed', 'deleted', 'transferred'].includes(did);
  return isEnd ? [{ issue, type: 'stop' }] : [];
}

function wishSaid(change: CommentChange, entry: ActionEntry, { expected }: Reading): Found[] {
  const isWish = change.did === 'created' && writers.has(entry.role) && isWishIn(change.body, expected.command);
  return isWish ? [{ issue: keyOf(change.repository, change.issue), type: 'start' }] : [];
}

/** Saying stop is no wish that has an end of its own. */
export function isWishIn(body: string, command: string): boolean {
  const verb = verbIn(body, command);
  return verb !== undefined && verb !== 'stop';
}

/** What is no longer there, or can no longer be written to. */
interface Loss {
  readonly at: number;
  readonly issue?: string;
  readonly repository?: number | undefined;
  readonly installation?: number | undefined;
}

function readGone(entries: readonly ChronicleEntry[], done: readonly Done[]): (issue: string) => number | undefined {
  const homes = new Map<number, number>();
  for (const entry of entries) {
    if (entry.type === 'delivery' && entry.repository !== null) homes.set(entry.repository, entry.installation);
  }
  const losses = done.flatMap(({ entry, change }) => lossIn(change, entry.at));
  return (issue) => {
    const repository = Number(issue.split(/[#:]/)[0]);
    const home = homes.get(repository);
    return losses.find(
      (loss) =>
        loss.issue === issue ||
        loss.repository === repository ||
        (loss.installation !== undefined && loss.installation === home),
    )?.at;
  };
}

/** Issues go, repositories go and are closed for writing, installations go. */
function lossIn(change: Change, at: number): Loss[] {
  const isOne = (...ways: string[]) => ways.includes(change.did);
  if (change.what === 'issue') {
    return isOne('deleted', 'transferred') ? [{ at, issue: keyOf(change.repository, change.number) }] : [];
  }
  if (change.what === 'repository') {
    return isOne('deleted', 'archived', 'removed') ? [{ at, repository: change.repository }] : [];
  }
  const isLost = change.what === 'installation' && isOne('deleted', 'suspended');
  return isLost ? [{ at, installation: change.installation }] : [];
}
