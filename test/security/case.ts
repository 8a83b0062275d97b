/** True when what was tried worked. */
export type Attempt = () => boolean | Promise<boolean>;

/** One attack as data. `id` is the defence's number in the list of SECURITY.md. */
export interface Case {
  readonly id: string;
  readonly name: string;
  /** The attack where nothing defends: must work, or the case proves nothing. */
  readonly baseline: Attempt;
  /** The same against us: must not work. */
  readonly attack: Attempt;
  /** The harmless neighbour, which must still work. */
  readonly twin: Attempt;
}

/** The cases of a class, with what they share; disposing ends that. */
export interface OpenClass extends AsyncDisposable {
  readonly cases: readonly Case[];
}

export interface AttackClass {
  readonly name: string;
  /** Pure ones start no process and open no socket: `npm test` runs them too. */
  readonly isPure: boolean;
  readonly open: () => Promise<OpenClass>;
}

/** A class whose cases need nothing but themselves. */
export function pureClass(name: string, cases: readonly Case[]): AttackClass {
  return { name, isPure: true, open: async () => ({ cases, [Symbol.asyncDispose]: async () => undefined }) };
}

/** A class whose cases share something that is opened once: a box, a server, a world. What is deferred on the stack ends with it. */
export function sharedClass(name: string, open: (ends: AsyncDisposableStack) => Promise<readonly Case[]>): AttackClass {
  return {
    name,
    isPure: false,
    open: async () => {
      await using ends = new AsyncDisposableStack();
      const cases = await open(ends);
      const kept = ends.move();
      return { cases, [Symbol.asyncDispose]: () => kept.disposeAsync() };
    },
  };
}

/** What many cases have as their twin and takes its time is tried once for all of them. */
export function once(attempt: Attempt): Attempt {
  let result: boolean | Promise<boolean> | undefined;
  return () => (result ??= attempt());
}
