/** What an install step was refused on the network, told to people: which host, by which command, why, and the settings that would let it through (pure). */
export { describeRefusals, renderRefusals } from './render.ts';
export { gatherRefused } from './gather.ts';
export type { Wish } from './gather.ts';
