/** The door to GitHub: facts in, single effects out, one repository at a time with the least rights. */
export type * from './client.ts';
export type * from './review-facts.ts';
export type { CallName, Work, Write } from '../calls/index.ts';
export type { Blocks } from '../quota/index.ts';
export { createGitHub, type GitHubOptions } from './github.ts';
