import { verbAliases, type OptionName, type Verb } from '../domain/index.ts';

/** Where a command stands: on an issue, on a pull request that we opened, or on somebody else's. */
export type Place = 'issue' | 'ours' | 'theirs';

export interface VerbRow {
  readonly verb: Exclude<Verb, 'unknown'>;
  /** What may follow the verb. */
  readonly rest: string;
  readonly on: readonly Place[];
  readonly options: readonly OptionName[];
  /** What it does, as the end of a sentence that begins with the verb. */
  readonly does: string;
  /** False while it is read, but what it does does not exist yet. */
  readonly works: boolean;
}

const everywhere: readonly Place[] = ['issue', 'ours', 'theirs'];
const work: readonly OptionName[] = ['base', 'budget', 'model', 'draft', 'plan'];
const means: readonly OptionName[] = ['budget', 'model'];

/** Every command we answer. docs/commands.md shows the same table. */
export const verbs: readonly VerbRow[] = [
  {
    verb: 'implement',
    rest: ' [what to keep in mind]',
    on: ['issue', 'theirs'],
    options: work,
    does: 'implements this issue with tests and opens a pull request; on a pull request, one that goes into its branch',
    works: true,
  },
  {
    verb: 'plan',
    rest: ' [what to keep in mind]',
    on: ['issue'],
    options: means,
    does: 'writes a plan into this thread and waits',
    works: true,
  },
  {
    verb: 'approve',
    rest: '',
    on: ['issue'],
    options: work,
    does: 'carries the plan out',
    works: true,
  },
  {
    verb: 'revise',
    rest: ' [what to change]',
    on: ['ours'],
    options: means,
    does: 'changes this pull request on its branch',
    works: true,
  },
  {
    verb: 'review',
    rest: '',
    on: ['ours', 'theirs'],
    options: ['agents', 'budget', 'model'],
    does: 'asks reviewers to look at this pull request',
    works: false,
  },
  {
    verb: 'test',
    rest: '',
    on: ['ours', 'theirs'],
    options: [],
    does: 'runs the checks on this pull request and reports; asks no model',
    works: true,
  },
  {
    verb: 'rebase',
    rest: '',
    on: ['ours'],
    options: means,
    does: 'brings the base into this branch and verifies it again',
    works: true,
  },
  {
    verb: 'continue',
    rest: ' [what to keep in mind]',
    on: ['issue', 'ours'],
    options: means,
    does: 'goes on where work stopped, with what was done and learnt until then',
    works: true,
  },
  {
    verb: 'retry',
    rest: '',
    on: everywhere,
    options: work,
    does: 'starts the last work here afresh',
    works: true,
  },
  {
    verb: 'stop',
    rest: '',
    on: everywhere,
    options: [],
    does: 'stops what is under way here',
    works: true,
  },
  {
    verb: 'status',
    rest: '',
    on: everywhere,
    options: [],
    does: 'says what is under way here, what it cost, and what came before',
    works: true,
  },
  {
    verb: 'explain',
    rest: ' [question]',
    on: everywhere,
    options: means,
    does: 'answers from the code and changes nothing',
    works: true,
  },
  { verb: 'help', rest: '', on: everywhere, options: [], does: 'shows this list', works: true },
];

/** The row of a verb; undefined for one we don't have. */
export function findVerb(verb: Verb): VerbRow | undefined {
  return verbs.find((row) => row.verb === verb);
}

/** Every word that is a verb: the verbs and the other words for them. */
export const verbWords: readonly string[] = [...verbs.map(({ verb }) => verb), ...Object.keys(verbAliases)];
