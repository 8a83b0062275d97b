import type { ChangeSet } from '../domain/index.ts';
import type { ContentBlockParam } from '../model/index.ts';
import type { JournalEntry } from '../store/index.ts';
import { cutMiddle, oneLine, renderData } from './text.ts';
import {
  addEntry,
  contentOf,
  entryKinds,
  openTranscript,
  readEntry,
  textOf,
  type Deed,
  type Transcript,
} from './transcript.ts';

/** Share of the window at which a history is replaced by its summary: room is needed for one more answer and its results. */
const fullShare = 0.8;

const deedLimit = 150;
const pathLimit = 300;
const tailBlocks = 24;
const tailCharacters = 30_000;
const saidCharacters = 40_000;

/** Whether the next request may no longer fit. */
export function isNearlyFull(transcript: Transcript, contextWindow: number): boolean {
  return (
    transcript.lastStop === 'model_context_window_exceeded' || transcript.contextTokens > contextWindow * fullShare
  );
}

/**
 * What takes the place of a history that grew too long: what was done, what differs from the base, what people said, and the
 * last exchanges. Made by the host from what was recorded; the agent's and the tools' own words stay inside a block of data.
 */
export function renderSummary(
  transcript: Transcript,
  changes: ChangeSet,
  delimiter: string,
): readonly ContentBlockParam[] {
  const parts = [
    'Your work so far no longer fits into one conversation. The host replaced it by this summary; the work tree is as you left it. Read again whatever you need before you edit it, then go on where you stopped.',
    `# What you did, oldest first\n\n${renderData(delimiter, 'the run', renderDeeds(transcript.deeds))}`,
    `# What differs from the base commit\n\n${renderData(delimiter, 'the work tree', renderPaths(changes))}`,
    ...(transcript.said.length === 0 ? [] : [`# What you were told meanwhile\n\n${renderSaid(transcript)}`]),
    `# The last exchanges\n\n${renderData(delimiter, 'the run', renderTail(transcript))}`,
  ];
  return [{ type: 'text', text: parts.join('\n\n') }];
}

/** What an earlier run did, was told and said last, as its journal has it: data for whoever goes on with its work. */
export function renderMemory(entries: readonly JournalEntry[]): string {
  const transcript = openTranscript('', 0);
  const isTurn = ({ kind }: JournalEntry) => (entryKinds as readonly string[]).includes(kind);
  for (const entry of entries.filter(isTurn)) addEntry(transcript, readEntry(entry));
  if (transcript.deeds.length === 0) return 'It had done nothing yet, or nothing is kept of it.';
  return [
    `What it did, oldest first:\n\n${renderDeeds(transcript.deeds)}`,
    ...(transcript.said.length === 0 ? [] : [`What it was told meanwhile:\n\n${renderSaid(transcript)}`]),
    `Its last exchanges:\n\n${renderTail(transcript)}`,
  ].join('\n\n');
}

function renderDeeds(deeds: readonly Deed[]): string {
  const kept = deeds.slice(-deedLimit).map(({ text, failed }) => `- ${text}${failed ? ' (failed)' : ''}`);
  const missing = deeds.length - kept.length;
  return [...(missing === 0 ? [] : [`(${missing} earlier calls)`]), ...kept].join('\n');
}

function renderPaths(changes: ChangeSet): string {
  if (changes.length === 0) return 'Nothing yet.';
  const lines = changes
    .slice(0, pathLimit)
    .map(({ path, type }) => `- ${type === 'put' ? 'changed or added' : 'deleted'}: ${oneLine(path, 300)}`);
  return [...lines, ...(changes.length > pathLimit ? [`(and ${changes.length - pathLimit} more)`] : [])].join('\n');
}

/** Newest first until there is no more room, then turned round. Thinking is left out: it belongs to the history it was part of. */
function renderTail({ messages }: Transcript): string {
  const blocks = messages
    .slice(1)
    .flatMap((message) => contentOf(message).map((block) => ({ role: message.role, block })));
  const texts = blocks
    .filter(({ block }) => block.type !== 'thinking' && block.type !== 'redacted_thinking')
    .slice(-tailBlocks)
    .map(({ role, block }) => `[${titleOf(role, block)}]\n${cutMiddle(textOf(block), tailCharacters / 10)}`);
  return newest(texts, tailCharacters).join('\n\n');
}

/** What people said was limited when it was told, and stands in blocks that must not be cut open. */
function renderSaid({ said }: Transcript): string {
  const kept = newest(said, saidCharacters);
  const missing = said.length - kept.length;
  return [...(missing === 0 ? [] : [`(${missing} earlier messages were left out.)`]), ...kept].join('\n\n');
}

/** As many as there is room for, in their order. */
function newest(texts: readonly string[], characters: number): readonly string[] {
  let room = characters;
  const first = texts.findLastIndex((text) => (room -= text.length) < 0);
  return texts.slice(first + 1);
}

function titleOf(role: string, block: ContentBlockParam): string {
  if (block.type === 'tool_use') return `you called ${block.name}`;
  if (block.type === 'tool_result') return block.is_error === true ? 'it failed' : 'it answered';
  return role === 'assistant' ? 'you said' : 'you were told';
}
