/** The limits that all our processes keep to together: the pace of writes, pauses, and who does which periodic duty. */
export { createLimits, defaultPace } from './create-limits.ts';
export type { Duty, Limits, Pace, Pause } from './limits.ts';
