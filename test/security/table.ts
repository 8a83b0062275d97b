import type { MutantResult } from './run-mutants.ts';
import { deviationsOf, type CaseResult } from './run-class.ts';

export interface ClassRow {
  readonly name: string;
  readonly results: readonly CaseResult[];
  readonly seconds: number;
}

const head = ['class', 'defences', 'cases', 'baselines that worked', 'successes', 'twins passed', 'seconds'];

/** One line for a case. */
export function renderCase(result: CaseResult): string {
  const wrong = deviationsOf(result);
  const mark = wrong.length === 0 ? 'held' : '✗   ';
  const line = `${mark}  ${result.id.padEnd(4)}${result.class}: ${result.name} (${result.ms.toFixed(0)} ms)`;
  return [line, ...wrong.map((text) => `      ${text}`)].join('\n');
}

/** The classes as columns for a terminal. */
export function renderTable(rows: readonly ClassRow[]): string {
  const lines = [head, ...rows.map(cells), totals(rows)];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const pad = (cell: string, column: number) => cell.padEnd(widths[column] ?? 0);
  return lines.map((line) => line.map(pad).join('  ').trimEnd()).join('\n');
}

/** The same as Markdown. */
export function renderMarkdown(rows: readonly ClassRow[]): string {
  const lines = [head, head.map(() => '---'), ...rows.map(cells), totals(rows)];
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
}

function cells({ name, results, seconds }: ClassRow): readonly string[] {
  const ids = [...new Set(results.map(({ id }) => id))].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
  return [name, ids.join(' '), ...counts(results), seconds.toFixed(1)];
}

function totals(rows: readonly ClassRow[]): readonly string[] {
  const seconds = rows.reduce((sum, row) => sum + row.seconds, 0);
  return ['all', '', ...counts(rows.flatMap(({ results }) => results)), seconds.toFixed(1)];
}

function counts(results: readonly CaseResult[]): readonly string[] {
  const count = (isIt: (result: CaseResult) => boolean) => String(results.filter(isIt).length);
  return [
    count(() => true),
    count(({ baseline }) => baseline === true),
    count(({ attack }) => attack !== false),
    count(({ twin }) => twin === true),
  ];
}

/** One line for a mutant. */
export function renderMutant({ id, file, find, class: name, caughtBy, brokenBy, seconds }: MutantResult): string {
  const mark = caughtBy !== undefined ? 'caught  ' : brokenBy !== undefined ? 'BROKE   ' : 'SURVIVED';
  const what = caughtBy ?? brokenBy;
  const by = what === undefined ? name : `${name}: ${what}`;
  return `${mark}  ${id.padEnd(4)}${file}: ${find.slice(0, 60).replaceAll('\n', ' ')} (${by}, ${seconds.toFixed(1)} s)`;
}

/** All of them for a document. */
export function renderMutants(results: readonly MutantResult[]): string {
  const rows = results.map(({ id, file, find, class: name, caughtBy, brokenBy }) => {
    const code = find.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');
    const missed = brokenBy === undefined ? '**survived**' : '**not known**: the class broke down';
    return `| ${id} | \`${file}\` | ${codeOf(code)} | ${caughtBy === undefined ? missed : `${name}: ${caughtBy.replaceAll('|', '\\|')}`} |`;
  });
  return ['| defence | file | switched off | caught by |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function codeOf(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}
