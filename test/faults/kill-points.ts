import type { Act } from './cheap.ts';
import type { InnerPlace } from './wire.ts';

/** Where a kill point is: seen from outside (a call, a turn, a delivery), or inside the process. */
export type Place =
  | InnerPlace
  /** `call` is searched in `METHOD /path`, `body` in the call's JSON; both are regular expressions. */
  | { readonly door: 'github'; readonly call: string; readonly body?: string }
  | { readonly door: 'model'; readonly act: Act }
  | { readonly door: 'webhook' };

/**
 * `before`: the call is never heard of. `during`: the effect happens after its process died, or the answer breaks off half-way.
 * `after`: it happened, and nobody recorded it.
 */
export type Phase = 'before' | 'during' | 'after';

export interface KillPoint {
  readonly id: string;
  /** The effect point of the list, X1 to X21, and the phase. */
  readonly name: string;
  /** Points of one stage come before those of the next, so that one job can be killed once in each; `edit` has jobs of its own. */
  readonly stage: Stage;
  readonly place: Place;
  readonly phase: Phase;
  /** The model's answer, or what came of it, was not recorded yet: the model is asked once more. */
  readonly repeatsTurn?: boolean;
  /** Stops other jobs too while it is held: reached when all others are. */
  readonly last?: boolean;
}

const stages = ['intake', 'seen', 'edit', 'ground', 'agent', 'commit', 'pull', 'end'] as const;
export type Stage = (typeof stages)[number] | 'first' | 'second';

const journal = 'insert into backend\\.journal';
const effects = 'insert into backend\\.effects';
const statusComment = 'backend:status';

const record = (statement: string, value?: string): InnerPlace => ({
  door: 'database',
  statement,
  ...(value !== undefined && { value: `^${value}` }),
});
const call = (text: string, body?: string): Place => ({
  door: 'github',
  call: text,
  ...(body !== undefined && { body }),
});
const model = (act: Act): Place => ({ door: 'model', act });
/** A worker has fetched the job and is about to say so in the job's own row. */
export const claiming = record('update backend\\.jobs set epoch');
const webhook: Place = { door: 'webhook' };

type Row = readonly [effect: string, phase: Phase, what: string, place: Place, more?: Partial<KillPoint>];

const again = { repeatsTurn: true };
const last = { last: true };

/** Every effect point that the product has, once before the call and once after it, and the places between where a crash is ambiguous. */
const rows: Readonly<Record<(typeof stages)[number], readonly Row[]>> = {
  intake: [
    ['X1', 'before', 'delivery: job row about to be written', record('insert into backend\\.jobs'), last],
    ['X1', 'after', 'delivery: job row written, not committed', record('insert into backend\\.jobs'), last],
    ['X2', 'after', 'delivery committed, 2xx never arrives', webhook],
    ['X2', 'before', '2xx sent: job about to be claimed', claiming],
    ['X5', 'before', 'token mint', call('POST /app/installations/\\d+/access_tokens', '"issues":"read"')],
    ['X5', 'after', 'token minted', call('POST /app/installations/\\d+/access_tokens', '"issues":"read"')],
    ['look', 'before', 'issue looked at', call('GET /repos/[^ ]+/issues/\\d+$')],
    ['decision', 'before', 'decision made, not recorded', record(journal, 'decision$')],
    ['decision', 'after', 'decision recorded', record(journal, 'decision$')],
    ['plan', 'after', 'plan recorded', record('set plan')],
  ],
  seen: [
    ['X3', 'before', 'eyes', call('POST /repos/[^ ]+/reactions')],
    ['X3', 'after', 'eyes', call('POST /repos/[^ ]+/reactions')],
    ['X3', 'after', 'status comment: row attempted', record(effects, 'attempted$')],
    ['X3', 'before', 'status comment', call('POST /repos/[^ ]+/comments', statusComment)],
    ['X3', 'during', 'status comment', call('POST /repos/[^ ]+/comments', statusComment)],
    ['X3', 'after', 'status comment', call('POST /repos/[^ ]+/comments', statusComment)],
    ['X3', 'before', 'status comment: row confirmed', record(effects, 'confirmed$')],
    ['X6', 'before', 'fetch: refs', call('GET /acme/[^ ]+/info/refs')],
    ['X6', 'during', 'fetch: pack, between asking and answer', call('POST /acme/[^ ]+/git-upload-pack')],
  ],
  // Nobody waits for it: the job goes on beside it, as far as its end. Turns may be under way when it dies.
  edit: [
    ['X18', 'before', 'status edit', call('PATCH /repos/[^ ]+/issues/comments/', 'working, at'), again],
    ['X18', 'after', 'status edit', call('PATCH /repos/[^ ]+/issues/comments/', 'working, at'), again],
  ],
  ground: [
    ['X6', 'after', 'fetch: pack sent', call('POST /acme/[^ ]+/git-upload-pack')],
    ['X7', 'before', 'box of the baseline', { door: 'disk', path: '^/baseline/tree/\\.git$' }],
    ['X10', 'before', 'baseline ran, not recorded', record(journal, 'baseline$')],
    ['X10', 'after', 'baseline recorded', record(journal, 'baseline$')],
    ['X7', 'after', "agent's box open", record("kind = 'changes'")],
    ['task', 'after', 'task recorded', record(journal, 'task$')],
    ['X8', 'before', 'first turn asked', model('write'), again],
    ['X8', 'during', 'first turn half streamed', model('write'), again],
    ['X8', 'before', 'first turn heard, not recorded', record(journal, 'assistant$'), again],
  ],
  agent: [
    ['X8', 'after', 'first turn recorded, its tools not run', record(journal, 'assistant$'), again],
    ['X9', 'before', 'work tree after the tools, not recorded', record(journal, 'changes$'), again],
    ['X9', 'before', 'tool results, not recorded', record(journal, 'user$'), again],
    ['X9', 'after', 'tool results recorded', record(journal, 'user$')],
    ['X8', 'during', 'submission half streamed', model('submit'), again],
    ['X10', 'before', 'proof ran, not recorded', record(journal, 'proof ')],
    ['X10', 'after', 'proof recorded', record(journal, 'proof ')],
  ],
  commit: [
    ['X11', 'before', 'blob', call('POST /repos/[^ ]+/git/blobs')],
    ['X11', 'after', 'blob', call('POST /repos/[^ ]+/git/blobs')],
    ['X11', 'before', 'tree', call('POST /repos/[^ ]+/git/trees')],
    ['X11', 'after', 'tree', call('POST /repos/[^ ]+/git/trees')],
    ['X11', 'before', 'commit', call('POST /repos/[^ ]+/git/commits')],
    ['X11', 'after', 'commit', call('POST /repos/[^ ]+/git/commits')],
    ['X11', 'after', 'commit: row confirmed', record(effects, 'commit:')],
    ['X12', 'before', 'branch: looked for', call('GET /repos/[^ ]+/git/ref/heads(/|%2F)backend')],
    ['X12', 'before', 'branch', call('POST /repos/[^ ]+/git/refs')],
  ],
  pull: [
    ['X12', 'during', 'branch', call('POST /repos/[^ ]+/git/refs')],
    ['X12', 'after', 'branch', call('POST /repos/[^ ]+/git/refs')],
    ['X12', 'after', 'branch: row', record(effects, 'branch:')],
    ['X13', 'after', 'pull request: row', record(effects, 'pull:')],
    ['X13', 'before', 'pull request', call('POST /repos/[^ ]+/pulls$')],
    ['X13', 'during', 'pull request', call('POST /repos/[^ ]+/pulls$')],
    ['X13', 'after', 'pull request', call('POST /repos/[^ ]+/pulls$')],
    ['X14', 'before', 'pull request read again for its body', call('GET /repos/[^ ]+/check-runs')],
    ['X4', 'before', 'check run', call('POST /repos/[^ ]+/check-runs')],
  ],
  end: [
    ['X4', 'during', 'check run', call('POST /repos/[^ ]+/check-runs')],
    ['X4', 'after', 'check run', call('POST /repos/[^ ]+/check-runs')],
    ['X4', 'before', 'check run: row', record(effects, 'check-run:')],
    ['X21', 'before', 'folder of the job removed', { door: 'disk', path: '^/?$' }],
    ['X21', 'after', 'folder of the job removed', { door: 'disk', path: '^/?$' }],
    ['X18', 'before', 'last status edit', call('PATCH /repos/[^ ]+/issues/comments/', 'pull request #')],
    ['X18', 'after', 'last status edit', call('PATCH /repos/[^ ]+/issues/comments/', 'pull request #')],
    ['X20', 'before', 'outcome', record("state = 'finished', outcome")],
    ['X20', 'after', 'outcome', record("state = 'finished', outcome")],
  ],
};

export const killPoints: readonly KillPoint[] = stages.flatMap((stage) =>
  rows[stage].map(([effect, phase, what, place, more], index) => ({
    id: `${stage}-${index + 1}`,
    name: `${effect} ${phase}: ${what}`,
    stage,
    place,
    phase,
    ...more,
  })),
);

/** The point by its name in the list above. Throws when there is none. */
export function killPoint(name: string): KillPoint {
  const found = killPoints.find((point) => point.name === name);
  if (found === undefined) throw new Error(`There is no kill point "${name}".`);
  return found;
}
