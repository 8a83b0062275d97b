/** What a class of faults found. */
export interface Result {
  /** Faults that really happened. */
  readonly injected: number;
  /** Accepted wishes that came to no end. */
  readonly lost: number;
  /** Things that are there twice. */
  readonly duplicated: number;
  /** Sentences, each about one broken promise; lost and duplicated ones among them. */
  readonly violations: readonly string[];
  /** Milliseconds from the fault to the job's next progress, one per resumed job. */
  readonly resumes: readonly number[];
  /** What else is worth a line below the table. */
  readonly notes: readonly string[];
}

export interface Options {
  /** How many seeds a sweep takes on each database. */
  readonly seeds: number;
  /** A quarter of everything, to see that it works. */
  readonly quick: boolean;
  /** Says where it is. */
  readonly tell: (line: string) => void;
}

/** A row of the fault set. */
export interface FaultClass {
  /** Ids of the promises it proves. */
  readonly id: string;
  readonly title: string;
  /** What of two cores it keeps busy: about one if not said, both, or hardly anything because it waits much more than it works. */
  readonly load?: 'both cores' | 'none';
  run(options: Options): Promise<Result>;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** The result of a run that throws when a promise is broken: what it says is the violation. */
export async function attempt(run: () => Promise<Partial<Result>>): Promise<Result> {
  const nothing: Result = { injected: 0, lost: 0, duplicated: 0, violations: [], resumes: [], notes: [] };
  try {
    return { ...nothing, ...(await run()) };
  } catch (error) {
    return { ...nothing, violations: [error instanceof Error ? error.message : String(error)] };
  }
}
