import { percentile, type FaultClass, type Result } from './result.ts';

export interface Row {
  readonly fault: Pick<FaultClass, 'id' | 'title'>;
  /** Undefined when the class itself broke down. */
  readonly result: Result | undefined;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Why there is no result. */
  readonly reason?: string;
}

/** A whole run of the set. */
export interface Run {
  readonly rows: readonly Row[];
  readonly date: Date;
  readonly commit: string;
  readonly seeds: number;
  readonly quick: boolean;
  readonly minutes: number;
}

const head = ['fault', 'promise', 'injected', 'lost', 'twice', 'violations', 'p99 resume', 'slowest', 'took', 'CPU'];

/** The table for a terminal, with what was wrong below it. */
export function renderTable(rows: readonly Row[]): string {
  const lines = [head, ...rows.map(cells), totals(rows)];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const table = lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [...table, '', ...remarks(rows)].join('\n');
}

/** The same for a document. */
export function renderMarkdown({ rows, date, commit, seeds, quick, minutes }: Run): string {
  const day = date.toISOString().slice(0, 16).replace('T', ' ');
  const what = `${day} UTC, commit ${commit}, ${seeds} seeds${quick ? ', quick' : ''}, ${minutes.toFixed(1)} minutes`;
  const lines = [head, head.map(() => '---'), ...rows.map(cells), totals(rows)];
  const table = lines.map((line) => `| ${head.map((_, column) => line[column] ?? '').join(' | ')} |`);
  return [`${what}.`, '', ...table, '', ...remarks(rows).map((line) => `- ${line}`), ''].join('\n');
}

/** What else is worth a line, and then what was wrong. */
function remarks(rows: readonly Row[]): readonly string[] {
  const notes = rows.flatMap(({ fault, result }) => (result?.notes ?? []).map((note) => `${fault.title}: ${note}`));
  const wrong = rows.flatMap(({ fault, result, reason }) =>
    [...(result?.violations ?? []), ...(reason === undefined ? [] : [reason])].map(
      (text) => `✗ ${fault.title}: ${text}`,
    ),
  );
  return [...notes, ...wrong];
}

function cells({ fault, result, seconds, cpuSeconds }: Row): readonly string[] {
  const time = [`${seconds.toFixed(0)} s`, `${cpuSeconds.toFixed(0)} s`];
  if (result === undefined) return [fault.title, fault.id, 'broke down', '', '', '', '', '', ...time];
  const { injected, lost, duplicated, violations, resumes } = result;
  const counts = [injected, lost, duplicated, violations.length].map(String);
  return [fault.title, fault.id, ...counts, ...resumeTimes(resumes), ...time];
}

function resumeTimes(resumes: readonly number[]): readonly string[] {
  if (resumes.length === 0) return ['', ''];
  return [percentile(resumes, 0.99), Math.max(...resumes)].map((ms) => `${(ms / 1000).toFixed(1)} s`);
}

function totals(rows: readonly Row[]): readonly string[] {
  const sum = (read: (result: Result) => number) =>
    String(rows.reduce((total, { result }) => total + (result === undefined ? 0 : read(result)), 0));
  const counts = [sum(({ injected }) => injected), sum(({ lost }) => lost), sum(({ duplicated }) => duplicated)];
  return ['all', '', ...counts, sum(({ violations }) => violations.length)];
}
