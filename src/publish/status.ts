import { setTimeout as pause } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { BotError, type Job, type Refusal, type Step } from '../domain/index.ts';
import type { CommentFacts } from '../github/index.ts';
import { findOurs, statusMarker, type Doors } from './comments.ts';
import { openQuietStatus } from './quiet-status.ts';
import { renderStatus, type Ending, type StatusView } from './status-text.ts';

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
  /** Shows these in place of what was shown of the kind before. */
  refused(refusals: readonly Refusal[]): void;
  /** Writes the last state and waits until GitHub has it. */
  finish(ending: Ending): Promise<void>;
}

/** What the comment begins with. */
type Start = Partial<Pick<StatusView, 'usd' | 'place' | 'refusals' | 'beside'>>;

/** Milliseconds between two edits that show progress, and between two looks whether there is room for one. */
const between = 5_000;

/**
 * Finds the status comment by marker and author, or writes it. Edits are seconds apart, the latest wins, and what is
 * there already is not written again. An edit that fails is left to the next one; only the last state must get through. `start` is what
 * the job cost and was refused before, or its place in the queue. Work whose result is a reply has none.
 */
export async function openStatus(job: Job, deps: StatusDeps, start: Start = {}): Promise<Status> {
  if (job.plan.work === 'explain' || job.plan.work === 'test') return openQuietStatus(job, deps);
  const facts = { job, runUrl: runUrlOf(job.id, deps.settings?.publicUrl), command: deps.command ?? job.plan.command };
  let view: StatusView = { step: 'understand', usd: 0, notes: [], ...start };
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
    refused(refusals) {
      show({ refusals });
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
function createEditor(comment: Written, { client, effects, sleep = waitQuietly, hasRoom }: StatusDeps): Editor {
  const closed = new AbortController();
  let [wanted, tried] = [comment.body, comment.body];
  let written: string | undefined = comment.body; // undefined while nobody can say: an edit may have worked without an answer
  let writing: Promise<void> | undefined;
  let isLast = false;

  async function write(body: string): Promise<void> {
    [tried, written] = [body, undefined];
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
