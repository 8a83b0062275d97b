/**
 * Thrown by a hook to cut the connection: in the phase `before` nothing has happened and nothing will; later everything has
 * happened, and the caller never hears of it.
 */
export const cutConnection: Error = new Error('The connection is cut here on purpose.');

/** Awaited at each phase of a call; it may kill processes, wait, or throw `cutConnection`. */
export type Hook<Call, Phase extends string> = (call: Call, phase: Phase) => Promise<void> | void;

export interface Interception<Call, Phase extends string> {
  /** Returns a function that takes the hook away again. */
  readonly add: (hook: Hook<Call, Phase>) => () => void;
  /** True while somebody listens. */
  readonly isOn: () => boolean;
  /** Runs the hooks one after the other, the oldest first. False when one of them cut the connection. */
  readonly reach: (call: Call, phase: Phase) => Promise<boolean>;
}

/** Hooks of one stand-in. What a hook throws besides `cutConnection` is a mistake of the test and goes on to the caller. */
export function createInterception<Call, Phase extends string>(): Interception<Call, Phase> {
  const hooks = new Set<Hook<Call, Phase>>();
  return {
    add: (hook) => {
      // Its own identity: the same function may be added twice and taken away once.
      const entry: Hook<Call, Phase> = (call, phase) => hook(call, phase);
      hooks.add(entry);
      return () => {
        hooks.delete(entry);
      };
    },
    isOn: () => hooks.size > 0,
    reach: async (call, phase) => {
      try {
        for (const hook of [...hooks]) await hook(call, phase);
        return true;
      } catch (error) {
        if (error === cutConnection) return false;
        throw error;
      }
    },
  };
}
