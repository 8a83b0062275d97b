import type { CheckRun, Proof, RedGreen, Refusal } from '../domain/index.ts';
import { codeCell, codeSpan, cutMiddle, fenced, visible } from '../markdown/index.ts';
import { describeRefusals } from '../refusals/index.ts';

export interface EvidenceOptions {
  readonly proof: Proof | undefined;
  /** Sentences about how it ran, beyond the proof's own. Plain text of ours. */
  readonly notes: readonly string[];
  /** Characters of output shown for each failing check; 0 shows none. */
  readonly outputLimit: number;
}

const longestTable = 100;
const longestNotes = 40;

/** What the host ran and how it ended, as tables; only what was measured is named. */
export function renderEvidence({ proof, notes, outputLimit }: EvidenceOptions): string {
  if (!proof)
    return ['Nothing was run on this change: it is unverified.', renderNotes(notes)].filter(Boolean).join('\n\n');
  const parts = [
    'Run by the host in a fresh sandbox, on the tree of this commit; not reported by the model.',
    renderChecks(proof),
    renderRedGreen(proof.redGreen),
    renderNotes([...proof.notes, ...notes]),
    ...proof.checks.filter(({ passed }) => !passed).map((check) => renderOutput(check, outputLimit)),
  ];
  return parts.filter(Boolean).join('\n\n');
}

/** What running the checks on one commit showed. `notes` are sentences of ours. */
export interface Report {
  readonly runs: readonly CheckRun[];
  readonly refusals: readonly Refusal[];
  readonly notes: readonly string[];
}

/** The same as Markdown without HTML. */
export function renderReport(sha: string, { runs, refusals, notes }: Report): string {
  const red = runs.filter(({ passed }) => !passed);
  const verdict = red.length === 0 ? '✓ Every check passes' : `✗ ${red.map(({ name }) => name).join(' and ')} failed`;
  const rows = runs.map((run) => checkRow(run).slice(1));
  return [
    runs.length === 0 ? 'No check was found to run; name some under `checks` in `.github/backend.yml`.' : '',
    runs.length === 0 ? '' : `${verdict} on ${codeSpan(sha.slice(0, 7))}, run by the host in a fresh sandbox.`,
    runs.length === 0 ? '' : table(['check', 'command', 'result', 'time'], rows),
    renderNotes([...notes, ...describeRefusals(refusals)]),
    ...red.map(
      ({ name, output }) =>
        `Output of the failing ${name}:\n\n${fenced(cutMiddle(withoutColours(output), reportOutput))}`,
    ),
  ]
    .filter(Boolean)
    .join('\n\n');
}

/** Characters of a failing check's output; a comment takes 65,536 in all. */
const reportOutput = 6_000;

function renderChecks({ baseSha, baseline, checks }: Proof): string {
  const base = codeCell(baseSha.slice(0, 7));
  const rows = [
    ...baseline.map((check) => checkRow(check, `before (${base})`)),
    ...checks.map((check) => checkRow(check, '**with the change**')),
  ];
  if (rows.length === 0) return 'There was no check to run.';
  return table(['on', 'check', 'command', 'result', 'time'], rows);
}

function checkRow({ name, command, passed, exitCode, durationMs }: CheckRun, phase = ''): string[] {
  const failure = exitCode === null ? '✗ stopped at its time limit' : `✗ fails (exit code ${exitCode})`;
  return [phase, name, codeCell(command), passed ? '✓ passes' : failure, renderDuration(durationMs)];
}

const outcomes = { fails: '✗ fails', passes: '✓ passes', 'not run': 'not run' } as const;

function renderRedGreen(redGreen: readonly RedGreen[]): string {
  if (redGreen.length === 0) return '';
  const rows = redGreen.map(({ path, base, head }) => [codeCell(path), outcomes[base], outcomes[head]]);
  return `**Red → green**: each new or changed test file, without and with the change\n\n${table(['test file', 'without', 'with'], rows)}`;
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const shown = rows.slice(0, longestTable);
  const lines = [header, header.map(() => '---'), ...shown].map((cells) => `| ${cells.join(' | ')} |`);
  const left = rows.length - shown.length;
  return left > 0 ? `${lines.join('\n')}\n\n… and ${left} more.` : lines.join('\n');
}

function renderNotes(notes: readonly string[]): string {
  const lines = notes.slice(0, longestNotes).map((note) => `- ${note}`);
  return notes.length > longestNotes
    ? [...lines, `- … and ${notes.length - longestNotes} more.`].join('\n')
    : lines.join('\n');
}

function renderOutput({ name, command, output }: CheckRun, limit: number): string {
  if (limit === 0) return '';
  const text = cutMiddle(withoutColours(output), limit);
  return `<details><summary>Output of the failing ${name}</summary>\n\n${codeSpan(command)}\n\n${fenced(text)}\n\n</details>`;
}

/** Terminal colours are noise in a browser; the other control characters go as well. */
export function withoutColours(output: string): string {
  return visible(output.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, ''));
}

export function renderDuration(durationMs: number): string {
  const seconds = durationMs / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}
