/** A line that switches one defence off. `find` occurs exactly once in the file, or the table is no longer true and the run fails. */
export interface Mutant {
  readonly id: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** The class that must catch it. */
  readonly class: string;
}

const inRoot: readonly string[] = ['app.yml', 'package.json', 'package-lock.json'];

/** One row of the table. */
type Row = readonly [id: string, file: string, find: string, replace: string];

/** Rows that the class of that name must catch; files are named within `src` where they are there. */
export function caughtBy(name: string, rows: readonly Row[]): Mutant[] {
  const place = (file: string) => (inRoot.includes(file) ? file : `src/${file}`);
  return rows.map(([id, file, find, replace]) => ({ id, file: place(file), find, replace, class: name }));
}
