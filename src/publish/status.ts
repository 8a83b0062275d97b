import { setTimeout as pause } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { BotError, steps, type Job, type Outcome, type Step } from '../domain/index.ts';
import type { CommentFacts } from '../github/index.ts';
import { findOurs, statusMarker, type Doors } from './comments.ts';
import { codeSpan, neutraliseLine } from '../markdown/index.ts';

/** How a job ended, or came to rest: parked until (milliseconds since 1970) it goes on by itself. */
export type Ending =
  | Outcome
  | { readonly type: 'parked'; readonly reason: string; readonly until: number }
  /** Begun, and nobody there to go on with it. */
  | { readonly type: 'paused' };

/** A place in the queue: how many jobs are before it, as of a moment (milliseconds since 1970). */
export interface Place {
  readonly before: number;
  readonly at: number;
}

export interface StatusView {
  readonly step: Step;
  readonly usd: number;
  readonly notes: readonly string[];
  readonly ending?: Ending;
  /** Set while no worker has taken the job. */
  readonly place?: Place;
}

export interface StatusDeps extends Doors {
  readonly settings?: { readonly publicUrl?: string };
  /** The word that begins a command, for "say … to try again". Default `/backend`. */
  readonly command?: string;
  /** Waits so many milliseconds; rejects when the signal fires. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>;
  /** Whether GitHub's limits leave room for edits that only show progress. Always, if not said. */
  readonly hasRoom?: () => Promise<boolean>;
}

/** The one status comment of a job's issue while the job runs. Disposing it waits for what is being written and stops. */
export interface Status extends AsyncDisposable {
  step(step: Step): void;
  spent(usd: number): void;
  note(text: string): void;
  /** Says that the job waits for its turn. */
  wait(place: Place): Promise<void>;
  /** Writes the last state and waits until GitHub has it. */
  finish(ending: Ending): Promise<void>;
}

/** Milliseconds between two edits that show progress, and between two looks whether there is room for one. */
const between = 5_000;

/**
 * Finds the status comment by marker and author, or writes it. Edits are seconds apart, the latest wins, and what is
 * there already is not written again. An edit that fails is left to the next one; only the last state must get through. `usd` is what
 * the job cost before.
 */
export async function openStatus(job: Job, deps: StatusDeps, usd = 0): Promise<Status> {
  const facts = { job, runUrl: runUrlOf(job.id, deps.settings?.publicUrl), command: deps.command };
  let view: StatusView = { step: 'understand', usd, notes: [] };
  const editor = createEditor(await ensureStatus(job, renderStatus(view, facts), deps), deps);

  function show(change: Partial<StatusView>): void {
    view = { ...view, ...change };
    editor.show(renderStatus(view, facts));
  }

  return {
    step(step) {
      show({ step });
    },
    spent(usd) {
      show({ usd: view.usd + usd });
    },
    note(text) {
      show({ notes: [...view.notes, text] });
    },
    wait: (place) => editor.finish(renderStatus({ ...view, place }, facts)),
    finish(ending) {
      view = { ...view, ending };
      return editor.finish(renderStatus(view, facts));
    },
    [Symbol.asyncDispose]: () => editor.close(),
  };
}

interface Editor {
  show(body: string): void;
  finish(body: string): Promise<void>;
  close(): Promise<void>;
}

/** Brings one comment to the latest text, one edit at a time. */
function createEditor(comment: Written, { client, effects, sleep = waitQuietly, hasRoom }: StatusDeps): Editor {
  const closed = new AbortController();
  let [wanted, tried, written] = [comment.body, comment.body, comment.body];
  let writing: Promise<void> | undefined;
  let isLast = false;

  async function write(body: string): Promise<void> {
    tried = body;
    // Every edit has a key of its own: the same text may be right again later.
    await effects.ensure(`status-edit:${randomUUID()}`, {
      look: () => Promise.resolve(undefined),
      make: async () => {
        await client.updateComment(comment.id, body);
        return true;
      },
    });
    written = body;
  }

  async function writeLatest(): Promise<void> {
    while (!isLast && tried !== wanted) {
      if ((await hasRoom?.().catch(() => false)) ?? true) await write(wanted).catch(() => undefined);
      await sleep(between, closed.signal).catch(() => undefined);
    }
  }

  function pump(): void {
    if (isLast || tried === wanted) return;
    writing ??= writeLatest().finally(() => {
      writing = undefined;
      pump();
    });
  }

  return {
    show(body) {
      wanted = body;
      pump();
    },
    async finish(body) {
      isLast = true;
      closed.abort(); // nobody waits for the next look
      await writing;
      if (written !== body) await write(body).catch(unlessDeleted);
    },
    async close() {
      isLast = true;
      closed.abort();
      await writing;
    },
  };
}

/** A pending edit does not keep the process alive. */
function waitQuietly(ms: number, signal: AbortSignal): Promise<unknown> {
  return pause(ms, undefined, { signal, ref: false });
}

/** Where the web page shows a run; undefined when there is no such page. */
export function runUrlOf(jobId: string, publicUrl: string | undefined): string | undefined {
  return publicUrl === undefined ? undefined : `${publicUrl.replace(/\/$/, '')}/runs/${jobId}`;
}

type Written = Pick<CommentFacts, 'id' | 'body'>;

async function ensureStatus(job: Job, body: string, { client, effects, bot }: StatusDeps): Promise<Written> {
  const { number } = job.request.subject;
  const find = () => findOurs(client, bot, { number, marker: statusMarker });
  let seen: Written | undefined;
  const id = await effects.ensure(`status:${number}`, {
    look: async () => (seen = await find())?.id,
    make: async () => (seen = { ...(await client.createComment(number, body)), body }).id,
  });
  seen ??= await find();
  return { id, body: seen?.id === id ? seen.body : '' };
}

/** A status comment that a person deleted stays deleted. */
function unlessDeleted(error: unknown): void {
  if (!(error instanceof BotError) || error.code !== 'github-gone') throw error;
}

interface ViewFacts {
  readonly job: Job;
  readonly runUrl?: string | undefined;
  readonly command?: string | undefined;
}

/** The status comment's text: where the job is, what it cost so far, how to stop it; in the end, how it ended. */
export function renderStatus(view: StatusView, facts: ViewFacts): string {
  const { job, runUrl } = facts;
  const { ending, usd } = view;
  const link = runUrl === undefined ? '' : ` · [follow it live](${runUrl})`;
  const state = ending ? renderEnding(ending, facts) : renderProgress(view);
  const parts = [
    `${statusMarker} ${job.request.subject.number} -->\n**Backend Developer**: ${state}`,
    renderChecklist(view),
    `Cost so far: $${usd.toFixed(2)} of $${job.plan.budget.usd.toFixed(2)}${link}`,
    ending && ending.type !== 'parked' && ending.type !== 'paused' ? '' : `To stop it, ${howToStop(facts)}.`,
    view.notes.map((note) => `- ${neutraliseLine(note)}`).join('\n'),
  ];
  return parts.filter(Boolean).join('\n\n');
}

function renderProgress({ step, place }: StatusView): string {
  if (place === undefined) return `working, at *${step}*`;
  const before = place.before === 1 ? '1 job is before it' : `${place.before} jobs are before it`;
  return `queued: ${before} (at ${clockTime(place.at)})`;
}

function clockTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 16)} UTC`;
}

function renderChecklist({ step, ending }: StatusView): string {
  const reached = ending?.type === 'failed' ? steps.indexOf(ending.step) : steps.indexOf(step);
  const isDone = (index: number): boolean =>
    index < reached || (ending?.type === 'published' && index <= steps.indexOf('publish'));
  return steps
    .map((name, index) => `- [${isDone(index) ? 'x' : ' '}] ${index === reached && !ending ? `**${name}**` : name}`)
    .join('\n');
}

function howToStop({ job: { request }, command = usualCommand }: ViewFacts): string {
  const label = request.via === 'label' ? `remove the label ${codeSpan(request.trigger)}, ` : '';
  return `comment ${codeSpan(`${command} stop`)}, ${label}or close the issue`;
}

const usualCommand = '/backend';

function renderEnding(ending: Ending, { command = usualCommand }: ViewFacts): string {
  const again = codeSpan(`${command} implement`);
  switch (ending.type) {
    case 'published':
      return `pull request #${ending.pullNumber}${aboutDraft(ending.draft)}`;
    case 'nothing-to-change':
      return `nothing to change because ${sentence(ending.reason)}`;
    case 'stopped':
      return `stopped by @${ending.by.replace(/[^\w[\]-]/g, '')}`;
    case 'parked':
      return `parked: ${sentence(ending.reason)} It goes on by itself at ${clockTime(ending.until)}; comment ${again} to go on at once.`;
    case 'paused':
      return 'paused: no worker is running; it goes on by itself as soon as one is.';
    case 'failed':
      return `failed at step ${ending.step}: ${sentence(ending.reason)} Comment ${again} to retry.`;
    case 'answered':
      return 'answered';
    default:
      return `not done: ${sentence(ending.reason)}`;
  }
}

function aboutDraft(isDraft: boolean): string {
  return isDraft ? ' (a draft)' : '';
}

function sentence(reason: string): string {
  const safe = neutraliseLine(reason);
  return /[.!?]$/.test(safe) ? safe : `${safe}.`;
}
