import type { Verb } from '../domain/index.ts';

interface VerbRow {
  readonly verb: Exclude<Verb, 'unknown'>;
  /** What may follow the verb. */
  readonly rest: string;
  /** What it does, as the end of a sentence that begins with the verb. */
  readonly does: string;
}

/** Every command we answer. docs/commands.md shows the same table. */
export const verbs: readonly VerbRow[] = [
  {
    verb: 'implement',
    rest: ' [what to keep in mind]',
    does: 'implements this issue with tests and opens a pull request',
  },
  { verb: 'stop', rest: '', does: 'stops what is under way here' },
  { verb: 'help', rest: '', does: 'shows this list' },
];
