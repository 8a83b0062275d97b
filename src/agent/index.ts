/** Who works for us and how: definitions, prompt, the loop between model and box, its transcript, limits and compaction. */
export { loadDefinition, loadKnowledge } from './definition.ts';
export type { AgentDefinition } from './definition.ts';
export { buildPrompt } from './prompt.ts';
export type { Prompt, PromptInput, Task } from './prompt.ts';
export { runAgent } from './run-agent.ts';
export type { AgentDeps, AgentRunInput } from './run.ts';
export { checklistItems } from './tools.ts';
