/** What we may do: settles a request on the facts, by the repository's settings and within the operator's limits. Pure. */
export { decide, decideStillWanted } from './decide.ts';
export type { Decision, Facts, Standing } from './facts.ts';
export { readChoice } from './earlier.ts';
export { planFrom, signs } from './planning.ts';
export { canWrite, repliesOnly } from './refuse.ts';
export { optionRows } from './options.ts';
export { renderNothingToStop } from './texts.ts';
export { verbs } from './verbs.ts';
export type { Place } from './verbs.ts';
