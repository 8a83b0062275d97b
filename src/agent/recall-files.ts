import type { ContentBlockParam } from '../model/index.ts';
import type { Run } from './run.ts';
import type { Transcript } from './transcript.ts';

const fileTools: ReadonlySet<string> = new Set(['Read', 'Write', 'Edit']);

/**
 * A tool host lets an agent change only files that it has seen, and one in a new box has shown nothing yet: what the run has read or
 * written so far is looked at once more, unseen by the model.
 */
export async function recallFiles({ transcript, input }: Run): Promise<void> {
  for (const path of findKnownFiles(transcript)) await input.box.tool('Read', { file_path: path, limit: 1 });
}

function findKnownFiles({ messages }: Transcript): ReadonlySet<string> {
  const blocks = messages.flatMap(({ content }) => (typeof content === 'string' ? [] : content));
  const failed = new Set(blocks.flatMap((block) => (isFailure(block) ? [block.tool_use_id] : [])));
  return new Set(blocks.flatMap((block) => readPath(block, failed)));
}

function isFailure(block: ContentBlockParam): block is Extract<ContentBlockParam, { type: 'tool_result' }> {
  return block.type === 'tool_result' && block.is_error === true;
}

function readPath(block: ContentBlockParam, failed: ReadonlySet<string>): readonly string[] {
  if (block.type !== 'tool_use' || !fileTools.has(block.name) || failed.has(block.id)) return [];
  const { input } = block;
  const isNamed = typeof input === 'object' && input !== null && 'file_path' in input;
  return isNamed && typeof input.file_path === 'string' ? [input.file_path] : [];
}
