/** What goes wrong with the next matching calls. Nothing else in the stand-in fails on purpose. */
export type Fault = FaultMatch &
  (
    | {
        /** Answered at once, without any effect. */
        readonly then: 'status';
        readonly status: number;
        readonly body?: Readonly<Record<string, unknown>>;
        readonly headers?: Readonly<Record<string, string>>;
      }
    /** The effect happens, the answer is lost: the connection is cut, or 502 says nothing about it. */
    | { readonly then: 'lose-reply'; readonly how?: 'cut' | '502' }
    /** The connection is cut before anything happens. */
    | { readonly then: 'cut' }
    /** Never answered and without effect, until the stand-in stops. */
    | { readonly then: 'hang' }
    /** Answered correctly, later. */
    | { readonly then: 'delay'; readonly ms: number }
    /** A read doesn't show yet what was made less than `ms` ago (30 s if not said): not in lists, nor by itself; refs as they were. */
    | { readonly then: 'lag'; readonly ms?: number }
    /**
     * The primary limit is used up until `resetInMs` from now (one hour if not said). With `holds`, everything else that the
     * caller sends until then is refused as well, and counts as a limit that it ran into by itself.
     */
    | { readonly then: 'rate-limit'; readonly resetInMs?: number; readonly holds?: true; readonly status?: 403 | 429 }
    /** The secondary limit, with or without `retry-after`. */
    | { readonly then: 'secondary-limit'; readonly retryAfter?: number; readonly status?: 403 | 429 }
  );

interface FaultMatch {
  /** Any method if not said. */
  readonly method?: string;
  /** Compared with the path below `/api/v3` (or of the git request); a string must occur in it. */
  readonly path: string | RegExp;
  /** How many matching calls are hit (1 if not said). */
  readonly times?: number;
  /** How many matching calls pass before the first is hit (0 if not said). */
  readonly after?: number;
}

export interface Faults {
  /** Returns a function that says how often the fault has struck. */
  readonly plant: (fault: Fault) => () => number;
  readonly take: (method: string, path: string) => Fault | undefined;
  readonly clear: () => void;
}

interface Planted {
  readonly fault: Fault;
  toPass: number;
  struck: number;
}

export function createFaults(): Faults {
  const planted: Planted[] = [];
  return {
    plant: (fault) => {
      const entry = { fault, toPass: fault.after ?? 0, struck: 0 };
      planted.push(entry);
      return () => entry.struck;
    },
    take: (method, path) => planted.find((entry) => strikes(entry, method, path))?.fault,
    clear: () => {
      planted.length = 0;
    },
  };
}

function strikes(entry: Planted, method: string, path: string): boolean {
  const { fault } = entry;
  if (entry.struck >= (fault.times ?? 1)) return false;
  if (fault.method !== undefined && fault.method.toUpperCase() !== method) return false;
  const matches = typeof fault.path === 'string' ? path.includes(fault.path) : fault.path.test(path);
  if (!matches) return false;
  if (entry.toPass > 0) {
    entry.toPass -= 1;
    return false;
  }
  entry.struck += 1;
  return true;
}
