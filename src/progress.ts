import type { Progress } from './domain/index.ts';

/** Progress of the jobs of this process, for whoever watches: the terminal, a live page. Nothing is kept. */
export interface ProgressBus {
  report(progress: Progress): void;
  /** Calls back on every report until the returned function is called. */
  watch(listener: (progress: Progress) => void): () => void;
}

/** A listener that throws must not hurt the job it watches: it is dropped. */
export function createProgressBus(): ProgressBus {
  const listeners = new Set<(progress: Progress) => void>();
  return {
    report(progress) {
      for (const listener of listeners) {
        try {
          listener(progress);
        } catch {
          listeners.delete(listener);
        }
      }
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
