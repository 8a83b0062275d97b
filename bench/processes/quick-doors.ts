import type { Box } from '../../src/sandbox/index.ts';
import type { Journal } from '../../src/store/index.ts';

/** What every tool answers. */
export const result = 'A line of what a tool answers, as long as lines are.\n'.repeat(20);

/** How often Edit was called. */
let edits = 0;

/** Answers at once; its work tree has three changed files, one of which each Edit changes again. */
export const box: Box = {
  tool: async (name) => {
    if (name === 'Edit') edits += 1;
    return { text: result, isError: false };
  },
  exec: async () => ({ exitCode: 0, output: '', durationMs: 0 }),
  changes: async () =>
    [0, 1, 2].map((file) => {
      const bytes = new Uint8Array(Buffer.from(`${process.pid} ${Math.floor((edits + file) / 3)}\n${result}`));
      return { path: `src/${file}.ts`, type: 'put', mode: '100644', bytes };
    }),
  apply: async () => undefined,
  blockedHosts: () => [],
  [Symbol.asyncDispose]: async () => undefined,
};

/** Keeps nothing. */
export const noJournal: Journal = {
  once: (_, produce) => produce(),
  append: async () => undefined,
  entries: async () => [],
  saveChanges: async () => undefined,
  latestChanges: async () => [],
};
