/** The door to the database: what was delivered, promised, done and spent, kept so that a crash loses none of it. */
export { openStore } from './open-store.ts';
export type { StoreOptions } from './open-store.ts';
export type { StoreLog } from './queue.ts';
export type {
  Claim,
  Delivery,
  Effects,
  Journal,
  JournalEntry,
  Reading,
  Receipt,
  RunSummary,
  Store,
  WorkOptions,
} from './store.ts';
