/** Who works for us: the agents' definitions, one Markdown file each, and what they know of each stack. */
export { loadDefinition, loadKnowledge } from './definition.ts';
export type { AgentDefinition } from './definition.ts';
