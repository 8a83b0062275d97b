import { z } from 'zod';
import type { AgentRun, ChangeSet, JobProgress } from '../domain/index.ts';
import { BotError } from '../domain/index.ts';
import { submissions, type Deliverable } from '../deliverables/index.ts';
import type { ContentBlockParam, Model, ResolvedModel, ToolDefinition } from '../model/index.ts';
import type { Box, ToolName } from '../sandbox/index.ts';
import type { Journal } from '../store/index.ts';
import type { RunBudget, Stop } from './limits.ts';
import type { Prompt } from './prompt.ts';
import { describeTools } from './tools.ts';
import { addEntry, entryKinds, openTranscript, readEntry, type Entry, type Transcript } from './transcript.ts';

export interface AgentRunInput {
  readonly prompt: Prompt;
  /** Who works: the tools it may use in the box. */
  readonly definition: { readonly tools: readonly ToolName[] };
  readonly box: Box;
  readonly budget: RunBudget;
  /** What the run hands in; `work` if not said. An answer needs no state of the work tree. */
  readonly deliverable?: Deliverable;
  /** Why the work tree can't be handed in as it is; undefined when it can. */
  readonly refuse?: (changes: ChangeSet) => string | undefined;
  /** Counts from 1. Attempt n+1 goes on where attempt n was handed in. */
  readonly attempt: number;
  /** What verification found in attempt n; the answer to its Submit call. */
  readonly feedback?: string;
  /** A model id or alias. */
  readonly wantedModel: string;
  readonly signal: AbortSignal;
}

export interface AgentDeps {
  readonly model: Model;
  readonly journal: Journal;
  readonly report: (progress: JobProgress) => void;
  /** Told what each model call cost, in US dollars, once the journal has it on the account. */
  readonly spent: (usd: number) => void;
  /** What people with permission said since it was last asked. */
  readonly steering: () => Promise<readonly string[]>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** One run while it goes on. */
export interface Run {
  readonly input: AgentRunInput;
  readonly deps: AgentDeps;
  readonly prompt: Prompt;
  readonly tools: readonly ToolDefinition[];
  readonly model: ResolvedModel;
  readonly transcript: Transcript;
  /** Milliseconds this run worked, over all its processes. */
  readonly durationMs: () => number;
  readonly notes: string[];
  /** What people said, as an earlier process told it. */
  readonly toldBefore: Set<string>;
}

/** The run as the journal knows it, read once. Model, prompt and tools stay those of its first start, so that the prefix does. */
export async function openRun(input: AgentRunInput, deps: AgentDeps): Promise<Run> {
  const model = await deps.journal.once('agent model', () => deps.model.resolve(input.wantedModel));
  const { prompt, tools } = await recallPrompt(input, deps.journal);
  const fixed = prompt.system.length + JSON.stringify(tools).length;
  const transcript = openTranscript(prompt.task, fixed, input.deliverable);
  for (const entry of await deps.journal.entries(...entryKinds)) addEntry(transcript, readEntry(entry));
  const before = transcript.usage.durationMs;
  const startedAt = deps.now();
  const durationMs = () => before + Math.max(0, deps.now() - startedAt);
  const notes = model.note === undefined ? [] : [model.note];
  return { input, deps, prompt, tools, model, transcript, durationMs, notes, toldBefore: new Set(transcript.said) };
}

const Recalled = z.object({
  prompt: z.object({ system: z.string(), task: z.string(), delimiter: z.string() }),
  tools: z.array(z.custom<ToolDefinition>((value) => z.looseObject({ name: z.string() }).safeParse(value).success)),
});

/** Kept as one string: the same bytes whatever the database does to objects, and whatever version reads it. */
async function recallPrompt({ prompt, definition, deliverable = 'work' }: AgentRunInput, journal: Journal) {
  const kept = await journal.once('agent prompt', async () =>
    JSON.stringify({ prompt, tools: describeTools(definition.tools, deliverable) }),
  );
  return Recalled.parse(JSON.parse(kept));
}

/** Written down first, then taken in: after a crash the journal never knows less than the model was told. */
export async function record(run: Run, entry: Entry): Promise<void> {
  const usd = entry.kind === 'assistant' ? entry.data.usage.usd : 0;
  await run.deps.journal.append(entry.kind, entry.data, usd);
  addEntry(run.transcript, entry);
}

type UserWhy = Extract<Entry, { kind: 'user' }>['data']['why'];

/** Adds a user message, or to the one at the end. */
export async function addUser(run: Run, why: UserWhy, content: readonly ContentBlockParam[]): Promise<void> {
  await record(run, { kind: 'user', data: { why, content: [...content], durationMs: run.durationMs() } });
}

/** Saves the work tree. A tree that can't be published is for the agent to put right: what was saved before stays, and it is told. */
export async function saveWork({ deps, input }: Run): Promise<string | undefined> {
  try {
    await deps.journal.saveChanges(await input.box.changes());
    return undefined;
  } catch (error) {
    return readRefusal(error);
  }
}

/** What the agent is told of a work tree that can't be published; any other error is thrown on. */
export function readRefusal(error: unknown): string {
  if (!(error instanceof BotError) || error.code !== 'change-set-refused') throw error;
  return `Note from the host: the work tree can't be published as it is: ${error.message} Put that right before you hand in.`;
}

const KeptChanges = z.array(
  z.discriminatedUnion('type', [
    z.object({
      path: z.string(),
      type: z.literal('put'),
      mode: z.enum(['100644', '100755', '120000']),
      bytes: z.base64().transform((text): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))),
    }),
    z.object({ path: z.string(), type: z.literal('delete') }),
  ]),
);

/**
 * The work tree as it was when this attempt was handed in: recorded once, and from then on the same, whatever later attempts do.
 * Throws `change-set-refused` when it can't be published.
 */
export async function recordSubmittedChanges({ deps, input }: Run): Promise<ChangeSet> {
  if (!submissions[input.deliverable ?? 'work'].changesFiles) return [];
  let fresh: ChangeSet | undefined;
  const kept = await deps.journal.once(`submission ${input.attempt}`, async () => {
    fresh = await input.box.changes();
    const refusal = input.refuse?.(fresh);
    if (refusal !== undefined) throw new BotError('change-set-refused', refusal);
    return fresh.map((change) =>
      'bytes' in change ? { ...change, bytes: Buffer.from(change.bytes).toString('base64') } : change,
    );
  });
  if (fresh !== undefined) await deps.journal.saveChanges(fresh);
  return KeptChanges.parse(kept);
}

/** The run as it stands at this stop. */
export async function endRun(run: Run, stop: Stop): Promise<AgentRun> {
  const { transcript, input } = run;
  const handedIn = stop.reason === 'submitted' ? transcript.submitted[input.attempt - 1] : undefined;
  const changes = handedIn === undefined ? await lastChanges(run) : await recordSubmittedChanges(run);
  return {
    stop: stop.reason,
    stopDetail: stop.detail,
    ...(handedIn !== undefined && { submission: handedIn.submission }),
    changes,
    usage: handedIn?.usage ?? { ...transcript.usage, durationMs: run.durationMs() },
    model: (handedIn?.model ?? transcript.model) || run.model.id,
    notes: run.notes,
  };
}

/** What a run without a submission leaves behind: the work tree, or the last state of it that can be published. */
async function lastChanges(run: Run): Promise<ChangeSet> {
  const refusal = await saveWork(run);
  if (refusal !== undefined)
    run.notes.push('The work tree can’t be published as the agent left it; this is its last state that can.');
  return run.deps.journal.latestChanges();
}
