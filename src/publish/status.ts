import { setTimeout as pause } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { BotError, steps, type Job, type Outcome, type Step } from '../domain/index.ts';
import type { CommentFacts } from '../github/index.ts';
import { findOurs, type Doors } from './comments.ts';
import { codeSpan, neutraliseLine } from '../markdown/index.ts';

/** How a job ended for the people who watch it; parked means that it goes on later, or when somebody says so. */
export type Ending = Outcome | { readonly type: 'parked'; readonly reason: string };

export interface StatusView {
  readonly step: Step;
  readonly usd: number;
  readonly notes: readonly string[];
  readonly ending?: Ending;
}

export interface StatusDeps extends Doors {
  readonly settings?: { readonly publicUrl?: string };
  /** The word that begins a command, for "say … to try again". Default `/backend`. */
  readonly command?: string;
  /** Waits so many milliseconds; rejects when the signal fires. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/** The one status comment of a job's issue while the job runs. Disposing it waits for what is being written and stops. */
export interface Status extends AsyncDisposable {
  step(step: Step): void;
  spent(usd: number): void;
  note(text: string): void;
  /** Writes the last state and waits until GitHub has it. */
  finish(ending: Ending): Promise<void>;
}

const between = 1000;

/**
 * Finds the status comment by marker and author, or writes it. Edits are at least a second apart, the latest wins, and what is
 * there already is not written again. An edit that fails is left to the next one; only the last state must get through.
 */
export async function openStatus(job: Job, deps: StatusDeps): Promise<Status> {
  const facts = { job, runUrl: runUrlOf(job.id, deps.settings?.publicUrl), command: deps.command };
  let view: StatusView = { step: 'understand', usd: 0, notes: [] };
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
function createEditor(comment: Written, { client, effects, sleep = waitQuietly }: StatusDeps): Editor {
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
      await write(wanted).catch(() => undefined);
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
  const found = await findOurs(client, bot, { number, marker: markerStart });
  const id = await effects.ensure(`status:${number}`, {
    look: () => Promise.resolve(found?.id),
    make: async () => (await client.createComment(number, body)).id,
  });
  return { id, body: found?.id === id ? found.body : body };
}

/** A status comment that a person deleted stays deleted. */
function unlessDeleted(error: unknown): void {
  if (!(error instanceof BotError) || error.code !== 'github-gone') throw error;
}

const markerStart = '<!-- backend:status';

interface ViewFacts {
  readonly job: Job;
  readonly runUrl?: string | undefined;
  readonly command?: string | undefined;
}

/** The status comment's text: where the job is, what it cost so far, how to stop it; in the end, how it ended. */
export function renderStatus(view: StatusView, facts: ViewFacts): string {
  const { job, runUrl } = facts;
  const { ending, step, usd } = view;
  const link = runUrl === undefined ? '' : ` · [follow it live](${runUrl})`;
  const state = ending ? renderEnding(ending, facts) : `working, at *${step}*`;
  const parts = [
    `${markerStart} ${job.request.subject.number} -->\n**Backend Developer**: ${state}`,
    renderChecklist(view),
    `Cost so far: $${usd.toFixed(2)} of $${job.plan.budget.usd.toFixed(2)}${link}`,
    ending ? '' : `To stop it, ${howToStop(job)}.`,
    view.notes.map((note) => `- ${neutraliseLine(note)}`).join('\n'),
  ];
  return parts.filter(Boolean).join('\n\n');
}

function renderChecklist({ step, ending }: StatusView): string {
  const reached = ending?.type === 'failed' ? steps.indexOf(ending.step) : steps.indexOf(step);
  const isDone = (index: number): boolean =>
    index < reached || (ending?.type === 'published' && index <= steps.indexOf('publish'));
  return steps
    .map((name, index) => `- [${isDone(index) ? 'x' : ' '}] ${index === reached && !ending ? `**${name}**` : name}`)
    .join('\n');
}

function howToStop({ request }: Job): string {
  const label = request.via === 'label' ? `remove the label ${codeSpan(request.trigger)} or ` : '';
  return `${label}close the issue`;
}

function renderEnding(ending: Ending, { command = '/backend' }: ViewFacts): string {
  const again = codeSpan(`${command} implement`);
  switch (ending.type) {
    case 'published':
      return `pull request #${ending.pullNumber}${aboutDraft(ending.draft)}`;
    case 'nothing-to-change':
      return `nothing to change because ${sentence(ending.reason)}`;
    case 'stopped':
      return `stopped by @${ending.by.replace(/[^\w[\]-]/g, '')}`;
    case 'parked':
      return `parked: ${sentence(ending.reason)} Comment ${again} to go on.`;
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
