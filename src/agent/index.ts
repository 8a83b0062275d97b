/** How an agent works: its prompt, the loop between model and box, its transcript, limits and compaction. */
export { buildPrompt } from './prompt.ts';
export type { Prompt, PromptInput, Task } from './prompt.ts';
export { renderMemory } from './compaction.ts';
export { runAgent } from './run-agent.ts';
export type { AgentDeps, AgentRunInput } from './run.ts';
