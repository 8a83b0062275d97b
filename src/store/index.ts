/** The door to the database: what was delivered, promised, done and spent, kept so that a crash loses none of it. */
export { openStore } from './open-store.ts';
export type { StoreOptions } from './open-store.ts';
export type { Claim, Effects, Journal, JournalEntry, RepeatedEffect } from '../claim/index.ts';
export type { Duty, Pace, Pause } from '../limits/index.ts';
export type { StoreLog } from './queue.ts';
export type {
  Delivery,
  EarlierJob,
  Parking,
  Reading,
  Receipt,
  RunSummary,
  OpenPull,
  StalledJob,
  Store,
  StoredJob,
  WaitingJob,
  WaitingPlan,
  WorkOptions,
} from './store.ts';
